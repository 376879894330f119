import json

import pytest

from hub.broadcast.run import MAX_BYTES, MAX_EVENTS, Run, runs_of, stretches
from hub.sockets.protocol import events_of
from tests.hub.sockets.machine import changed, entry, revoked


def test_a_run_is_one_frame_with_the_events_as_they_would_have_come_alone():
    entries = [entry(3, "a"), entry(4, "b", data='{"text":"ä"}'), entry(7, "a")]
    run = Run(entries)
    assert json.loads(run.event["text"])["op"] == "events"
    assert events_of(json.loads(run.event["text"])) == [json.loads(one.text) for one in entries]
    assert run.size == len(run.event["text"].encode())
    assert sorted(run.spans) == [("a", 3, 7), ("b", 4, 4)]
    assert (run.first, run.last, run.count) == (3, 7, 3)


def test_a_run_of_one_is_the_event_itself():
    one = entry(3)
    assert Run([one]).event == {"type": "websocket.send", "text": one.text}
    assert Run([one]).size == one.size
    assert Run([one, entry(4)]).singles[0].event == Run([one]).event


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [
        ([200] * MAX_EVENTS, [MAX_EVENTS]),
        ([200] * (2 * MAX_EVENTS + 1), [MAX_EVENTS, MAX_EVENTS, 1]),
        ([16 * 1024] * 9, [4, 4, 1]),
        ([200, MAX_BYTES + 1, 200], [1, 1, 1]),
    ],
)
def test_a_run_is_bounded_in_events_and_bytes(sizes, counts):
    runs = runs_of(entry(n, size=size) for n, size in enumerate(sizes, start=1))
    assert [run.count for run in runs] == counts
    assert all(run.size <= MAX_BYTES for run in runs if run.count > 1)
    assert [one.position for run in runs for one in run.entries] == list(range(1, len(sizes) + 1))


def test_an_event_that_is_obeyed_ends_a_run():
    log = [entry(1), entry(2), revoked(3, "staff"), changed(4, "b", True), entry(5), entry(6)]
    cut = list(stretches(log))
    assert [[one.position for one in some] for some in cut] == [[1, 2], [3], [4], [5, 6]]
    assert [run.count for run in runs_of(log)] == [2, 1, 1, 2]
    assert [run.is_control for run in runs_of(log)] == [False, True, True, False]
