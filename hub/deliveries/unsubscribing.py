"""The link in an email that switches emails of its types off, without logging in.

The signature covers user and types and does not expire, because old emails are read, too.
"""

from django.core import signing
from django.urls import NoReverseMatch, reverse

SALT = "hub.unsubscribe"
ROUTE = "hub-unsubscribe"


def unsubscribe_path(person: str, *types: str) -> str:
    """The path of the page, for a user's key and the types that the email tells of.

    It is the project's own, which its URLs name ROUTE, else that of `hub.urls`. Raises
    NoReverseMatch where there is neither.
    """
    token = {"token": signing.dumps([person, *types], salt=SALT)}
    try:
        return reverse(ROUTE, kwargs=token)
    except NoReverseMatch:
        return reverse("hub:unsubscribe", kwargs=token)


def read_token(token: str) -> tuple[str, list[str]]:
    """The user's key and the types. Raises ValueError for a token that this site has not signed."""
    try:
        person, *types = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise ValueError("not a link of this site") from error
    return person, types
