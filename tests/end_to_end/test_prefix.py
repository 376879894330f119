"""The site below a prefix, for proxies that keep it in the path and for those that strip it."""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.frontend.browsing import wait_until_live
from tests.rig.server import Software
from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template

expect = pytest.importorskip("playwright.sync_api").expect  # absent from requirements.txt

ROOT = "/shop"
BROKEN_PICTURES = "[...document.images].filter(one => one.complete && !one.naturalWidth).length"


@contextmanager
def below_prefix(template: Template, software: Software) -> Iterator[Stack]:
    options = ["--root-path", ROOT]
    with embedded_stack(template, software=software, options=options) as stack:
        yield stack


@pytest.fixture
def prefixed(template: Template) -> Iterator[Stack]:
    with below_prefix(template, "daphne") as stack:
        yield stack


def test_every_part_of_a_page_is_found_below_a_prefix(prefixed, browser_as) -> None:
    ana = browser_as(prefixed.server, "ana")
    elsewhere: list[str] = []
    ana.on("request", lambda request: elsewhere.append(request.url))
    ana.goto(f"{ROOT}/products/teapot/")
    wait_until_live(ana)
    assert ana.evaluate(BROKEN_PICTURES) == 0
    ana.get_by_role("button", name="Order").click()
    toast = ana.locator(".hub-toast", has_text="We have your order")
    number = re.compile(rf"{ROOT}/orders/\d{{4}}-\d{{6}}/$")
    expect(ana).to_have_url(number)
    expect(toast.get_by_role("link")).to_have_attribute("href", number)
    toast.get_by_role("link").click()
    expect(ana).to_have_url(number)
    ana.goto(f"{ROOT}/inbox/")
    ana.locator(".hub-item", has_text="Teapot").get_by_role("button").first.click()
    expect(ana).to_have_url(number)
    root = prefixed.url + ROOT + "/"
    assert [url for url in elsewhere if not url.startswith(root)] == []


def test_a_summary_of_missed_events_leads_to_the_inbox_below_the_prefix(
    prefixed, browser_as
) -> None:
    ana = browser_as(prefixed.server, "ana")
    ana.goto(f"{ROOT}/")
    assert (
        ana.evaluate("document.querySelector('[data-hub-inbox]').dataset.hubInbox")
        == f"{ROOT}/inbox/"
    )


@pytest.mark.parametrize("software", ["daphne", "uvicorn"])
async def test_a_proxy_may_strip_the_prefix(template, software) -> None:
    with below_prefix(template, software) as stack:
        visitor = Shopper(stack.url)
        page = visitor.get("/products/teapot/").text
        found = re.findall(r'(?:href|src|action|data-hub-[a-z]+)="(/[^"]*)"', page)
        assert found and all(path.startswith(f"{ROOT}/") for path in found), found
        picture = next(path for path in found if "/media/" in path)
        for path in (picture, f"{ROOT}/static/frontend/shop.css"):
            assert visitor.get(path.removeprefix(ROOT)).status == 200, path
        async with Listener(stack.server.ws_url) as listener:
            assert listener.welcome["op"] == "welcome"


@pytest.mark.parametrize("options", [[], ["--root-path", ROOT]])
def test_a_client_does_not_choose_the_prefix(template, options) -> None:
    """Daphne would take it from a header: every link and script of the page begins with it."""
    forged = {"Daphne-Root-Path": "//evil.example"}
    with embedded_stack(template, options=options) as stack:
        for path in ("/products/teapot/", "/accounts/login/", "/orders/", "/favicon.ico"):
            told = answered(stack.url, path, forged)
            assert "evil" not in told
            assert f"{ROOT if options else ''}/" in told


def answered(url: str, path: str, headers: dict[str, str]) -> str:
    """The text of an answer, and where it leads."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return f"{answer.headers['Location']} {answer.read().decode()}"
    finally:
        connection.close()
