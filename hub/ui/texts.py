"""The texts of the hub's scripts, translated on the page: browsers load no catalogue for them."""

from collections.abc import Callable
from functools import cache
from typing import TypedDict

from django.utils.translation import get_language, gettext, ngettext, override
from django.utils.translation import gettext_noop as _

# As the scripts write them; `{name}` is replaced there.
BROWSER_TEXTS = [
    _("Connecting…"),
    _("Reconnecting…"),
    _("You are offline."),
    _("Last updated {time}."),
    _("Try now"),
    _("Live updates have stopped. Reload the page to start them again."),
    _("This account was deleted."),
    _("This account was deactivated."),
    _("You are logged out in this browser."),
    _("The password was changed. Please log in again."),
    _("This browser is now logged in as someone else, or logged out."),
    _("This session has ended."),
    _("Go to the first page"),
    _("Log in"),
    _("New notifications"),
    _("That did not work. Please try again."),
    _("You may have missed something"),
    _("This browser was away for too long to catch up. Everything is in the list."),
    _("From while you were away."),
    _("Warning:"),
    _("Important:"),
    _("Close: {title}"),
    _("Inbox"),
    _("Open the inbox"),
    _("Loading…"),
    _("The inbox could not be fetched. Please try again."),
    _("Waiting for the first sample…"),
    _("No samples are coming in. The charts show the past."),
    _("Live, one sample a second from each process."),
    _("{name} (silent)"),
    _("Requests per second"),
    _("95th percentile of the latency over {seconds} seconds"),
    _("{what} in the time shown: now {now}, at most {most}"),
    _("The past could not be fetched. Trying again."),
]
# Those that depend on a number.
BROWSER_COUNTS: list[Callable[[int], str]] = [
    lambda n: ngettext("{count} new", "{count} new", n),
    lambda n: ngettext("{count} new notification", "{count} new notifications", n),
    lambda n: ngettext("{count} while you were away", "{count} while you were away", n),
    lambda n: ngettext("{count} more notification", "{count} more notifications", n),
    lambda n: ngettext("{count} more", "{count} more", n),
    lambda n: ngettext("Inbox, {count} new", "Inbox, {count} new", n),
]
# Numbers after which every catalogue's rule repeats itself, as it looks at the last two digits.
PERIOD = 100


class Forms(TypedDict):
    """The forms of a text, and for each number from 0 on which it takes: a digit each.

    The last digit stands for the numbers up to 2 * PERIOD that follow as well.
    """

    forms: list[str]
    of: str


def browser_texts() -> dict[str, str | Forms]:
    """The translations of the texts into the page's language, by the text, or its singular.

    Without those that are as in English.
    """
    language = get_language() or "en"
    return {} if language.partition("-")[0] == "en" else _texts_in(language)


@cache  # a catalogue does not change while the process runs
def _texts_in(language: str) -> dict[str, str | Forms]:
    numbers = range(2 * PERIOD)
    with override(None):
        english = [(text(1), [text(n) for n in numbers]) for text in BROWSER_COUNTS]
    with override(language):
        texts: dict[str, str | Forms] = {text: gettext(text) for text in BROWSER_TEXTS}
        texts = {text: other for text, other in texts.items() if other != text}
        for (singular, plain), text in zip(english, BROWSER_COUNTS, strict=True):
            translated = [text(n) for n in numbers]
            if translated != plain:
                texts[singular] = _forms(translated)
    return texts


def _forms(translated: list[str]) -> Forms:
    forms = list(dict.fromkeys(translated))
    of = "".join(str(forms.index(one)) for one in translated)
    return {"forms": forms, "of": of.rstrip(of[-1]) + of[-1]}
