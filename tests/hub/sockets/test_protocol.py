import json
import time

import msgspec
import pytest

from hub.errors import BadFrame, BadRequest
from hub.sockets import protocol
from hub.sockets.close_codes import BAD_FRAME, RESTART
from hub.sockets.protocol import MAX_POSITION, Hello, Pong, Subscribe, Unsubscribe, parse


def test_the_simplest_hello_asks_for_nothing():
    assert parse('{"op":"hello"}') == Hello()
    assert parse('{"op":"hello"}').cursor is None


def test_a_hello_carries_ticket_cursor_and_topics():
    frame = parse(
        '{"op":"hello","ticket":"t","resume":{"epoch":"e","position":5},"topics":["news"]}'
    )
    assert frame.ticket == "t"
    assert frame.cursor == ("e", 5)
    assert frame.topics == ["news"]


def test_optional_fields_may_be_null():
    assert parse('{"op":"hello","ticket":null,"resume":null}') == Hello()
    assert parse('{"op":"subscribe","ref":null,"topics":["a"],"since":null}') == Subscribe(
        topics=["a"]
    )


def test_the_other_frames_are_understood():
    assert parse('{"op":"subscribe","ref":"1","topics":["a"],"since":3}') == Subscribe(
        ref="1", topics=["a"], since=3
    )
    assert parse('{"op":"unsubscribe","ref":"2","topics":["a"]}') == Unsubscribe("2", ["a"])
    assert parse('{"op":"pong","position":9}') == Pong(9)


def test_unknown_fields_are_ignored():
    assert parse('{"op":"pong","position":9,"mood":"good"}') == Pong(9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        '{"op":"hello"} trailing',
        "null",
        "7",
        "[]",
        '"hello"',
        '{"op":7}',
        '{"op":null}',
        '{"op":"subscribe","ref":7,"topics":["a"]}',
        '{"op":"subscribe","topics":"a"}',
        '{"op":"subscribe","topics":[7]}',
        '{"op":"subscribe","topics":["a"],"since":"3"}',
        '{"op":"hello","ticket":5}',
        '{"op":"hello","resume":[]}',
        '{"op":"hello","resume":{"epoch":5,"position":1}}',
        '{"op":"hello","topics":null}',
        '{"op":"pong","position":"9"}',
        '{"op":"pong","position":1.5}',
        '{"op":"pong","position":null}',
        '{"op":"pong","position":true}',
        "[" * 100_000,
    ],
)
def test_wrong_json_and_wrong_types_are_not_the_protocol(text):
    with pytest.raises(BadFrame):
        parse(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", "bad_request"),
        ('{"op":"dance"}', "unknown_op"),
        ('{"op":""}', "unknown_op"),
        ('{"op":"subscribe","ref":"r"}', "bad_request"),
        ('{"op":"subscribe","topics":[]}', "bad_request"),
        ('{"op":"unsubscribe","topics":[]}', "bad_request"),
        ('{"op":"subscribe","topics":["A"]}', "bad_request"),
        ('{"op":"subscribe","topics":["a"],"since":-1}', "bad_request"),
        ('{"op":"hello","topics":["a."]}', "bad_request"),
        ('{"op":"hello","resume":{}}', "bad_request"),
        ('{"op":"hello","resume":{"epoch":"e"}}', "bad_request"),
        ('{"op":"hello","resume":{"epoch":"e","position":-1}}', "bad_request"),
        ('{"op":"pong"}', "bad_request"),
        ('{"op":"pong","position":-1}', "bad_request"),
        (f'{{"op":"pong","position":{MAX_POSITION + 1}}}', "bad_request"),
    ],
)
def test_what_is_well_formed_and_wrong_is_a_bad_request(text, code):
    with pytest.raises(BadRequest) as caught:
        parse(text)
    assert caught.value.code == code
    assert caught.value.message


def test_a_bad_request_names_the_ref_it_answers():
    with pytest.raises(BadRequest) as caught:
        parse('{"op":"subscribe","ref":"r1","topics":[]}')
    assert caught.value.ref == "r1"


def test_a_very_long_ref_or_op_is_not_repeated_in_full():
    with pytest.raises(BadRequest) as caught:
        parse(json.dumps({"op": "x" * 10_000, "ref": "r" * 10_000}))
    assert len(caught.value.message) < 100
    assert len(caught.value.ref) == protocol.MAX_REF


def test_a_welcome_gives_a_reason_only_where_something_is_missing():
    given_ = {
        "connection": "c",
        "user": {"id": 7, "name": "ana"},
        "epoch": "e",
        "position": 5,
        "head": 9,
        "topics": ["user.7"],
        "pages": ["news"],
        "refused": {"staff": "forbidden"},
        "ping": 25.0,
    }
    whole = json.loads(protocol.welcome(**given_, reason=None))
    assert whole["recovered"] is True
    assert "reason" not in whole
    assert whole["refused"] == [{"topic": "staff", "code": "forbidden"}]
    lost = json.loads(protocol.welcome(**given_, reason="pruned"))
    assert lost["recovered"] is False
    assert lost["reason"] == "pruned"


def test_a_reply_passes_finished_events_through_unchanged():
    text = protocol.reply("1", topics=["a"], refused={}, events=['{"id":1}', '{"id":2}'])
    assert json.loads(text) == {
        "op": "reply",
        "ref": "1",
        "ok": True,
        "topics": ["a"],
        "refused": [],
        "recovered": True,
        "events": [{"id": 1}, {"id": 2}],
    }
    assert json.loads(protocol.reply("1", topics=[], refused={}))["events"] == []


def test_a_refusal_says_whether_trying_again_may_help():
    frame = json.loads(protocol.refusal(None, "unavailable", "later", temporary=True))
    assert frame == {
        "op": "reply",
        "ref": None,
        "ok": False,
        "error": {"code": "unavailable", "message": "later", "temporary": True},
    }


def test_a_goodbye_says_when_to_come_back_or_that_there_is_no_coming_back():
    restart = msgspec.json.decode(protocol.goodbye(RESTART))
    assert restart["reconnect"] is True
    assert 500 <= restart["retry_ms"] <= 5_000
    final = msgspec.json.decode(protocol.goodbye(BAD_FRAME))
    assert final == {"op": "goodbye", "code": 4500, "reason": "protocol", "reconnect": False}


@pytest.mark.parametrize("op", ["hello", "subscribe", "unsubscribe"])
def test_topics_beyond_twice_the_limit_are_not_looked_at(op):
    frame = {"op": op, "topics": [*(f"a.{n}" for n in range(6)), "No!"]}
    assert len(parse(json.dumps(frame), max_topics=3).topics) == 7
    with pytest.raises(BadRequest, match="No!"):
        parse(json.dumps(frame), max_topics=4)


@pytest.mark.parametrize("op", ["hello", "subscribe", "unsubscribe"])
@pytest.mark.parametrize("topics", [[f"{n:x}" for n in range(9_000)], ["a"] * 16_000])
def test_the_largest_frame_costs_little_more_than_its_json(op, topics):
    text = json.dumps({"op": op, "topics": topics}, separators=(",", ":"))
    assert 50_000 < len(text) <= 64 * 1024

    def took(work):
        begun = time.perf_counter()
        work(text)
        return time.perf_counter() - begun

    json_only = min(took(msgspec.json.decode) for _ in range(20))
    # To look at each of the topics takes more than twenty times as long.
    assert min(took(parse) for _ in range(20)) < max(0.002, 10 * json_only)
