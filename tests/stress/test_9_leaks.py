"""Scenario 9, first part: nobody gets what is not theirs, by any way, in any state."""

import asyncio
import json
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from tests.end_to_end.shopper import Shopper
from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import Violation
from tests.stress.scale import rng, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import System

PEOPLE = scaled(10, 24)  # and a visitor
ROUNDS = scaled(1, 4)
CASES = scaled(1_000, 10_000)
TOPICS = 127  # of each hello: all that a connection may ask for, with the fence
KINDS = 8  # topics of each kind that somebody may hear: a reply gives at most 100 events
# What a person is and has. Who is inactive, or asks with the cookie of a session that is over, is
# a visitor, whatever rights the account has.
OVER = ("logged out", "expired")
STATES = [[], ["staff"], ["permission"], ["staff", "permission"], ["group"]]
STATES += [["inactive"], ["inactive", "staff", "permission"]]
STATES += [["logged out", "staff", "permission"], ["expired", "staff", "group"]]
FENCE = "open.fence"


class Somebody(NamedTuple):
    """Who asks, and what an independent reading of the rules lets them hear.

    `pk` 0 is a visitor without any cookie. `ticket`: asks with it instead of the cookie.
    """

    pk: int
    has: Sequence[str]
    cookie: str = ""
    ticket: str | None = None

    @property
    def signed_in(self) -> bool:
        return bool(self.pk) and not {"inactive", *OVER} & {*self.has}

    @property
    def own(self) -> set[str]:
        """What the inbox holds."""
        if not self.signed_in:
            return set()
        return {f"user.{self.pk}", *(["staff"] if "staff" in self.has else [])}

    def may(self, topic: str, products: Sequence[int]) -> bool:
        has = self.has if self.signed_in else []
        room, _, rest = topic.partition(".")
        if room == "user":
            return topic in self.own
        if room == "product":
            return any(rest in (f"{key}", f"{key}.page") for key in products)
        if room in ("staff", "metrics"):
            return "staff" in has and not rest
        if room == "secret":
            return "permission" in has or "group" in has
        return room == "open" or topic == "news"


async def test_nobody_gets_what_is_not_theirs(system: System) -> None:
    chance = rng("s9")
    people = await system.control(0, "people", prefix="s9", count=PEOPLE)
    keys = [person["pk"] for person in people]
    products = [
        await system.control(0, "product", slug=f"s9-{number}", pieces=1)
        for number in range(KINDS // 2)
    ]
    topics = topics_of(keys, products)
    cases = with_ticket = visitors = 0
    for turn in range(ROUNDS):
        crowd = await cast(system, keys, chance)
        await one_round(system, f"s9-{turn}", crowd, topics, products)
        cases += len(crowd) * len(topics)
        with_ticket += sum(one.ticket is not None for one in crowd)
        visitors += sum(not one.signed_in for one in crowd)
    text = "person x topic x state cases without a leak, each by five ways"
    table.show("9", text, cases, f"{CASES}")
    table.show("9", "of these people with a ticket, not signed in", f"{with_ticket}, {visitors}")
    assert cases >= CASES and with_ticket and visitors


async def cast(system: System, keys: Sequence[int], chance: Random) -> list[Somebody]:
    """Every state occurs, each time with other people; every other one who can has a ticket."""
    states = [STATES[number % len(STATES)] for number in range(len(keys))]
    chance.shuffle(states)
    parts = {str(pk): has for pk, has in zip(keys, states, strict=True)}
    await system.control(0, "cast", parts=parts)
    ends = {pk: next((end for end in OVER if end in has), "") for pk, has in parts.items()}
    given = await system.control(0, "sign_in", ends=ends)
    crowd = [Somebody(int(pk), has, given[pk]["cookie"]) for pk, has in parts.items()]
    for index in [index for index, one in enumerate(crowd) if one.signed_in][::2]:
        crowd[index] = crowd[index]._replace(ticket=given[str(crowd[index].pk)]["ticket"])
    return [*crowd, Somebody(0, [])]


def topics_of(keys: Sequence[int], products: Sequence[int]) -> list[str]:
    topics = [f"user.{pk}" for pk in keys]
    topics += [f"product.{key}{end}" for key in products for end in ("", ".page")]
    topics += [f"{room}.{number}" for room in ("open", "secret") for number in range(KINDS)]
    topics += ["staff", "metrics", "news", "nothing", "product.x", f"product.{products[0]}.x"]
    strange = ("user.{}", "product.{}", "product.{}.page", "staff.{}", "metrics.{}", "nothing.{}")
    missing = TOPICS - len(topics)
    return topics + [strange[n % len(strange)].format(999_000 + n) for n in range(missing)]


async def one_round(
    system: System, name: str, crowd: Sequence[Somebody], topics: list[str], products: list[int]
) -> None:
    """Every person and topic by hello, live, replay, subscribing and the inbox."""
    await system.settled()
    report = await system.control(0, "report")
    before = {"epoch": report["epoch"], "position": report["position"]}
    urls = [server.ws_url for server in system.servers]

    def clients(asked: Sequence[str], resume: dict[str, Any] | None = None) -> list[Client]:
        return [
            Client(
                urls[index % 2],
                [*asked, FENCE],
                ticket=one.ticket,
                cookie="" if one.ticket else one.cookie,
                resume=dict(resume) if resume else None,
            )
            for index, one in enumerate(crowd)
        ]

    def expect(way: str, somebody: Somebody, given: set[str]) -> None:
        allowed = {topic for topic in topics if somebody.may(topic, products)}
        differ(way, somebody, given & set(topics), allowed)

    async with swarm(clients(topics)) as live:
        await system.control(0, "state", topics=[*topics, FENCE], prefix=name)
        await heard_fence(live, name, len(topics))
        for one, somebody in zip(live, crowd, strict=True):
            expect("hello", somebody, set(one.welcome["pages"]))
            expect("live", somebody, heard(one))
    async with swarm(clients(topics, before)) as again:
        await heard_fence(again, name, len(topics))
        for one, somebody in zip(again, crowd, strict=True):
            expect("replay", somebody, heard(one))
    async with swarm(clients([])) as later:
        for one, somebody in zip(later, crowd, strict=True):
            reply = await one.ask("subscribe", topics, since=before["position"])
            own = set(one.welcome["topics"])  # come in the stream, not in the reply
            expect("subscribe", somebody, {event["topic"] for event in reply["events"]} | own)
            expect("granted", somebody, set(reply["topics"]))
    for somebody in crowd:
        now, ever = await inbox(system, somebody, name)
        differ("inbox", somebody, now, somebody.own & set(topics))
        differ("inbox of earlier", somebody, ever - somebody.own, set())


def heard(client: Client) -> set[str]:
    return {event.topic for event in client.handed}


async def heard_fence(clients: list[Client], name: str, index: int) -> None:
    key = f"{name}-{index}"
    await reached(clients, lambda one: any(event.key == key for event in one.handed), 10)


async def inbox(system: System, somebody: Somebody, name: str) -> tuple[set[str], set[str]]:
    """The topics in it: of this round's facts, and all. Who is not signed in is refused."""
    shopper = Shopper(system.servers[0].url)
    if somebody.cookie:
        shopper.cookies = dict([somebody.cookie.split("=")])
    answer = await asyncio.to_thread(shopper.get, "/api/notifications?limit=100")
    if not somebody.signed_in:
        if answer.status != 401:
            raise Violation(f"inbox, {somebody.pk} {somebody.has}: {answer}")
        return set(), set()
    assert answer.status == 200, answer
    items = json.loads(answer.text)["items"]
    now = [item for item in items if item["data"].get("fact", "").startswith(f"{name}-")]
    return {item["topic"] for item in now}, {item["topic"] for item in items}


def differ(way: str, somebody: Somebody, given: set[str], allowed: set[str]) -> None:
    if given != allowed:
        raise Violation(
            f"{way}, {somebody.pk} {somebody.has}: too much {given - allowed}, "
            f"missing {allowed - given}"
        )
