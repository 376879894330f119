"""The site behind a real nginx or Caddy with TLS, and what the doctor says of a wrong one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig import front as rig_front
from tests.rig import report
from tests.rig.front import Front
from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template


class Behind(NamedTuple):
    stack: Stack
    front: Front


@contextmanager
def behind(software: rig_front.Software, template: Template) -> Iterator[Behind]:
    """The shop, told of a proxy that is not started yet."""
    if rig_front.find(software) is None:
        report.lack("servers", f"no {software}: install the system's package")
    with Front(software) as front:
        env = {
            "SITE_URL": front.url,
            "TRUSTED_PROXIES": "127.0.0.1",
            "SSL_CERT_FILE": str(front.certificate.path),  # for the commands
        }
        with embedded_stack(template, env=env) as stack:
            yield Behind(stack, front)


@pytest.mark.parametrize("software", ["nginx", "caddy"])
async def test_pages_and_sockets_pass_and_so_does_the_goodbye(
    software: rig_front.Software, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    with behind(software, template) as (stack, front):
        monkeypatch.setenv("SSL_CERT_FILE", str(front.certificate.path))
        front.start(stack.server.port)
        ana = await asyncio.to_thread(Shopper, front.url, "ana")
        async with Listener(front.ws_url, cookie=ana.cookie) as first:
            assert (await asyncio.to_thread(ana.order, "mug")).status == 302
            heard = await first.expect("order.received")
        assert (await asyncio.to_thread(ana.order, "teapot")).status == 302
        cursor = {"epoch": first.welcome["epoch"], "position": heard["id"]}
        async with Listener(front.ws_url, cookie=ana.cookie, resume=cursor) as second:
            assert (await second.expect("order.received"))["id"] > heard["id"]
            report = await asyncio.to_thread(stack.manage, "hub_doctor", "--url", front.url)
            assert "warning" not in report and "is open and answers" in report
            await asyncio.to_thread(stack.server.terminate)
            assert (await second.hear("goodbye"))["code"] == 4012
            assert await second.closed() == 4012
            report = await asyncio.to_thread(_complaint, stack, front.url)
            assert "answers 502 Bad Gateway" in report


@pytest.fixture(scope="module")
def lacking(template: Template) -> Iterator[Behind]:
    with behind("nginx", template) as made:
        yield made


@pytest.mark.parametrize(
    ("without", "told"),
    [
        ("Upgrade", "answers 404 instead of opening a socket"),
        ("proxy_set_header Host", "the proxy replaces Host: the server is asked for shop"),
        ("X-Forwarded-Proto", "the proxy sends no X-Forwarded-Proto"),
        ("X-Forwarded-For", "the proxy sends no X-Forwarded-For"),
    ],
)
def test_the_doctor_names_the_line_that_a_proxy_lacks(
    lacking: Behind, without: str, told: str
) -> None:
    lacking.front.start(lacking.stack.server.port, without=without)
    try:
        report = _complaint(lacking.stack, lacking.front.url)
    finally:
        lacking.front.stop()
    assert told in report
    assert without.rpartition(" ")[2] in report.partition(told)[2]


def test_the_doctor_names_a_proxy_that_is_not_declared(template: Template) -> None:
    with Front("nginx") as front, embedded_stack(template) as stack:
        front.start(stack.server.port)
        trusted = Stack("embedded", {**stack.env, "SSL_CERT_FILE": str(front.certificate.path)})
        report = _complaint(trusted, front.url)
    assert "X-Forwarded-Proto arrives, but 127.0.0.1 is not trusted with it" in report
    assert "is closed with 4503" in report


@pytest.mark.parametrize("url", ["shop.example", "ftp://shop.example", "https://"])
def test_an_address_that_is_none_is_refused(shared_embedded: Stack, url: str) -> None:
    assert "--url wants https://host" in _complaint(shared_embedded, url)


def _complaint(stack: Stack, url: str) -> str:
    """What the doctor prints where it finds something, and how it ends."""
    try:
        return stack.manage("hub_doctor", "--url", url)
    except AssertionError as error:
        return str(error)
