"""An account: which address is whose, and what a changed or deleted account tells."""

from collections.abc import Collection
from typing import Any

from hub.identity import is_newer_hash
from hub.topics import user_topic
from orders import addresses
from orders.announcement import NOTHING, Addressed, Announcement, Letter, Subscription
from orders.errors import EmailTaken
from orders.events import (
    AccountDeleted,
    AccountUpdated,
    AccountWelcome,
    AddressChanged,
    AddressConfirmation,
    CustomerDeleted,
)
from orders.models import User
from orders.rows import lock_row, read_row, recall, remember, writes
from orders.topics import NEWS, STAFF

# A change of one of these is told to the user; the hub follows the rights by itself.
ACCOUNT_FIELDS = ("username", "first_name", "last_name", "email", "password")
USER_FIELDS = (*ACCOUNT_FIELDS, "confirmed_email", "wants_news", "is_staff")


def remember_account(user: User, using: str, update_fields: Collection[str] | None) -> None:
    """Before a save that may write one of USER_FIELDS."""
    written = writes(update_fields, USER_FIELDS)
    remember(user, lock_row(user, USER_FIELDS, using) if written else None)


def check_email(user: User, using: str, update_fields: Collection[str] | None) -> None:
    """Raise EmailTaken where a save would give the user an address that somebody else confirmed."""
    for field in ("email", "confirmed_email"):
        address = getattr(user, field)
        if address and writes(update_fields, (field,)):
            holders = User.objects.using(using).with_email(address)
            if holders.exclude(pk=user.pk).exists():
                raise EmailTaken


def change(
    user: User, created: bool, using: str, update_fields: Collection[str] | None, *, raw: bool
) -> Announcement:
    """What a saved account tells. A fixture (`raw`) asks nobody to confirm an address."""
    before = recall(user)
    facts = _facts(user)
    if created:
        wanted = ((STAFF, user.is_staff), (NEWS, user.wants_news))
        return Announcement(
            [(AccountWelcome(**facts), user_topic(user.pk))],
            subscriptions=[
                Subscription(user.pk, topic, on=True) for topic, is_wanted in wanted if is_wanted
            ],
            letters=[] if raw else _letters(user, {"email": user.email}, ""),
        )
    if before is None:
        return NOTHING
    changed = _changes(user, before, using)
    if is_newer_hash(user, update_fields):
        changed.pop("password", None)
    events: list[Addressed] = []
    if changed.keys() & set(ACCOUNT_FIELDS):
        events.append((AccountUpdated(**facts), user_topic(user.pk)))
    topics = (("wants_news", NEWS), ("is_staff", STAFF))
    return Announcement(
        events,
        subscriptions=[
            Subscription(user.pk, topic, on=changed[one]) for one, topic in topics if one in changed
        ],
        letters=_letters(user, changed, before["confirmed_email"]),
        confirmed=[user] if "confirmed_email" in changed else (),
    )


def _letters(user: User, changed: dict[str, Any], confirmed: str) -> list[Letter]:
    """The link for an address that nobody has confirmed, and the word to the one before."""
    letters = []
    address = changed.get("email")
    if address and address != user.confirmed_email and addresses.take_turn(user, address):
        letters.append(Letter(address, AddressConfirmation(user=user.pk, address=address), user))
    if confirmed and "confirmed_email" in changed:
        letters.append(Letter(confirmed, AddressChanged(user=user.pk), user))
    return letters


def _changes(user: User, before: dict[str, Any], using: str) -> dict[str, Any]:
    """What the save changed, by field, with the new values."""
    after = read_row(user, USER_FIELDS, using)
    return {name: after[name] for name in USER_FIELDS if before[name] != after[name]}


def remember_removed(user: User, using: str) -> None:
    """Before a deletion, which Django also announces of an account that is gone already."""
    remember(user, lock_row(user, ("pk",), using))


def last_email(user: User, using: str) -> tuple[AccountDeleted, User] | None:
    """The email that confirms a deletion, and the stored user: the instance may be stale.

    None where another transaction has deleted the account already.
    """
    stored = User.objects.using(using).filter(pk=user.pk).first()
    return None if stored is None else (AccountDeleted(**_facts(stored)), stored)


def deletion(user: User) -> Announcement:
    """What a deleted account tells, unless its deletion was told elsewhere."""
    if recall(user) is None:
        return NOTHING
    facts = _facts(user)
    return Announcement(
        [
            (AccountDeleted(**facts), user_topic(user.pk)),
            (CustomerDeleted(**facts), STAFF),
        ]
    )


def _facts(user: User) -> dict[str, Any]:
    return {"user": user.pk, "name": user.display_name}
