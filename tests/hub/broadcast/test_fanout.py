import asyncio

from hub.broadcast import fanout as fanout_module
from hub.broadcast.fanout import Fanout
from hub.broadcast.ring import entry_of
from hub.log.row import row_of


class One:
    def __init__(self):
        self.got = []

    def deliver(self, entry, event):
        self.got.append((entry.position, event))

    def show(self, event, size):
        self.got.append((None, event))

    def fail(self, error):
        raise AssertionError("it did not raise") from error


def entry(position=1, topic="a"):
    return entry_of(row_of(position, topic, "test.told", '"title":"ä"}'))


async def test_all_subscribers_of_a_topic_get_the_same_frame():
    fanout, one, two, other = Fanout(), One(), One(), One()
    fanout.subscribe(one, ["a", "b"])
    fanout.subscribe(two, ["a"])
    fanout.subscribe(other, ["b"])
    await fanout.deliver(entry())
    assert [position for position, _ in one.got] == [1]
    assert one.got[0][1] is two.got[0][1], "encoded once"
    assert other.got == []
    assert fanout.decided == 1


async def test_a_connection_that_unsubscribes_gets_no_more_and_leaves_no_trace():
    fanout, one = Fanout(), One()
    fanout.subscribe(one, ["a"])
    fanout.unsubscribe(one, ["a", "never heard"])
    await fanout.deliver(entry())
    assert one.got == []
    assert fanout.topics == set()


async def test_subscribing_twice_delivers_once():
    fanout, one = Fanout(), One()
    fanout.subscribe(one, ["a"])
    fanout.subscribe(one, ["a"])
    await fanout.deliver(entry())
    assert len(one.got) == 1


async def test_a_connection_that_leaves_during_a_fan_out_disturbs_no_other():
    fanout = Fanout()
    everybody = [One() for _ in range(5)]

    class Leaver(One):
        def deliver(self, entry, event):
            fanout.unsubscribe(self, ["a"])

    fanout.subscribe(Leaver(), ["a"])
    for one in everybody:
        fanout.subscribe(one, ["a"])
    await fanout.deliver(entry())
    assert [len(one.got) for one in everybody] == [1] * 5


async def test_other_tasks_get_a_turn_while_many_are_served(monkeypatch):
    monkeypatch.setattr(fanout_module, "YIELD_EVERY", 10)
    fanout, turns = Fanout(), []
    for _ in range(100):
        fanout.subscribe(One(), ["a"])
    stop = asyncio.Event()

    async def count_turns():
        while not stop.is_set():
            turns.append(fanout.decided)
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await asyncio.sleep(0)
    await fanout.deliver(entry())
    stop.set()
    await counting
    assert len(turns) >= 10
    assert set(turns) == {0}, "nothing is decided before everybody was served"


async def test_an_ephemeral_event_is_shown_and_moves_no_position():
    fanout, one = Fanout(), One()
    fanout.subscribe(one, ["a"])
    await fanout.show("a", '{"op":"event"}')
    assert one.got == [(None, {"type": "websocket.send", "text": '{"op":"event"}'})]
    assert fanout.decided == 0


async def test_a_connection_that_raises_is_ended_and_the_others_lose_nothing():
    fanout, before, behind = Fanout(), One(), One()

    class Broken(One):
        def deliver(self, entry, event):
            raise LookupError("a bug")

        def show(self, event, size):
            raise LookupError("another")

        def fail(self, error):
            self.got.append(str(error))

    broken = Broken()
    for one in (before, broken, behind):
        fanout.subscribe(one, ["a"])
    await fanout.deliver(entry(1))
    await fanout.deliver(entry(2))
    await fanout.show("a", "shown")
    assert [position for position, _ in before.got] == [1, 2, None]
    assert [position for position, _ in behind.got] == [1, 2, None]
    assert broken.got == ["a bug", "a bug", "another"]
    assert fanout.decided == 2
