"""What the README tells people to type works against a real server."""

import asyncio
import json
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.server import ROOT, environment
from tests.rig.stack import Stack
from tests.rig.wait import PATIENCE

FIRST = 0.3  # seconds between the first two orders
SLOWER = 1.1  # the shop must not be sold out before a slow program has heard enough


@pytest.fixture(scope="module")
def ana(shared_embedded: Stack) -> Shopper:
    return Shopper(shared_embedded.url, "ana")


def test_the_test_client_of_the_readme(
    shared_embedded: Stack, ana: Shopper, tmp_path: Path
) -> None:
    stack = shared_embedded
    readme = (ROOT / "README.md").read_text()
    found = re.search(r"^## A test client\n.*?^```python\n(.*?)^```", readme, re.M | re.S)
    assert found, "the README has a block of Python under 'A test client'"
    assert len([line for line in found[1].splitlines() if line.strip()]) <= 15
    program = tmp_path / "client.py"
    program.write_text(found[1])
    ticket = stack.manage("hub_ticket", "ana", "--quiet").strip()
    output = while_ordering(ana, [str(program), stack.server.ws_url, ticket], {})
    assert output.strip() == "We have your order"


def test_hub_tail_prints_the_events_of_a_user(shared_embedded: Stack, ana: Shopper) -> None:
    url = shared_embedded.server.ws_url
    options = ["--user", "ana", "--url", url, "--count", "2"]
    output = while_ordering(ana, ["manage.py", "hub_tail", *options], shared_embedded.env)
    lines = output.splitlines()
    assert len(lines) == 2
    assert all("order.received" in line and "We have your order" in line for line in lines)


def test_hub_tail_prints_whole_frames_of_a_topic(shared_embedded: Stack, ana: Shopper) -> None:
    url = shared_embedded.server.ws_url
    page = ana.get("/products/mug/").text
    topic = re.search(r"product\.\d+\.page", page)[0]
    # Two: the look at the page above is counted a moment later, and that is an event of it, too.
    options = [topic, "--url", url, "--json", "--count", "2"]
    output = while_ordering(ana, ["manage.py", "hub_tail", *options], shared_embedded.env)
    frames = [json.loads(line) for line in output.splitlines()]
    assert [frame["topic"] for frame in frames] == [topic, topic]
    assert "product.changed" in {frame["type"] for frame in frames}


def test_hub_tail_explains_the_form_of_a_topic(shared_embedded: Stack) -> None:
    with pytest.raises(AssertionError, match="CommandError"):
        shared_embedded.manage("hub_tail", "NO TOPIC")


async def test_hub_ticket_opens_a_socket(shared_embedded: Stack) -> None:
    stack = shared_embedded
    output = await asyncio.to_thread(stack.manage, "hub_ticket", "admin")
    hello = next(line.strip() for line in output.splitlines() if line.strip().startswith("{"))
    assert "python -m websockets ws://" in output
    async with Listener(stack.server.ws_url, ticket=json.loads(hello)["ticket"]) as listener:
        assert listener.welcome["user"]["name"] == "admin"
        assert "staff" in listener.welcome["topics"]


def test_hub_ticket_reports_an_unknown_user(shared_embedded: Stack) -> None:
    with pytest.raises(AssertionError, match="there is no user 'nobody'"):
        shared_embedded.manage("hub_ticket", "nobody")


def while_ordering(buyer: Shopper, program: Sequence[str], env: dict[str, str]) -> str:
    """What a program printed that ends once it has heard enough of orders placed meanwhile."""
    ended = threading.Event()
    with subprocess.Popen(
        [sys.executable, *program],
        cwd=ROOT,
        env=environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

        def order() -> None:
            pause = FIRST
            while not ended.wait(pause):
                assert buyer.order("mug").status == 302
                pause *= SLOWER

        ordering = threading.Thread(target=order)
        ordering.start()
        try:
            output, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            ended.set()
            ordering.join()
    assert process.returncode == 0, errors
    return output
