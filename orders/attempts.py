"""Limits guesses of passwords, by account and by address. Only failures count.

An attempt is stored before the password is checked, and removed when it succeeds. So attempts that
run at once count each other. One that is refused at once is not stored: whoever goes on after a
refusal holds up nobody else. Nobody can lock an account: beyond SLOW_ABOVE failures it takes one
attempt per SLOW_STEP, except from browsers in which its user has logged in before, and its sessions
stay.
"""

import datetime
import logging
import math
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from hub.identity import address_of_request
from orders.known_browsers import number_of
from orders.models import PasswordAttempt

logger = logging.getLogger("orders.attempts")

WINDOW = datetime.timedelta(minutes=5)
PER_ACCOUNT_AND_ADDRESS = 10  # failures per WINDOW
PER_ADDRESS = 100  # failures per WINDOW
KEPT = datetime.timedelta(hours=1)
SLOW_ABOVE = 50  # failures of an account within KEPT, from all addresses
SLOW_STEP = datetime.timedelta(seconds=5)
SIGN_UPS = 30  # accounts made from one address within KEPT: each sends an email to anybody
_SIGNED_UP = "sign-up"  # in place of an account's digest


class TooManyAttempts(Exception):
    """The password was not checked. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many attempts, try again in {retry_after} s")
        self.retry_after = retry_after


class AttemptLimit:
    """An authentication backend that comes first, counts attempts and knows no user.

    So every log-in is limited, the admin's included. It has no other method of a backend.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, **credentials: Any
    ) -> None:
        if request is not None and username is not None:
            request.password_attempt = begin(request, username)

    async def aauthenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        await sync_to_async(self.authenticate)(request, **credentials)


def begin(request: HttpRequest, account: str = "") -> PasswordAttempt | None:
    """Count an attempt. Raises TooManyAttempts; then the password must not be checked.

    Without an account, for a sign-up, only the address counts, with the accounts that were made
    from it. None where neither is known.
    """
    now, address = timezone.now(), address_of_request(request) or ""
    if not account and not address:
        return None
    number = number_of(request, account) if account else ""
    attempt = PasswordAttempt(account=_digest(account, number), address=address, at=now)
    _refuse(attempt)
    PasswordAttempt.objects.filter(at__lte=now - KEPT).delete()
    attempt.save()
    try:
        _refuse(attempt)  # those that came at the same time
    except TooManyAttempts:
        attempt.delete()
        raise
    return attempt


def _refuse(attempt: PasswordAttempt) -> None:
    wait = _wait(attempt)
    if wait > datetime.timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        place = attempt.address or "an unknown address"
        logger.warning("too many failed attempts from %s: refused for %d s", place, seconds)
        raise TooManyAttempts(seconds)


def forget(attempt: PasswordAttempt | None) -> None:
    """Stop counting an attempt that succeeded."""
    if attempt is not None:
        attempt.delete()


def signed_up(attempt: PasswordAttempt | None) -> None:
    """An account was made by this attempt: further ones of its address are counted."""
    if attempt is not None:
        attempt.account = _SIGNED_UP
        attempt.save(update_fields=["account"])


def _wait(attempt: PasswordAttempt) -> datetime.timedelta:
    """How long the attempt has to wait for earlier ones."""
    earlier = PasswordAttempt.objects.all()
    if attempt.pk is not None:
        earlier = earlier.filter(pk__lt=attempt.pk)
    waits = [datetime.timedelta(0)]
    if attempt.address:
        same = earlier.filter(address=attempt.address)
        failures = same.exclude(account=_SIGNED_UP)
        waits.append(_until_free(failures, PER_ADDRESS, WINDOW, attempt.at))
        if not attempt.account:
            made = same.filter(account=_SIGNED_UP)
            waits.append(_until_free(made, SIGN_UPS, KEPT, attempt.at))
    if attempt.address and attempt.account:
        same = same.filter(account=attempt.account)
        waits.append(_until_free(same, PER_ACCOUNT_AND_ADDRESS, WINDOW, attempt.at))
    if attempt.account:
        same = earlier.filter(account=attempt.account)
        if _until_free(same, SLOW_ABOVE, KEPT, attempt.at):
            waits.append(_until_free(same, 1, SLOW_STEP, attempt.at))
    return max(waits)


def _until_free(
    rows: QuerySet[PasswordAttempt], most: int, window: datetime.timedelta, now: datetime.datetime
) -> datetime.timedelta:
    """How long until fewer than `most` of these attempts lie within the window."""
    recent = rows.filter(at__gt=now - window).order_by("-at").values_list("at", flat=True)
    last = list(recent[most - 1 : most])
    return last[0] + window - now if last else datetime.timedelta(0)


def _digest(account: str, number: str = "") -> str:
    """A name as it is stored: it may be a password that was typed into the wrong field.

    `number`: of a browser that is known for the account.
    """
    if not account:
        return ""
    value = f"{account.lower()}\n{number}" if number else account.lower()
    return salted_hmac("orders.attempts", value, algorithm="sha256").hexdigest()[:32]
