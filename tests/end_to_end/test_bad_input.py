"""Whatever comes in over HTTP or the socket is answered, and harms nobody else."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.end_to_end.listener import Frame, Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template

pytestmark = pytest.mark.once

KIB = 1024
HELLO: Frame = {"op": "hello"}
REFUSED_ORDERS = [
    ("teapot", "0", "Order at least one piece."),
    ("teapot", "-1", "Order at least one piece."),
    ("teapot", str(10**9), "Only 40 pieces are left, and you asked for 1,000,000,000."),
    ("teapot", "9" * 400, "Only 40 pieces are left, and you asked for far more."),
    ("teapot", "abc", "Enter a whole number, such as 2."),
    ("teapot", "1.5", "Enter a whole number, such as 2."),
    ("teapot", "\x00", "Enter a whole number, such as 2."),
    ("teapot", "", "Enter how many pieces you want."),
    ("lamp", "4", "Only 3 pieces are left, and you asked for 4."),
    ("chair", "1", "This product is sold out. Watch it to hear when it is back."),
]
FACTS = """
from orders.models import Order, Inventory
from hub.models import Event
print(Order.objects.count(), Event.objects.count(),
      list(Inventory.objects.order_by("pk").values_list("quantity", flat=True)))
"""


@pytest.fixture(scope="module", params=["daphne", "uvicorn", "gunicorn"])
def stack(request: pytest.FixtureRequest, template: Template) -> Iterator[Stack]:
    """One system on each server software; at its end, its log must have no error."""
    pytest.importorskip(request.param)  # two of them are absent from requirements.txt
    with embedded_stack(template, software=request.param) as made:
        yield made


@pytest.fixture(scope="module")
def ana(stack: Stack) -> Shopper:
    return Shopper(stack.url, "ana")


# HTTP


def test_a_refused_order_says_why_and_changes_nothing(stack: Stack, ana: Shopper) -> None:
    before = stack.python(FACTS)
    for slug, quantity, message in REFUSED_ORDERS:
        answer = ana.order(slug, quantity)
        assert answer.status == 422, quantity
        assert 'name="quantity"' in answer.text, "the form comes again"
        assert message in visible(answer.text), quantity
    assert stack.python(FACTS) == before


def test_other_wrong_requests_are_refused(stack: Stack, ana: Shopper) -> None:
    visitor = Shopper(stack.url)
    away = visitor.order("teapot", 2)
    assert away.status == 302 and away.location.startswith("/accounts/login/?next=")
    assert ana.order("no-such-thing").status == 404
    assert ana.get("/products/teapot/order").location == "/products/teapot/"
    assert ana.get("/orders/2026-999999/").status == 404
    forged = Shopper(stack.url)
    forged.cookies = {**ana.cookies, "csrftoken": "x" * 32}
    ana_token = ana.cookies["csrftoken"]
    answer = forged.post("/products/teapot/order", quantity=1, csrfmiddlewaretoken=ana_token)
    assert answer.status == 403


# The socket


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(["{"], id="malformed"),
        pytest.param(["[" * 30_000], id="deep"),
        pytest.param(["null"], id="no-object"),
        pytest.param([b"\x00\xff"], id="binary"),
        pytest.param([{"op": "subscribe", "topics": ["news"]}], id="before-hello"),
        pytest.param([{"op": "pong", "position": 1}], id="pong-before-hello"),
        pytest.param([HELLO, HELLO], id="second-hello"),
        pytest.param([HELLO, {"op": "subscribe", "topics": "news"}], id="wrong-type"),
        pytest.param([HELLO, "x" * (65 * KIB)], id="65-KiB"),
    ],
)
async def test_a_frame_outside_the_protocol_is_closed_with_4500(
    stack: Stack, ana: Shopper, frames: list[Any]
) -> None:
    async with (
        Listener(stack.server.ws_url, cookie=ana.cookie) as neighbour,
        Listener(stack.server.ws_url, greets=False) as listener,
    ):
        for frame in frames:
            await listener.say(frame)
        goodbye = await listener.hear("goodbye")
        assert (goodbye["code"], goodbye["reason"]) == (4500, "protocol")
        assert goodbye["reconnect"] is False
        assert await listener.closed() == 4500
        await undisturbed(neighbour)


async def test_far_too_large_a_frame_ends_only_its_own_socket(stack: Stack, ana: Shopper) -> None:
    async with (
        Listener(stack.server.ws_url, cookie=ana.cookie) as neighbour,
        Listener(stack.server.ws_url) as listener,
    ):
        with contextlib.suppress(ConnectionClosed):  # before it had read all of it
            await listener.say("x" * (2 * KIB * KIB))
        # The server software's own close, above 1 MiB: the hub never sees the frame. Daphne drops
        # the connection; a reset may overtake Uvicorn's close frame.
        assert await listener.closed() in {1006, 1009}
        await undisturbed(neighbour)


async def test_compressed_frames_are_not_agreed_to(stack: Stack) -> None:
    async with connect(stack.server.ws_url, compression="deflate") as socket:
        assert socket.protocol.extensions == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"op": "dance"}, "unknown_op"),
        ({"no": "op"}, "bad_request"),
        ({"op": "subscribe", "topics": []}, "bad_request"),
        ({"op": "subscribe", "topics": ["NOT a topic"]}, "bad_request"),
        ({"op": "subscribe", "topics": ["news"], "since": -1}, "bad_request"),
        ({"op": "subscribe", "topics": ["product.999999"]}, "unknown_topic"),
        ({"op": "subscribe", "topics": ["product." + "9" * 60]}, "unknown_topic"),
        ({"op": "pong"}, "bad_request"),
    ],
)
async def test_a_wrong_request_is_answered_and_the_socket_stays(
    stack: Stack, frame: Frame, code: str
) -> None:
    async with Listener(stack.server.ws_url) as listener:
        await listener.say({**frame, "ref": "wrong"})
        reply = await listener.hear("reply", ref="wrong")
        assert (reply["ok"], reply["error"]["code"]) == (False, code)
        assert reply["error"]["message"]
        await undisturbed(listener)


async def test_a_resume_that_cannot_be_says_so_and_starts_at_the_head(stack: Stack) -> None:
    async with Listener(stack.server.ws_url) as first:
        epoch, head = first.welcome["epoch"], first.welcome["head"]
    for resume, reason in [
        ({"epoch": "another", "position": head}, "epoch"),
        ({"epoch": epoch, "position": head + 1_000_000}, "ahead"),
        ({"epoch": epoch, "position": 2**63 - 1}, "ahead"),
    ]:
        async with Listener(stack.server.ws_url, resume=resume) as listener:
            welcome = listener.welcome
            assert (welcome["recovered"], welcome["reason"]) == (False, reason)
            assert (welcome["epoch"], welcome["position"]) == (epoch, head)


@pytest.mark.parametrize("ticket", ["", "rubbish", "a:b:c", "é\u0000"])
async def test_a_forged_ticket_is_closed_with_4501(stack: Stack, ticket: str) -> None:
    async with Listener(stack.server.ws_url, greets=False) as listener:
        await listener.say({**HELLO, "ticket": ticket})
        assert await listener.closed() == 4501


async def test_an_invalid_cookie_makes_an_anonymous_visitor(stack: Stack) -> None:
    for cookie in ("sessionid=rubbish", "sessionid=", "=;;=", 'sessionid="'):
        async with Listener(stack.server.ws_url, cookie=cookie) as listener:
            assert listener.welcome["user"] is None


async def test_a_flood_is_closed_with_4029(stack: Stack, ana: Shopper) -> None:
    async with (
        Listener(stack.server.ws_url, cookie=ana.cookie) as neighbour,
        Listener(stack.server.ws_url) as listener,
    ):
        with contextlib.suppress(ConnectionClosed):  # in the middle of it
            for _ in range(2_000):
                await listener.say({"op": "dance"})
                await asyncio.sleep(0)  # what the server says meanwhile is read
        assert await listener.closed() == 4029
        await undisturbed(neighbour)


async def test_after_all_of_it_events_flow_and_the_log_is_clean(stack: Stack, ana: Shopper) -> None:
    async with Listener(stack.server.ws_url, cookie=ana.cookie) as listener:
        placed = await asyncio.to_thread(ana.order, "teapot", 2)
        assert placed.status == 302
        await listener.expect("order.received", number=placed.location.split("/")[2])
    stack.server.assert_log_clean()


async def undisturbed(listener: Listener) -> None:
    """The socket is open, and answers."""
    reply = await listener.ask("subscribe", ["news"])
    assert reply["ok"] and listener.is_open


def visible(page: str) -> str:
    """What a page says, without its tags."""
    return unescape(re.sub(r"<[^>]+>", " ", page))
