"""From the answer that somebody got to the events of their request, and what became of these."""

import json
import re

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.stack import Stack
from tests.rig.wait import wait_until


async def test_the_id_of_a_response_leads_to_what_became_of_its_events(embedded: Stack) -> None:
    ana, admin = Shopper(embedded.url, "ana"), Shopper(embedded.url, "admin")
    async with Listener(embedded.server.ws_url, cookie=ana.cookie) as browser:
        answer = ana.order("mug")
        frame = await browser.expect("order.received")
    id = answer.request_id
    found = wait_until(
        lambda: re.findall(r'trace/(\d+)/">', admin.get(f"/dashboard/trace/?q={id}").text),
        what="the events of the request",
    )
    assert str(frame["id"]) in found and len(found) > 1
    assert ana.get(f"/dashboard/trace/?q={id}").status == 403
    life = admin.get(f"/dashboard/trace/{frame['id']}/").text
    assert "products/&lt;slug:slug&gt;/order" in life and id in life
    number = frame["data"]["number"]
    assert f'trace/{frame["id"]}/">' in admin.get(f"/dashboard/trace/?q={number}").text
    for told in (json.dumps(frame), ana.get("/api/notifications").text, ana.get("/inbox/").text):
        assert id not in told and "slug:slug" not in told
