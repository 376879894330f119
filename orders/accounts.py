"""An account: which address is whose, and what a changed or deleted account tells."""

from collections.abc import Collection
from typing import Any

from hub.topics import user_topic
from orders.announcement import NOTHING, Addressed, Announcement, Revocation, Subscription
from orders.errors import EmailTaken
from orders.events import AccountDeleted, AccountUpdated, AccountWelcome, CustomerDeleted
from orders.models import User
from orders.rows import lock_row, read_row, recall, remember, writes
from orders.topics import NEWS, STAFF

# A change of one of these is told to the user; the rights have announcements of their own.
ACCOUNT_FIELDS = ("username", "first_name", "last_name", "email", "password")
USER_FIELDS = (*ACCOUNT_FIELDS, "wants_news", "is_staff", "is_superuser", "is_active")


def remember_account(user: User, using: str, update_fields: Collection[str] | None) -> None:
    """Before a save that may write one of USER_FIELDS."""
    written = writes(update_fields, USER_FIELDS)
    remember(user, lock_row(user, USER_FIELDS, using) if written else None)


def check_email(user: User, using: str, update_fields: Collection[str] | None) -> None:
    """Raise EmailTaken where a save would give the user somebody else's address."""
    if user.email and writes(update_fields, ("email",)):
        holders = User.objects.using(using).with_email(user.email)
        if holders.exclude(pk=user.pk).exists():
            raise EmailTaken


def change(user: User, created: bool, using: str) -> Announcement:
    """What a saved account tells."""
    before = recall(user)
    facts = _facts(user)
    if created:
        wanted = ((STAFF, user.is_staff), (NEWS, user.wants_news))
        return Announcement(
            [(AccountWelcome(**facts), user_topic(user.pk))],
            subscriptions=[
                Subscription(user.pk, topic, on=True) for topic, is_wanted in wanted if is_wanted
            ],
        )
    if before is None:
        return NOTHING
    changed = _changes(user, before, using)
    events: list[Addressed] = []
    if changed.keys() & set(ACCOUNT_FIELDS):
        events.append((AccountUpdated(**facts), user_topic(user.pk)))
    topics = (("wants_news", NEWS), ("is_staff", STAFF))
    return Announcement(
        events,
        subscriptions=[
            Subscription(user.pk, topic, on=changed[one]) for one, topic in topics if one in changed
        ],
        revocations=[Revocation(user.pk, reason) for reason in _lost(changed)],
    )


def _changes(user: User, before: dict[str, Any], using: str) -> dict[str, Any]:
    """What the save changed, by field, with the new values. A newer hash is no new password."""
    after = read_row(user, USER_FIELDS, using)
    changed = {name: after[name] for name in USER_FIELDS if before[name] != after[name]}
    if user.is_upgrading_hash:
        changed.pop("password", None)
    return changed


def _lost(changed: dict[str, Any]) -> list[str]:
    """The reasons of the revocations that these changes call for, in their order."""
    reasons = {
        "staff": changed.get("is_staff") is False,
        # Gained as well: a policy may refuse what a superuser stands for.
        "permissions": "is_superuser" in changed,
        "password": "password" in changed,
        "deactivated": changed.get("is_active") is False,
    }
    return [reason for reason, applies in reasons.items() if applies]


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
        ],
        revocations=[Revocation(user.pk, "deleted")],
    )


def _facts(user: User) -> dict[str, Any]:
    return {"user": user.pk, "name": user.display_name}
