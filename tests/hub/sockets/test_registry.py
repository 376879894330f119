"""How many sockets one process holds, and which one gives way."""

import pytest

from hub.identity.authentication import Identity
from hub.limits import Limits
from hub.sockets import registry
from hub.sockets.close_codes import LIMITS, SLOW
from hub.sockets.registry import ConnectionRegistry
from tests.hub.site import Site, make_person


class Served:
    """What the registry knows of a connection's driver."""

    def __init__(self, user=None, owes_pong=False):
        self.user, self.owes_pong = user, owes_pong
        self.unacknowledged = 0
        self.ended = None

    def beat(self, now):
        pass

    def end(self, code):
        self.ended = code


def identity(pk):
    return Identity(pk, f"user {pk}", None, None, "")


def connect(connections, one, address=None):
    """Whether a socket is let in, and its connection welcomed."""
    return connections.open(one.end, address) and connections.welcome(one.end, one)


def let_in(connections, count, **options):
    served = [Served(**options) for _ in range(count)]
    assert all(connect(connections, one) for one in served)
    return served


async def heartbeat(connections):
    await connections.beat(0.0)


async def test_a_process_has_a_limited_number_of_sockets_pending_ones_included():
    connections = ConnectionRegistry(Limits(sockets=3))
    let_in(connections, 2, user=identity(1))
    pending, late = Served(), Served()
    assert connections.open(pending.end, None)
    assert not connections.open(late.end, None)
    connections.leave(late.end, None)
    connections.leave(pending.end, None)
    assert connections.open(late.end, None)


async def test_visitors_have_a_share_and_leave_the_rest_to_users():
    connections = ConnectionRegistry(Limits(sockets=10, visitor_share=0.5))
    visitors = let_in(connections, 5)
    assert not connect(connections, Served())
    let_in(connections, 4, user=identity(1))
    connections.remove(visitors[0])
    assert connect(connections, Served())


@pytest.mark.parametrize("limits", [{"sockets": 4, "visitor_share": 1}, {"sockets": 5}])
async def test_the_oldest_silent_visitor_gives_way(limits):
    connections = ConnectionRegistry(Limits(**limits))
    visitors = let_in(connections, 4)
    visitors[1].owes_pong = visitors[2].owes_pong = True
    await heartbeat(connections)
    visitors[2].owes_pong = False  # it answers at the last moment
    assert connect(connections, Served())
    assert [one.ended for one in visitors] == [None, LIMITS, None, None]
    assert not connect(connections, Served())


async def test_a_signed_in_user_does_not_give_way_to_others():
    connections = ConnectionRegistry(Limits(sockets=1))
    (user,) = let_in(connections, 1, user=identity(1), owes_pong=True)
    await heartbeat(connections)
    assert not connect(connections, Served(identity(2)))
    assert user.ended is None


async def test_a_users_connection_that_owes_a_pong_gives_way_to_the_users_next():
    connections = ConnectionRegistry(Limits(connections=2))
    first, second = let_in(connections, 2, user=identity(1))
    assert not connect(connections, Served(identity(1)))
    second.owes_pong = True
    assert connect(connections, Served(identity(1)))
    assert (first.ended, second.ended) == (None, SLOW)


async def test_an_address_has_a_limited_number_of_sockets():
    connections = ConnectionRegistry(Limits(address_sockets=2))
    served = [Served() for _ in range(4)]
    assert [connections.open(one.end, "8.8.8.8") for one in served] == [True, True, False, False]
    assert connections.open(Served().end, "9.9.9.9")
    assert connections.open(Served().end, None)
    for one in served:
        connections.leave(one.end, "8.8.8.8")
    assert connections.open(Served().end, "8.8.8.8")


async def test_a_heartbeat_that_raises_ends_its_connection_and_no_other():
    connections = ConnectionRegistry(Limits())
    beaten = []

    class Broken(Served):
        def beat(self, now):
            raise LookupError("a bug")

        def fail(self, error):
            self.ended = str(error)

    class Beaten(Served):
        def beat(self, now):
            beaten.append(self)

    broken = Broken()
    for one in (Beaten(), broken, Beaten()):
        assert connect(connections, one)
    await heartbeat(connections)
    assert (broken.ended, len(beaten)) == ("a bug", 2)


# Through real sockets


@pytest.mark.django_db(transaction=True)
async def test_a_socket_beyond_the_limit_is_told_to_come_back(site: Site, settings, caplog):
    settings.HUB = {"SOCKETS": 2, "VISITOR_SHARE": 1.0}
    first, _ = await site.connect(), await site.connect()
    for _ in range(2):
        third = site.browser()
        await third.open()
        goodbye = await third.hear("goodbye")
        assert (goodbye["code"], goodbye["reason"]) == (4013, "limits")
        assert goodbye["retry_ms"] >= 10_000
    assert caplog.text.count("HUB['SOCKETS'] is reached") == 1
    await first.disconnect()
    site.forget(first)
    await site.connect()


@pytest.mark.django_db(transaction=True)
async def test_a_silent_visitor_gives_way_to_a_user(site: Site, settings, monkeypatch):
    monkeypatch.setattr(registry, "HEARTBEAT_INTERVAL", 0.02)
    settings.HUB = {"SOCKETS": 2, "VISITOR_SHARE": 1.0, "PING": 0.1}
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    await site.connect(ben, answers=False)
    silent = await site.connect(answers=False)
    await silent.hear("ping")
    assert (await site.connect(ana)).welcome["user"]["name"] == "ana"
    assert await silent.ended() == (4013, "limits")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("forwarded", [b"9.9.9.9", b"1.2.3.4, 9.9.9.9"])
async def test_an_address_behind_a_trusted_proxy_has_its_own_limit(site: Site, settings, forwarded):
    settings.HUB = {"ADDRESS_SOCKETS": 1}
    settings.TRUSTED_PROXIES = ["10.0.0.1"]

    def behind_the_proxy(address):
        browser = site.browser(headers=[(b"x-forwarded-for", address)])
        browser.scope["client"] = ("10.0.0.1", 4711)
        return browser

    first = behind_the_proxy(b"9.9.9.9")
    await first.connect()
    second = behind_the_proxy(forwarded)
    await second.open()
    assert await second.ended() == (4013, "limits")
    await behind_the_proxy(b"8.8.8.8").connect()
