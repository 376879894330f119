"""The dashboard's hour and day survive the end of the server."""

import json

from tests.end_to_end.shopper import Shopper
from tests.rig.stack import Stack
from tests.rig.wait import wait_until


def test_what_was_measured_before_a_restart_is_still_there(embedded: Stack) -> None:
    admin, ana = Shopper(embedded.url, "admin"), Shopper(embedded.url, "ana")
    before = requests_of(admin, "hour")
    for _ in range(20):
        ana.get("/")
    embedded.server.terminate()
    embedded.server.start()
    embedded.server.wait_ready()
    # The last ten seconds are shown when they are over.
    wait_until(lambda: requests_of(admin, "hour") >= before + 20, what="the hour before")
    history = "/dashboard/history?window="
    assert ana.get(f"{history}hour").status == 403
    assert Shopper(embedded.url).get(f"{history}hour").status == 302
    assert admin.get(f"{history}week").status == 404


def requests_of(admin: Shopper, window: str) -> float:
    columns = json.loads(admin.get(f"/dashboard/history?window={window}").text)
    return sum(columns["rate"]) * columns["seconds"]
