"""A page from the back/forward cache, which drivers of browsers switch off unless told otherwise.

A visitor's: pages of users are `no-store`, and browsers do not keep them.
"""

from playwright.sync_api import expect

from tests.frontend.browsing import drop_price, visit, wait_until_live
from tests.rig import browser as rig_browser
from tests.rig import report


def test_a_page_comes_back_as_it_was_live_and_with_what_happened_meanwhile(browser_type, embedded):
    program = rig_browser.find(whole=True) or report.lack("browser", "no Chromium with windows")
    browser = browser_type.launch(
        ignore_default_args=["--disable-back-forward-cache"], **rig_browser.launch_options(program)
    )
    context = browser.new_context(base_url=embedded.url)
    # Chromium drops a kept page whose SharedWorker no page on screen uses: a second tab does.
    visit(context.new_page(), "/")
    page = context.new_page()
    visit(page, "/products/teapot/")
    page.evaluate("""() => {
      window.mark = "kept";
      addEventListener("pageshow", ({ persisted }) => { window.persisted = persisted; });
    }""")
    visit(page, "/products/lamp/")
    price = drop_price(embedded)
    page.go_back(wait_until="commit")
    wait_until_live(page)
    assert page.evaluate("[window.mark, window.persisted]") == ["kept", True]
    expect(page.locator("[data-live=price]")).to_have_text(price)
    browser.close()
