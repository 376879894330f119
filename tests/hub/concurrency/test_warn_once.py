"""One log line per kind of warning."""

import logging

import msgspec
import pytest

from hub.concurrency import warn_once
from hub.concurrency.warn_once import WarnOnce
from hub.sockets import sender
from tests.hub.peer import Peer
from tests.hub.site import Site
from tests.rig.wait import async_wait_until

logger = logging.getLogger("test.warn_once")


def test_each_kind_is_logged_once_with_its_traceback(caplog):
    once = WarnOnce(logger)
    for n in range(3):
        once.warn("a", "first %d", n, error=LookupError("why"))
        once.warn("b", "second %d", n)
    assert [one.message for one in caplog.records] == ["first 0", "second 0"]
    assert "why" in caplog.text


def test_the_number_of_kinds_in_memory_is_bounded(caplog, monkeypatch):
    monkeypatch.setattr(warn_once, "MAX_KINDS", 3)
    once = WarnOnce(logger)
    for n in range(10):
        once.warn(str(n), "kind")
    assert len(caplog.records) == 3


class Broken(Peer):
    """Behind a middleware with a bug."""

    async def _send(self, event):
        if event["type"] == "websocket.send":
            raise TypeError("a bug in a middleware")


@pytest.mark.django_db(transaction=True)
async def test_an_error_of_a_middleware_is_logged_once_for_all_its_sockets(
    site: Site, monkeypatch, caplog
):
    monkeypatch.setattr(sender, "DISCONNECT_GRACE", 0.05)
    reported = []
    sockets = site.runtime.sockets

    def report(error):
        reported.append(error)
        sockets.report_unsent(error)

    site.runtime.sockets = msgspec.structs.replace(sockets, report_unsent=report)
    peers = [Broken(site, "open.1") for _ in range(3)]
    await async_wait_until(lambda: len(reported) == 3)
    told = [one for one in caplog.records if "cannot send to a client" in one.message]
    assert len(told) == 1
    assert "a bug in a middleware" in caplog.text
    for peer in peers:
        await peer.leave()
