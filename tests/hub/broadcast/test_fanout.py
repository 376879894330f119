import asyncio

import pytest

from hub.broadcast import fanout as fanout_module
from hub.broadcast.fanout import Fanout
from hub.broadcast.ring import Entry, entry_of
from hub.log.row import row_of


class One:
    def __init__(self):
        self.runs = []

    def deliver(self, run):
        self.runs.append(run)

    def show(self, run):
        self.runs.append(run)

    def fail(self, error):
        raise AssertionError("it did not raise") from error

    @property
    def positions(self):
        return [[entry.position for entry in run.entries] for run in self.runs]


def entry(position=1, topic="a"):
    return entry_of(row_of(position, topic, "test.told", '"title":"ä"}'))


def ephemeral(topic="a"):
    return Entry(0, topic, "test.shown", '{"op":"event"}', 14)


async def test_all_subscribers_of_a_topic_get_the_same_frame():
    fanout, one, two, other = Fanout(), One(), One(), One()
    fanout.subscribe(one, ["a", "b"])
    fanout.subscribe(two, ["a"])
    fanout.subscribe(other, ["b"])
    await fanout.deliver([entry(1), entry(2)])
    assert one.positions == [[1, 2]]
    assert one.runs[0] is two.runs[0], "encoded once"
    assert other.runs == []
    assert fanout.decided == 2


@pytest.mark.parametrize(
    ("topics", "positions"),
    [
        ("a", [1, 4]),
        ("b", [2]),
        ("ab", [1, 2, 4]),
        ("ba", [1, 2, 4]),
        ("abc", [1, 2, 3, 4]),
        ("c", [3]),
        ("d", None),
    ],
)
async def test_what_is_due_on_several_topics_comes_as_one_run_in_the_order_of_the_log(
    topics, positions
):
    fanout, one, all_of_it = Fanout(), One(), One()
    fanout.subscribe(all_of_it, "cab")
    fanout.subscribe(one, topics)
    await fanout.deliver([entry(1, "a"), entry(2, "b"), entry(3, "c"), entry(4, "a")])
    assert one.positions == ([positions] if positions else [])
    assert all_of_it.positions == [[1, 2, 3, 4]]


async def test_connections_with_the_same_topics_share_a_frame_of_several_topics():
    fanout, one, two = Fanout(), One(), One()
    fanout.subscribe(one, "ab")
    fanout.subscribe(two, "ba")
    await fanout.deliver([entry(1, "a"), entry(2, "b")])
    assert one.runs[0] is two.runs[0]


async def test_a_connection_that_unsubscribes_gets_no_more_and_leaves_no_trace():
    fanout, one = Fanout(), One()
    fanout.subscribe(one, ["a"])
    fanout.unsubscribe(one, ["a", "never heard"])
    await fanout.deliver([entry()])
    assert one.runs == []
    assert fanout.topics == set()


async def test_subscribing_twice_delivers_once():
    fanout, one = Fanout(), One()
    fanout.subscribe(one, ["a"])
    fanout.subscribe(one, ["a"])
    await fanout.deliver([entry()])
    assert one.positions == [[1]]


async def test_a_connection_that_leaves_during_a_fan_out_disturbs_no_other():
    fanout = Fanout()
    everybody = [One() for _ in range(5)]

    class Leaver(One):
        def deliver(self, run):
            fanout.unsubscribe(self, ["a"])

    fanout.subscribe(Leaver(), ["a"])
    for one in everybody:
        fanout.subscribe(one, ["a"])
    await fanout.deliver([entry()])
    assert [one.positions for one in everybody] == [[[1]]] * 5


@pytest.mark.parametrize("topics", ["a", "ab"])
async def test_other_tasks_get_a_turn_while_many_are_served(monkeypatch, topics):
    monkeypatch.setattr(fanout_module, "YIELD_AFTER", 0)
    fanout, turns = Fanout(), []
    for _ in range(100):
        fanout.subscribe(One(), topics)
    stop = asyncio.Event()

    async def count_turns():
        while not stop.is_set():
            turns.append(fanout.decided)
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await asyncio.sleep(0)
    await fanout.deliver([entry(1, topic) for topic in topics])
    stop.set()
    await counting
    assert len(turns) >= 100
    assert set(turns) == {0}, "nothing is decided before everybody was served"


async def test_an_ephemeral_event_is_shown_and_moves_no_position():
    fanout, one = Fanout(), One()
    fanout.subscribe(one, "ab")
    await fanout.show([ephemeral("a"), ephemeral("b")])
    assert one.positions == [[0, 0]]
    assert fanout.decided == 0


async def test_a_connection_that_raises_is_ended_and_the_others_lose_nothing():
    fanout, before, behind = Fanout(), One(), One()

    class Broken(One):
        def deliver(self, run):
            raise LookupError("a bug")

        def show(self, run):
            raise LookupError("another")

        def fail(self, error):
            self.runs.append(str(error))

    broken = Broken()
    for one in (before, broken, behind):
        fanout.subscribe(one, ["a"])
    await fanout.deliver([entry(1)])
    await fanout.deliver([entry(2)])
    await fanout.show([ephemeral()])
    assert before.positions == behind.positions == [[1], [2], [0]]
    assert broken.runs == ["a bug", "a bug", "another"]
    assert fanout.decided == 2
