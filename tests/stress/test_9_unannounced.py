"""Scenario 9, fourth part: rights that are lost without a word end within a minute."""

import asyncio
import time
from typing import Any

import psycopg
import pytest

from tests.rig.wait import async_wait_until
from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.scale import QUICK, scaled
from tests.stress.swarm import swarm
from tests.stress.system import Base, System, system_on

SECRET = "secret.s9"
GROUPS = "SELECT group_id FROM orders_user_groups WHERE user_id = %(pk)s"
# SQL that no model hears of -> what the socket sees: a close code, or the topic that it loses.
# Those with a group in them find the right in the person's group.
LOSSES: dict[str, int | str] = {
    "UPDATE orders_user SET is_active = false WHERE id = %(pk)s": 4510,
    "UPDATE orders_user SET password = 'another' WHERE id = %(pk)s": 4501,
    "UPDATE django_session SET expire_date = now() WHERE session_key = %(session)s": 4510,
    "UPDATE orders_user SET is_staff = false WHERE id = %(pk)s": "staff",
    "DELETE FROM orders_user_user_permissions WHERE user_id = %(pk)s": SECRET,
    "DELETE FROM orders_user_groups WHERE user_id = %(pk)s": SECRET,
    f"DELETE FROM auth_group_permissions WHERE group_id IN ({GROUPS})": SECRET,
}
EACH = scaled(1, 5)  # people a loss
WITHIN = 60.0  # seconds


@pytest.mark.skipif(QUICK, reason="it waits for a minute")
async def test_rights_that_are_lost_without_a_word_end_within_a_minute(base: Base) -> None:
    with (
        system_on(base.sibling(), servers=1, name="asked") as daphne,
        system_on(base.sibling(), servers=1, software="uvicorn", name="checked") as uvicorn,
    ):
        await asyncio.gather(lose(daphne), lose(uvicorn))


async def lose(system: System) -> None:
    """The servers have just started: nearly a whole minute passes until they check everybody."""
    (server,) = system.servers
    await leaks.warm(system, 0, EACH * len(LOSSES))
    before = await leaks.line_of(system, 0)
    made = await people_with_rights(system)
    clients = [Client(server.ws_url, [SECRET], cookie=person["cookie"]) for _, person in made]
    happened = [(one, sql) for one, (sql, _) in zip(clients, made, strict=True)]
    async with swarm(clients):
        assert all(one.welcome["pages"] and one.welcome["user"] for one in clients)
        await asyncio.to_thread(execute, system.base.database, made)
        lost = time.time()
        await async_wait_until(
            lambda: all(one.lost_at(LOSSES[sql]) for one, sql in happened),
            WITHIN + 5,
            lambda: f"an effect of { {s for one, s in happened if not one.lost_at(LOSSES[s])} }",
        )
        await system.control(0, "state", topics=["staff", SECRET], prefix="s9u")
        await system.settled()
        for one, sql in happened:
            topic = "staff" if LOSSES[sql] == "staff" else SECRET
            assert topic not in {event.topic for event in one.handed}, sql
    seen = max(one.lost_at(LOSSES[sql]) - lost for one, sql in happened)
    text = f"{server.software}: raw SQL and expired sessions, slowest"
    table.show("9", text, table.seconds(seen), f"{WITHIN:g} s")
    assert seen <= WITHIN
    await leaks.check(system, 0, before)


async def people_with_rights(system: System) -> list[tuple[str, dict[str, Any]]]:
    people = await system.control(0, "people", prefix="s9u", count=EACH * len(LOSSES))
    made = list(zip(list(LOSSES) * EACH, people, strict=True))
    parts = {
        str(person["pk"]): ["staff", "group" if "group" in sql else "permission"]
        for sql, person in made
    }
    await system.control(0, "cast", parts=parts)
    await system.settled()
    return made


def execute(database: str, made: list[tuple[str, dict[str, Any]]]) -> None:
    with psycopg.connect(database) as session:
        for sql, person in made:
            key = person["cookie"].partition("=")[2]
            changed = session.execute(sql, {"pk": person["pk"], "session": key})
            assert changed.rowcount, sql
