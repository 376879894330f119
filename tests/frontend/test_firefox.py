"""What must hold in every browser, in a real Firefox."""

import pytest

from tests.frontend.browsing import drop_price
from tests.js.npm import NotInstalled
from tests.rig import firefox as rig
from tests.rig import report
from tests.rig.turnstile import Turnstile
from tests.rig.wait import wait_until

LIVE = "document.documentElement.dataset.hubState === 'live'"
TOASTS = "document.querySelectorAll('.hub-toast').length"
CLOSE = ".hub-toast-close"


@pytest.fixture
def firefox():
    program = rig.find()
    if program is None:
        report.lack("browser", "no Firefox on the path: install the package firefox-esr")
    try:
        driven = rig.Firefox(program)
    except NotInstalled as error:
        report.not_tested.add(f"Firefox: {error}")
        pytest.skip(str(error))
    with driven as started:
        yield started


@pytest.fixture
def turnstile(embedded):
    with Turnstile(embedded.url) as passage:
        yield passage


def log_in(firefox, url):
    tab = firefox.open(f"{url}/accounts/login/")
    firefox.fill(tab, "[name=username]", "ana")
    firefox.fill(tab, "[name=password]", "demo")
    firefox.submit(tab, "main form button")
    return tab


def test_tabs_of_a_firefox_share_a_socket_and_a_toast_that_is_closed_everywhere(
    firefox, turnstile, embedded
):
    tabs = [log_in(firefox, turnstile.url)]
    tabs += [firefox.open(turnstile.url) for _ in range(2)]
    for tab in tabs:
        wait_until(lambda tab=tab: firefox.evaluate(tab, LIVE), what="a live page")
    wait_until(lambda: turnstile.open == 1, what=lambda: f"one socket, {turnstile.open} are open")

    def toasts():
        return [firefox.evaluate(tab, TOASTS) for tab in tabs]

    drop_price(embedded)
    wait_until(lambda: sum(toasts()) == 1, what=lambda: f"one toast: {toasts()}")
    shown = tabs[toasts().index(1)]
    firefox.evaluate(shown, f"document.querySelector('{CLOSE}').click()")
    wait_until(lambda: sum(toasts()) == 0, what="no toast")
    # The network goes, and comes back: what was missed is told once.
    turnstile.is_down = True
    drop_price(embedded)
    wait_until(lambda: not firefox.evaluate(shown, LIVE), what="a lost connection")
    turnstile.is_down = False
    wait_until(lambda: sum(toasts()) == 1, what="the toast that was missed")
    # The inbox is in step with what another tab does.
    firefox.go(tabs[0], f"{turnstile.url}/inbox/")
    firefox.go(tabs[1], f"{turnstile.url}/inbox/")
    rows = "document.querySelectorAll('.hub-item').length"
    before = firefox.evaluate(tabs[0], rows)
    for tab in tabs[:2]:
        wait_until(lambda tab=tab: firefox.evaluate(tab, LIVE), what="a live page")
    firefox.evaluate(tabs[1], "document.querySelector('[data-action=archive]').click()")
    for tab in tabs[:2]:
        firefox.show(tab)  # a page that is hidden waits until it is shown
        wait_until(lambda tab=tab: firefox.evaluate(tab, rows) == before - 1, what="a row less")
