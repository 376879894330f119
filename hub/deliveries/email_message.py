"""Writes a letter as an email: text and HTML from templates, and the headers."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from hub.deliveries.means import Letter, Refused
from hub.deliveries.site import site_name, site_url
from hub.deliveries.unsubscribing import unsubscribe_path
from hub.events import event_types
from hub.inbox.preferences import security_types

DEFAULT_TEMPLATE = "hub/mail/event"  # for every type that has none of its own
DIGEST_TEMPLATE = "hub/mail/digest"
MAX_SUBJECT_LENGTH = 200  # characters


def write_mail(letter: Letter) -> EmailMultiAlternatives:
    """The finished email. Raises Refused if the address is not an email address."""
    type = letter.frame["type"]
    context = _context(letter) | {"unsubscribe": _unsubscribe_url(letter.person, {type})}
    return _email(letter, letter.frame["title"], _template(type), context)


def write_digest(letters: list[Letter]) -> EmailMultiAlternatives:
    """One email for several letters to a user, oldest first. Raises Refused as `write_mail`."""
    words = str(_("{count} new: {title}")).replace("{count}", str(len(letters)))
    title = words.replace("{title}", letters[-1].frame["title"])
    context = {
        "title": title,
        "letters": [_context(letter) for letter in reversed(letters)],
        "unsubscribe": _unsubscribe_url(letters[0].person, {one.frame["type"] for one in letters}),
        "site": site_name(),
        "site_url": site_url(),
    }
    return _email(letters[0], title, DIGEST_TEMPLATE, context)


def _email(
    letter: Letter, title: str, template: str, context: dict[str, Any]
) -> EmailMultiAlternatives:
    try:
        validate_email(letter.address)  # this also keeps line ends out of the header
    except ValidationError as error:
        raise Refused(f"{letter.address!r} is not an email address") from error
    email = EmailMultiAlternatives(
        subject=_subject(title),
        body=render_to_string(f"{template}.txt", context),
        to=[letter.address],
        headers=_headers(letter, context["unsubscribe"]),
    )
    email.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return email


def absolute(path: str | None) -> str:
    """The absolute URL of a path of this site; empty for no path."""
    return site_url() + path if path else ""


def message_id(reference: str) -> str:
    """The same for each attempt, so that mail programs can drop a repeat."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{reference}@{domain}>"


def _template(type: str) -> str:
    kind = event_types().get(type)
    return (kind.mail_template if kind is not None else "") or DEFAULT_TEMPLATE


def _subject(title: str) -> str:
    """The title on one line: users may have typed it, and a line end would begin a new header."""
    line = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    return line if len(line) <= MAX_SUBJECT_LENGTH else line[: MAX_SUBJECT_LENGTH - 1] + "…"


def _unsubscribe_url(person: str, types: set[str]) -> str:
    """Empty where nothing can be switched off: the account is gone, or this protects it."""
    if not person or types & security_types():
        return ""
    return absolute(unsubscribe_path(person, *sorted(types)))


def _headers(letter: Letter, unsubscribe: str) -> dict[str, str]:
    headers = {"Message-ID": message_id(letter.reference), "Auto-Submitted": "auto-generated"}
    if unsubscribe:  # RFC 2369 and, for one click in the mail program, RFC 8058
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _context(letter: Letter) -> dict[str, Any]:
    frame, site = letter.frame, site_url()
    return {
        "event": frame,
        "data": frame["data"],
        "name": letter.name,
        "link": absolute(frame["url"]),
        "image": absolute(frame.get("image")),
        "actions": [
            {"label": one["label"], "link": absolute(one["url"])}
            for one in frame.get("actions", ())
        ],
        "site": site_name(),
        "site_url": site,
    }
