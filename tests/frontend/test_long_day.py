"""A day of 20,000 events leaves the memory and the elements of open pages bounded."""

import functools

from playwright.sync_api import expect

from tests.frontend.browsing import new_user, visit
from tests.rig.wait import wait_until

EVENTS = 20_000
MIB = 1024 * 1024
PUBLISH = """
from django.db import transaction
from hub import publish_many
from hub.topics import user_topic
from orders.events import OrderReceived
from orders.models import User
topic = user_topic(User.objects.get(username="{who}").pk)
for start in range({start}, {end}, 1000):
    with transaction.atomic():
        publish_many(
            (OrderReceived(number=f"2026-{{n:06}}", product=1, name="Teapot", quantity=1,
                           unit_price="29.00"), topic)
            for n in range(start, min(start + 1000, {end}))
        )
"""
LISTEN = """() => document.addEventListener("hub:event", ({ detail }) => {
  if (detail.title) window.newest = detail.data.number;
})"""


def test_a_long_day(shared_embedded, browser_as):
    who = new_user(shared_embedded)
    page = browser_as(shared_embedded, who, toasts_stay=False)
    visit(page, "/")
    inbox = page.context.new_page()
    visit(inbox, "/inbox/")
    tabs = [page, inbox]
    tools = [tab.context.new_cdp_session(tab) for tab in tabs]

    def measure():
        """Of each tab: elements, and bytes of the heap after its garbage was collected."""
        return [measured(tab, tool) for tab, tool in zip(tabs, tools, strict=True)]

    def hear(start, end):
        shared_embedded.python(PUBLISH.format(who=who, start=start, end=end))
        last = f"2026-{end - 1:06}"
        for tab in tabs:
            wait_until(functools.partial(has_heard, tab, last), what=f"event {last}")
        expect(inbox.locator(".hub-item")).to_have_count(20)

    for tab in tabs:
        tab.evaluate(LISTEN)
    hear(0, 1_000)
    before = measure()
    hear(1_000, EVENTS)
    # The inbox was looked at all the time: nothing is left unseen.
    expect(page.locator(".hub-bell .hub-badge")).to_be_hidden()
    for (elements, heap), (later_elements, later_heap) in zip(before, measure(), strict=True):
        assert later_elements <= elements + 50
        assert later_heap <= heap + 2 * MIB


def has_heard(tab, number):
    return tab.evaluate("window.newest") == number


def measured(tab, tool):
    tool.send("HeapProfiler.collectGarbage")
    tool.send("Performance.enable")
    found = {one["name"]: one["value"] for one in tool.send("Performance.getMetrics")["metrics"]}
    return tab.evaluate("document.querySelectorAll('*').length"), found["JSHeapUsedSize"]
