"""Email addresses: which one is confirmed as the user's, and the links that are emailed for it.

A link is signed and names what it is for, so that it needs no row. Opening one changes nothing,
because programs open them, too: its page has a button.
"""

import datetime
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from hub.deliveries import deliver_to
from hub.identity import end_sessions
from orders.errors import EmailTaken, LinkOutdated
from orders.events import AddressConfirmation, PasswordReset
from orders.models import AddressPause, User

VALID = datetime.timedelta(days=7)  # of a link
FIRST_PAUSE = datetime.timedelta(minutes=5)  # between two links to one address; doubled each time
LONGEST_PAUSE = datetime.timedelta(days=1)
AT_ONCE = 5  # links that one account may have sent, to whatever addresses, before it has to pause
IDLE = datetime.timedelta(days=2)  # without a link, after which the pauses begin anew

_CONFIRM = "orders.confirm_address"
_END_SESSIONS = "orders.end_sessions"


def take_turn(user: User, address: str) -> bool:
    """Whether a link for this user may be emailed to this address now; if so, the next has to wait.

    Both wait: a user could otherwise have the site write to any number of strangers.
    """
    return _take((f"user:{user.pk}", AT_ONCE), (address, 1))


def _take(*keys: tuple[str, int]) -> bool:
    """Count a link for each key, unless one of them has to wait: after so many links, it does."""
    now = timezone.now()
    with transaction.atomic():
        AddressPause.objects.filter(until__lte=now - IDLE).delete()
        rows = [(_locked(key, now), at_once) for key, at_once in keys]
        if any(row.until > now for row, _ in rows):
            return False
        for row, at_once in rows:
            row.count += 1
            further = row.count - at_once
            pause = FIRST_PAUSE * 2 ** min(further, 16) if further >= 0 else datetime.timedelta(0)
            row.until = now + min(LONGEST_PAUSE, pause)
            row.save()
    return True


def _locked(key: str, now: datetime.datetime) -> AddressPause:
    digest = salted_hmac("orders.address", key.lower(), algorithm="sha256").hexdigest()[:32]
    rows = AddressPause.objects.select_for_update()
    row, _ = rows.get_or_create(address=digest, defaults={"until": now})
    return row


def ask_again(user: User) -> bool:
    """Email another link to confirm the user's address; False if one was sent a while ago."""
    with transaction.atomic():
        if user.email == user.confirmed_email or not take_turn(user, user.email):
            return False
        deliver_to(user.email, AddressConfirmation(user=user.pk, address=user.email), user)
    return True


def send_reset_link(address: str) -> None:
    """Email a link for a new password to the users whose confirmed address this is, if any."""
    users = User.objects.filter(confirmed_email__iexact=address, is_active=True)
    with transaction.atomic():
        for user in users.exclude(confirmed_email=""):
            if user.has_usable_password() and _take((f"reset:{user.pk}", 1)):
                deliver_to(user.confirmed_email, PasswordReset(user=user.pk), user)


def confirmation_path(user: Any, address: str) -> str:
    return reverse("confirm-address", args=[signing.dumps([user, address], salt=_CONFIRM)])


def end_sessions_path(user: Any) -> str:
    return reverse("end-sessions", args=[signing.dumps(user, salt=_END_SESSIONS)])


def reset_path(user: Any) -> str:
    """Of the page that takes a new password; empty for an account that is gone."""
    found = User.objects.filter(pk=user).first()
    if found is None:
        return ""
    uid = urlsafe_base64_encode(force_bytes(found.pk))
    return reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(found)])


def address_to_confirm(token: str) -> str:
    """The address that this link is for. Raises LinkOutdated."""
    return _pending(token).email


def confirm(token: str) -> User:
    """Confirm the address that this link is for. Raises LinkOutdated or EmailTaken.

    What waited for it goes out, and the last confirmed address is told (see `orders.accounts`).
    """
    with transaction.atomic():
        user = _pending(token, lock=True)
        if user.confirmed_email != user.email:
            user.confirmed_email = user.email
            try:
                with transaction.atomic():
                    user.save(update_fields=["confirmed_email"])
            except IntegrityError as error:  # another account confirmed it at the same moment
                raise EmailTaken from error
    return user


def user_of_session_link(token: str) -> User:
    """Whose sessions this link ends. Raises LinkOutdated."""
    user = User.objects.filter(pk=_read(token, _END_SESSIONS)).first()
    if user is None:
        raise LinkOutdated
    return user


def end_sessions_by_link(token: str) -> User:
    """End all sessions of the user whose link this is. Raises LinkOutdated."""
    user = user_of_session_link(token)
    end_sessions(user)
    return user


def _pending(token: str, *, lock: bool = False) -> User:
    """The user, if the link is for the address that their account has now."""
    key, address = _read(token, _CONFIRM)
    users = User.objects.select_for_update() if lock else User.objects
    user = users.filter(pk=key, email=address).first()
    if user is None:
        raise LinkOutdated
    return user


def _read(token: str, salt: str) -> Any:
    try:
        return signing.loads(token, salt=salt, max_age=VALID)
    except signing.BadSignature as error:
        raise LinkOutdated from error
