"""Two servers on PostgreSQL without Redis: NOTIFY carries what they tell each other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.end_to_end.test_serverless import heard
from tests.rig import pgbouncer as rig_pgbouncer
from tests.rig import report
from tests.rig.pgbouncer import PgBouncer
from tests.rig.postgres import PostgresServer
from tests.rig.rounds import rounds
from tests.rig.stack import Stack, cluster_stack, in_thread
from tests.rig.template import Template
from tests.rig.wait import async_wait_until
from tests.stress.proxy import Proxy

pytestmark = pytest.mark.alone

PROMPT = 0.2  # seconds: a server that only polls, four times a second, is later in one of a burst
BURST = 10
DELIVERED = 4.0  # seconds without hints
SILENT, WORKS = "NOTIFY is silent", "NOTIFY works again"


@pytest.fixture(scope="module")
def notifying(template: Template, postgres_server: PostgresServer) -> Iterator[Stack]:
    with cluster_stack(template, postgres_server, None) as stack:
        yield stack


@contextlib.asynccontextmanager
async def buyer_and_listener(stack: Stack) -> AsyncIterator[tuple[Shopper, Listener]]:
    """Somebody at the first server, and their socket at the second."""
    ana = await asyncio.to_thread(Shopper, stack.url, "ana")
    async with Listener(stack.servers[1].ws_url, cookie=ana.cookie) as listener:
        yield ana, listener


async def slowest(ana: Shopper, listener: Listener, count: int) -> float:
    latencies = []
    for _ in range(count):
        answer = await asyncio.to_thread(ana.order, "notebook")
        assert answer.status == 302, answer
        known = len(listener.events())
        await listener.expect("order.received")
        latencies += [one.latency for one in listener.events()[known - 1 :]]
    return max(latencies)


async def is_prompt(ana: Shopper, listener: Listener) -> None:
    for took in rounds(PROMPT):
        took(await slowest(ana, listener, BURST))


async def logged(stack: Stack, text: str, known: int) -> None:
    """Every server has written this more often than before."""
    await async_wait_until(
        lambda: all(server.log().count(text) > known for server in stack.servers),
        what=lambda: f"{text} in {[server.log() for server in stack.servers]}",
    )


async def test_an_event_of_one_server_is_prompt_at_the_other(notifying: Stack) -> None:
    async with buyer_and_listener(notifying) as (ana, listener):
        await is_prompt(ana, listener)
    assert not any(SILENT in server.log() for server in notifying.servers)
    assert "ok       hints: PostgreSQL's NOTIFY, heard after" in await asyncio.to_thread(
        notifying.manage, "hub_doctor"
    )


async def test_ephemeral_events_of_a_command_reach_a_server(notifying: Stack) -> None:
    assert (await heard(notifying))[-2:] == [501, 502]


async def test_a_server_listens_again_after_its_session_was_ended(notifying: Stack) -> None:
    known = notifying.server.log().count(WORKS)
    async with buyer_and_listener(notifying) as (ana, listener):
        with psycopg.connect(notifying.env["DATABASE_URL"], autocommit=True) as session:
            ended = session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN hub%'"
            )
            assert len(ended.fetchall()) == 2
        assert await slowest(ana, listener, 1) <= DELIVERED
        await logged(notifying, WORKS, known)
        await is_prompt(ana, listener)


async def test_while_its_session_is_silent_a_server_polls_and_then_takes_another(
    template: Template, postgres_server: PostgresServer
) -> None:
    async with Proxy(postgres_server.port) as proxy, contextlib.AsyncExitStack() as leaving:
        made = cluster_stack(template, postgres_server, None, hints_port=proxy.port)
        stack = await leaving.enter_async_context(in_thread(made))
        async with buyer_and_listener(stack) as (ana, listener):
            await is_prompt(ana, listener)
            for link in tuple(proxy.links):
                link.stall()  # further ones go through
            assert await slowest(ana, listener, 3) <= DELIVERED
            await logged(stack, SILENT, 0)
            await logged(stack, WORKS, 0)
            await is_prompt(ana, listener)


@pytest.mark.parametrize("direct", [True, False])
async def test_a_transaction_pooler_is_passed_by_or_found_out(
    template: Template, postgres_server: PostgresServer, direct: bool
) -> None:
    if rig_pgbouncer.find() is None:
        report.lack("servers", "no pgbouncer: install the system's package")
    hints_port = postgres_server.port if direct else None
    with (
        PgBouncer(postgres_server) as bouncer,
        cluster_stack(
            *(template, postgres_server, None),
            postgres_port=bouncer.port,
            hints_port=hints_port,
        ) as stack,
    ):
        async with buyer_and_listener(stack) as (ana, listener):
            if direct:
                await is_prompt(ana, listener)
            else:
                await logged(stack, SILENT, 0)
                assert await slowest(ana, listener, 3) <= DELIVERED
        found = await asyncio.to_thread(stack.manage, "hub_doctor")
        assert ("NOTIFY, heard after" in found) is direct
        assert ("HINTS_URL" in found) is not direct
        assert any(SILENT in server.log() for server in stack.servers) is not direct
