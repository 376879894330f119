"""The export to Prometheus, from a real server, read with Prometheus' own parser."""

import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template

parser = pytest.importorskip("prometheus_client.parser")  # absent from requirements.txt

GRAFANA = Path(__file__).resolve().parents[2] / "docs/grafana.json"
TOKEN = "a-long-random-token"
DURATION = "http_server_request_duration_seconds"
ROUTE = "products/<slug:slug>/"


@pytest.fixture(scope="module")
def stack(template: Template) -> Iterator[Stack]:
    with embedded_stack(template, env={"METRICS_TOKEN": TOKEN}) as stack:
        yield stack


def ask(stack: Stack, path: str = "/metrics", **headers: str) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection(urlsplit(stack.url).netloc, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as response:
            told = {name.lower(): value for name, value in response.getheaders()}
            return response.status, response.read().decode(), told
    finally:
        connection.close()


def scrape(stack: Stack) -> dict[str, list[tuple[dict[str, str], float]]]:
    """The values of each name, with their labels."""
    status, text, headers = ask(stack, Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in parser.text_string_to_metric_families(text):
        assert family.type in {"counter", "gauge", "histogram"}
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(values: list[tuple[dict[str, str], float]], **labels: str) -> float:
    return sum(number for have, number in values if labels.items() <= have.items())


@pytest.mark.parametrize("path", ["/metrics", "/hub/metrics"])
def test_who_may_read_the_figures(stack: Stack, path: str) -> None:
    status, text, headers = ask(stack, path)
    assert (status, headers["www-authenticate"].split()[0]) == (401, "Bearer")
    assert "http_" not in text
    assert ask(stack, path, Authorization="Bearer wrong")[0] == 401
    assert ask(stack, path, Authorization="Bearer ")[0] == 401
    assert ask(stack, path, Authorization=f"Basic {TOKEN}")[0] == 401
    assert ask(stack, f"{path}?token={TOKEN}")[0] == 401
    assert Shopper(stack.url, "ana").get(path).status == 403
    staff = Shopper(stack.url, "admin").get(path)
    assert (staff.status, "hub_ready" in staff.text) == (200, True)
    assert ask(stack, path, Authorization=f"bearer {TOKEN}")[0] == 200
    # Daphne logs the address that a client asks for, and this test asked for a wrong one.
    assert TOKEN not in stack.server.log().replace(f"?token={TOKEN}", "")


def test_requests_are_counted_by_method_route_and_status_in_cumulative_buckets(
    stack: Stack,
) -> None:
    before = scrape(stack)
    shopper = Shopper(stack.url)
    for _ in range(7):
        shopper.get("/products/teapot/")
    for number in range(3):
        shopper.get(f"/nowhere/{number}/")
    after = scrape(stack)
    labels = {"http_route": ROUTE, "http_request_method": "GET", "http_response_status_code": "200"}

    def grown(name: str, **labels: str) -> float:
        return value(after[name], **labels) - value(before.get(name, []), **labels)

    assert grown(f"{DURATION}_count", **labels) == 7
    assert grown(f"{DURATION}_count", http_route="unrouted", http_response_status_code="404") == 3
    assert grown(f"{DURATION}_count") == 10, "the scrape itself is not counted"
    assert grown(f"{DURATION}_bucket", **labels, le="+Inf") == 7
    counts = [
        number for have, number in after[f"{DURATION}_bucket"] if labels.items() <= have.items()
    ]
    assert counts == sorted(counts) and len(counts) == 15
    assert 0 < grown(f"{DURATION}_sum", **labels) < 7 * 60
    assert value(after["http_server_active_requests"]) == 0
    assert "nowhere" not in str(after)


async def test_the_hub_tells_what_its_sockets_were_sent_and_answered(stack: Stack) -> None:
    before = await sync_to_async(scrape)(stack)
    ana = Shopper(stack.url)
    await sync_to_async(ana.log_in)("ana")
    async with Listener(stack.server.ws_url, cookie=ana.cookie) as listener:
        answer = await sync_to_async(ana.order)("teapot")
        assert answer.status == 302
        await listener.expect("order.received")
    after = await sync_to_async(scrape)(stack)
    assert value(after["hub_welcomes_total"], outcome="complete") == (
        value(before.get("hub_welcomes_total", []), outcome="complete") + 1
    )
    assert value(after["hub_log_head"]) > value(before["hub_log_head"])
    assert value(after["hub_events_sent_total"]) > value(before["hub_events_sent_total"])


def test_the_figures_of_the_log_are_known(stack: Stack) -> None:
    found = scrape(stack)
    assert value(found["hub_database_up"]) == value(found["hub_ready"]) == 1
    assert value(found["hub_log_unnumbered_events"]) == 0
    assert {have["state"] for have, _ in found["hub_deliveries"]} == {
        "waiting",
        "sending",
        "failed",
    }
    processes = {have["process"] for have, _ in found["hub_connections"]}
    assert len(processes) == 1
    assert not any("process" in have for have, _ in found["hub_log_head"])


def test_the_grafana_dashboard_asks_for_what_is_exported(stack: Stack) -> None:
    Shopper(stack.url).get("/products/teapot/")
    known = set(scrape(stack)) | {"hub_welcomes_total", "hub_closes_total"}  # nothing yet: none
    asked = set(re.findall(r"\b(?:http_server|hub)_\w+(?=[{\[])", GRAFANA.read_text()))
    assert len(asked) > 10
    assert asked <= known


def test_each_answer_has_an_id_of_its_own(stack: Stack) -> None:
    ids = {ask(stack, path)[2]["x-request-id"] for path in ("/", "/", "/nowhere/", "/metrics")}
    assert len(ids) == 4
