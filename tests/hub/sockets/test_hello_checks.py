"""Hellos that wait at the same moment: checked together, and still each for itself."""

import asyncio

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub import log
from hub.errors import PolicyHangs
from hub.identity import tickets
from hub.identity.authentication import (
    Arrival,
    Authentication,
    Credentials,
    authenticate,
    issue_ticket,
)
from hub.identity.tickets import TicketInvalid
from hub.policy import Policy
from hub.sockets.hello_checks import MAX_ROUND_TRIPS, HelloChecks
from tests.hub.site import (
    Site,
    SitePolicy,
    expire_session,
    make_person,
    sign_in,
    take_away,
)
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

VISITOR = Credentials()


class ManyPolicy(SitePolicy):
    """Answers for many at once, by names of topics alone; raises for `open.bad`."""

    def __init__(self):
        self.asked_many = 0
        self.error = ValueError("a bug")

    def refusals(self, user, topics):
        if "open.bad" in topics:
            raise self.error
        return super().refusals(user, topics)

    def refusals_many(self, wanted):
        self.asked_many += 1
        return [set(self.refusals(user, topics)) for user, topics in wanted]


class Threads:
    """Stands for PolicyThreads, and lets work begin when `gate` is set."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.sizes = []

    async def run(self, work, policy, arrivals):
        self.sizes.append(len(arrivals))
        await self.gate.wait()
        return await asyncio.to_thread(_closing, work, policy, arrivals)


def _closing(work, *args):
    try:
        return work(*args)
    finally:
        connection.close()


@pytest.fixture
def threads():
    return Threads()


async def check_all(checks, threads, arrivals):
    """The answers to hellos that all wait at the same moment, errors among them."""
    asked = [asyncio.ensure_future(checks.check(one)) for one in arrivals]
    await asyncio.sleep(0)
    threads.gate.set()
    async with asyncio.timeout(PATIENCE):
        found = await asyncio.gather(*asked, return_exceptions=True)
    await checks.close()
    return found


def statements(arrivals):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        found = authenticate(Policy(), arrivals)
    assert all(one.user is not None for one in found)
    return len(captured)


@pytest.mark.parametrize("by", ["cookie", "ticket"])
def test_many_take_as_many_statements_as_one(by):
    arrivals = []
    for n in range(20):
        user = make_person(f"user{n}")
        key = sign_in(user)
        ticket = issue_ticket(user, key, log.state().head)
        one = Credentials(session_key=key) if by == "cookie" else Credentials(ticket=ticket)
        arrivals.append(Arrival(one, ["news"], 0))
    assert statements(arrivals) == statements(arrivals[:1]) <= 5


async def test_a_hundred_hellos_take_few_round_trips(threads):
    checks = HelloChecks(Policy(), threads)
    found = await check_all(checks, threads, [Arrival(VISITOR, ["news"], 0)] * 100)
    assert all(one.refused == {"news": "forbidden"} for one in found)
    assert len(threads.sizes) <= MAX_ROUND_TRIPS


async def test_each_gets_the_answer_to_its_own_hello(site: Site, threads):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    of_ana, of_ben = await site.run(sign_in, ana), await site.run(sign_in, ben)
    ended = await site.run(sign_in, ben)
    gone = await site.run(issue_ticket, ben, ended, 0)
    await site.run(expire_session, ended)
    arrivals = [
        Arrival(VISITOR, ["staff", "gone.1"], 0),
        Arrival(Credentials(session_key=of_ana), [], 0),
        Arrival(Credentials(ticket=gone), [], 0),
        Arrival(Credentials(session_key=of_ben), ["open.1"], 0),
        Arrival(Credentials(session_key=ended), [], 0),
    ]
    policy = ManyPolicy()
    found = await check_all(HelloChecks(policy, threads), threads, arrivals)
    assert policy.asked_many
    assert isinstance(found[2], TicketInvalid)
    answers = [one for one in found if isinstance(one, Authentication)]
    assert [one.user and one.user.name for one in answers] == [None, "ana", "ben", None]
    assert answers[0].refused == {"staff": "forbidden", "gone.1": "unknown_topic"}


async def test_a_log_out_ends_the_tickets_of_its_session_alone(site: Site):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    keys = [await site.run(sign_in, one) for one in (ana, ana, ben)]
    made = [
        await site.run(issue_ticket, one, key, 0)
        for one, key in zip((ana, ana, ben), keys, strict=True)
    ]
    await site.connect()
    await site.run(take_away, ana, "logout", made[0].session)
    await site.followed()
    arrivals = [Arrival(Credentials(ticket=one), [], 0) for one in made]
    found = await site.run(authenticate, Policy(), arrivals)
    assert [isinstance(one, TicketInvalid) for one in found] == [True, False, False]
    later = tickets.Ticket(made[0].user, 10_000, made[0].session, made[0].auth)
    both = [Arrival(Credentials(ticket=one), [], 0) for one in (made[1], later)]
    found = await site.run(authenticate, Policy(), both)
    assert not any(isinstance(one, TicketInvalid) for one in found), "it was issued afterwards"


@pytest.mark.parametrize("error", [ValueError("a bug"), PolicyHangs("for one of them")])
async def test_what_one_hello_causes_turns_no_other_away(threads, error):
    policy = ManyPolicy()
    policy.error = error
    arrivals = [Arrival(VISITOR, [topic], 0) for topic in ("open.1", "open.bad", "open.2")]
    found = await check_all(HelloChecks(policy, threads), threads, arrivals)
    assert found[1] is error
    assert [one.refused for one in (found[0], found[2])] == [{}, {}]


async def test_after_a_policy_hung_for_many_each_is_checked_alone(threads):
    policy = ManyPolicy()
    policy.error = PolicyHangs("for one of them")
    checks = HelloChecks(policy, threads)
    await check_all(checks, threads, [Arrival(VISITOR, ["open.bad"], 0)] * 4)
    before = policy.asked_many
    found = await check_all(checks, threads, [Arrival(VISITOR, ["open.1"], 0)] * 9)
    assert all(isinstance(one, Authentication) for one in found)
    assert (policy.asked_many, threads.sizes[-9:]) == (before, [1] * 9)


async def test_a_policy_that_answers_for_one_is_asked_for_each_alone(threads):
    found = await check_all(
        HelloChecks(SitePolicy(), threads), threads, [Arrival(VISITOR, ["open.1"], 0)] * 5
    )
    assert threads.sizes == [1] * 5
    assert all(isinstance(one, Authentication) for one in found)


async def test_a_client_that_left_is_not_checked(threads):
    checks = HelloChecks(Policy(), threads)
    arrival = Arrival(VISITOR, [], 0)
    busy = []
    for n in range(MAX_ROUND_TRIPS):
        busy.append(asyncio.ensure_future(checks.check(arrival)))
        async with asyncio.timeout(PATIENCE):
            while len(threads.sizes) == n:
                await asyncio.sleep(0)
    left = asyncio.ensure_future(checks.check(arrival))
    await asyncio.sleep(0)
    left.cancel()
    threads.gate.set()
    assert len(await asyncio.gather(*busy)) == MAX_ROUND_TRIPS
    assert sum(threads.sizes) == MAX_ROUND_TRIPS
    await checks.close()
