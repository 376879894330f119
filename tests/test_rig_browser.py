"""The rig's browser: people are logged in, and what goes wrong in a page fails the test."""

from tests.rig.browser import Browsers
from tests.rig.stack import Stack
from tests.rig.wait import wait_until


def test_a_person_is_logged_in_the_browser(shared_embedded: Stack, browser_as: Browsers) -> None:
    page = browser_as(shared_embedded.server, "ana")
    assert page.get_attribute("[data-hub-page]", "data-hub-person")
    stranger = browser_as(shared_embedded.server)
    assert stranger.get_attribute("[data-hub-page]", "data-hub-person") == ""


def test_an_exception_in_a_page_is_a_complaint(
    shared_embedded: Stack, browser_as: Browsers
) -> None:
    page = browser_as(shared_embedded.server)
    page.evaluate("() => setTimeout(() => { throw new Error('seen by the test') })")
    page.evaluate("() => console.error('seen too')")
    wait_until(lambda: len(browser_as.complaints()) == 2)
    browser_as.allow("seen by the test", "seen too")
    assert not browser_as.complaints()
