"""Scenario 9, first part: nobody gets what is not theirs, by any way, in any state."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.end_to_end.shopper import Shopper
from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import Violation
from tests.stress.scale import rng, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import System

PEOPLE = scaled(11, 25)  # the last one is a visitor
ROUNDS = scaled(1, 5)
CASES = scaled(1_000, 10_000)
STATES = [[], ["staff"], ["permission"], ["staff", "permission"], ["inactive"]]
STATES += [["inactive", "staff", "permission"], ["group"]]
FENCE = "open.fence"


class Somebody:
    """A person or a visitor, and what an independent reading of the rules lets them hear."""

    def __init__(self, person: Mapping[str, Any] | None, has: Sequence[str]) -> None:
        self.signed_in = person is not None and "inactive" not in has
        self.pk = person["pk"] if person is not None else 0
        self.cookie = person["cookie"] if person is not None else ""
        self.has = has if self.signed_in else []

    def may(self, topic: str, products: Sequence[int]) -> bool:
        room, _, rest = topic.partition(".")
        if room == "user":
            return self.signed_in and rest == str(self.pk)
        if room == "product":
            return any(rest in (f"{key}", f"{key}.page") for key in products)
        if room in ("staff", "metrics"):
            return "staff" in self.has and not rest
        if room == "secret":
            return "permission" in self.has or "group" in self.has
        return room == "open" or topic == "news"


async def test_nobody_gets_what_is_not_theirs(system: System) -> None:
    chance = rng("s9")
    people = await system.control(0, "people", prefix="s9", count=PEOPLE - 1)
    products = [await system.control(0, "product", slug=f"s9-{n}", pieces=1) for n in range(3)]
    cases = 0
    for turn in range(ROUNDS):
        topics = topics_of(people, products, chance)
        parts = {str(person["pk"]): chance.choice(STATES) for person in people}
        await system.control(0, "cast", parts=parts)
        crowd = [Somebody(person, parts[str(person["pk"])]) for person in people]
        crowd.append(Somebody(None, []))
        cases += await one_round(system, f"s9-{turn}", crowd, topics, products)
    table.show("9", "person x topic x way cases without a leak", cases, f"{CASES}")
    assert cases >= CASES


def topics_of(people: Sequence[Any], products: Sequence[int], chance: Random) -> list[str]:
    own = [f"user.{person['pk']}" for person in chance.sample(people, 8)]
    shown = [f"product.{key}{end}" for key in products for end in ("", ".page")]
    strange = ["product.999999", "product.x", "user.999999", "staff.x", "nothing", "product.1.x"]
    return [*own, *shown, *strange, "staff", "metrics", "news", "open.a", "secret.a", "secret.b"]


async def one_round(
    system: System, name: str, crowd: Sequence[Somebody], topics: list[str], products: list[int]
) -> int:
    """Every person and topic by hello, live, replay, subscribing and the inbox; how many cases."""
    await system.settled()
    begin = (await system.control(0, "report"))["position"]
    epoch = (await system.control(0, "report"))["epoch"]
    before = {"epoch": epoch, "position": begin}
    urls = [server.ws_url for server in system.servers]

    def client(index: int, asked: Sequence[str], resume: dict[str, Any] | None) -> Client:
        cookie = crowd[index].cookie
        return Client(urls[index % 2], [*asked, FENCE], cookie=cookie, resume=resume)

    async with swarm([client(i, topics, None) for i in range(len(crowd))]) as live:
        await system.control(0, "state", topics=[*topics, FENCE], prefix=name)
        await heard_fence(live, name, len(topics))
        for one, somebody in zip(live, crowd, strict=True):
            granted = set(one.welcome["pages"]) - {FENCE}
            expect("hello", somebody, granted, topics, products)
            expect("live", somebody, heard(one, topics), topics, products)
    again = [client(i, topics, dict(before)) for i in range(len(crowd))]
    async with swarm(again):
        await heard_fence(again, name, len(topics))
        for one, somebody in zip(again, crowd, strict=True):
            expect("replay", somebody, heard(one, topics), topics, products)
    later = [client(i, [], None) for i in range(len(crowd))]
    async with swarm(later):
        for one, somebody in zip(later, crowd, strict=True):
            reply = await one.ask("subscribe", topics, since=begin)
            own = set(one.welcome["topics"])  # come in the stream, not in the reply
            given = {event["topic"] for event in reply["events"]} | (own & set(topics))
            expect("subscribe", somebody, given, topics, products)
    for somebody in crowd:
        if somebody.signed_in:
            read = await inbox(system, somebody)
            mine = {f"user.{somebody.pk}", *(["staff"] if "staff" in somebody.has else [])}
            if read != mine & set(topics) | (read & mine):
                raise Violation(f"inbox of {somebody.pk}, {somebody.has}: {read}")
    return len(crowd) * len(topics) * 5


def heard(client: Client, topics: Sequence[str]) -> set[str]:
    return {event.topic for event in client.handed} & set(topics)


async def heard_fence(clients: list[Client], name: str, index: int) -> None:
    key = f"{name}-{index}"
    await reached(clients, lambda one: any(event.key == key for event in one.handed), 10)


async def inbox(system: System, somebody: Somebody) -> set[str]:
    shopper = Shopper(system.servers[0].url)
    shopper.cookies = dict([somebody.cookie.split("=")])
    answer = await asyncio.to_thread(shopper.get, "/api/notifications?limit=100")
    assert answer.status == 200, answer
    return {item["topic"] for item in json.loads(answer.text)["items"]}


def expect(
    way: str, somebody: Somebody, given: set[str], topics: Sequence[str], products: Sequence[int]
) -> None:
    allowed = {topic for topic in topics if somebody.may(topic, products)}
    if given != allowed:
        raise Violation(
            f"{way}, {somebody.pk} {somebody.has}: too much {given - allowed}, "
            f"missing {allowed - given}"
        )
