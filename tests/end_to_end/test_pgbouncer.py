"""Everything through a real PgBouncer that pools transactions: no session belongs to anybody."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig import pgbouncer as rig_pgbouncer
from tests.rig import report
from tests.rig.pgbouncer import PgBouncer
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.stack import Stack, cluster_stack
from tests.rig.template import Template


@pytest.fixture
def bouncer(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    if rig_pgbouncer.find() is None:
        report.lack("servers", "no pgbouncer: install the system's package")
    with PgBouncer(postgres_server) as made:
        yield made


def test_migrations_and_commands_work_through_it(
    bouncer: PgBouncer, postgres_server: PostgresServer, tmp_path
) -> None:
    name = postgres_server.create_database()
    url = postgres_server.url(name, bouncer.port)
    secret = "only for tests on this machine, never for people"
    stack = Stack("cluster", {"HUB_VAR": str(tmp_path), "SECRET_KEY": secret, "DATABASE_URL": url})
    stack.manage("migrate", "--verbosity=0")
    stack.manage("seed_demo")
    stack.manage("hub_prune")
    assert "all applied" in stack.manage("hub_doctor")
    postgres_server.drop_database(name)


async def test_orders_toasts_and_emails_work_through_it(
    bouncer: PgBouncer,
    template: Template,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
) -> None:
    with cluster_stack(
        template, postgres_server, redis_server, postgres_port=bouncer.port
    ) as stack:
        ana = await asyncio.to_thread(Shopper, stack.url, "ana")
        other = stack.servers[1]
        async with Listener(other.ws_url, cookie=ana.cookie) as listener:
            placed = await asyncio.gather(
                *(asyncio.to_thread(ana.at(stack.url).order, "mug") for _ in range(20))
            )
            assert {answer.status for answer in placed} == {302}
            for _ in placed:
                await listener.expect("order.received")
        inbox = await asyncio.to_thread(ana.get, "/inbox/")
        assert inbox.status == 200 and "We have your order" in inbox.text
        mailed = await asyncio.to_thread(stack.manage, "hub_deliver", "--once")
        assert "20 sent" in mailed or "sent" in mailed
