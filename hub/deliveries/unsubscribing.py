"""The link in a mail that switches mails like it off, without logging in.

The signature names person and type and does not expire: old mails are read, too.
"""

from django.core import signing
from django.urls import reverse

SALT = "hub.unsubscribe"
ROUTE = "hub-unsubscribe"


def unsubscribe_path(person: str, type: str) -> str:
    """The path of the page, which the project's URLs name ROUTE."""
    return reverse(ROUTE, kwargs={"token": signing.dumps([person, type], salt=SALT)})


def read_token(token: str) -> tuple[str, str]:
    """Person and type; raises ValueError for what this site has not signed."""
    try:
        person, type = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise ValueError("not a link of this site") from error
    return person, type
