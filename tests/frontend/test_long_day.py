"""A day of 20,000 events on an open page leaves its memory and its elements bounded."""

import pytest
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


@pytest.mark.parametrize("path", ["/", "/inbox/"])
def test_a_long_day(shared_embedded, browser_as, path):
    who = new_user(shared_embedded)
    page = browser_as(shared_embedded, who, toasts_stay=False)
    visit(page, path)
    tools = page.context.new_cdp_session(page)

    def measure():
        """Elements, and bytes of the heap after its garbage was collected."""
        tools.send("HeapProfiler.collectGarbage")
        tools.send("Performance.enable")
        found = {
            one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]
        }
        return page.evaluate("document.querySelectorAll('*').length"), found["JSHeapUsedSize"]

    def hear(start, end):
        shared_embedded.python(PUBLISH.format(who=who, start=start, end=end))
        last = f"2026-{end - 1:06}"
        wait_until(lambda: page.evaluate("window.newest") == last, what=f"event {last}")

    page.evaluate(LISTEN)
    hear(0, 1_000)
    if path == "/inbox/":
        expect(page.locator(".hub-item")).to_have_count(20)
    elements, heap = measure()
    hear(1_000, EVENTS)
    later_elements, later_heap = measure()
    expect(page.locator(".hub-bell .hub-badge")).to_have_text("99+")
    assert later_elements <= elements + 50
    assert later_heap <= heap + 2 * MIB
