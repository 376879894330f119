"""The texts of the hub's scripts, translated on the page: browsers load no catalogue for them."""

from django.utils.translation import get_language, gettext
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
    _("1 new"),
    _("{count} new"),
    _("1 new notification"),
    _("{count} new notifications"),
    _("From while you were away."),
    _("{count} while you were away"),
    _("1 more notification"),
    _("{count} more notifications"),
    _("{count} more"),
    _("Warning:"),
    _("Important:"),
    _("Close: {title}"),
    _("Inbox"),
    _("Open the inbox"),
    _("Loading…"),
    _("The inbox could not be fetched. Please try again."),
    _("Inbox, {count} new"),
    _("Waiting for the first sample…"),
    _("No samples are coming in. The charts show the past."),
    _("Live, one sample a second from each process."),
    _("{name} (silent)"),
    _("Requests per second"),
    _("95th percentile of the latency over {seconds} seconds"),
    _("{what} in the last five minutes: now {now}, at most {most}"),
]


def browser_texts() -> dict[str, str]:
    """The translations of BROWSER_TEXTS into the page's language that differ from the texts."""
    if (get_language() or "en").partition("-")[0] == "en":
        return {}
    translated = {text: gettext(text) for text in BROWSER_TEXTS}
    return {text: other for text, other in translated.items() if other != text}
