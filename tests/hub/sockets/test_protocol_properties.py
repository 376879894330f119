"""The parser, given anything."""

import contextlib
import json

from hypothesis import example, given
from hypothesis import strategies as st

from hub.errors import BadFrame, BadRequest
from hub.sockets.protocol import MAX_POSITION, Hello, Pong, parse


@example(text='{"op":"pong","position":1e400}')
@example(text='{"op":"pong","position":1e30}')
@example(text='{"op":"hello","ticket":"\\ud800"}')
@given(st.text(max_size=200))
def test_no_text_makes_the_parser_raise_anything_else(text):
    with contextlib.suppress(BadFrame, BadRequest):
        parse(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["epoch", "position", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
fields = st.sampled_from(["ticket", "resume", "topics", "ref", "since", "position"])
ops = st.sampled_from(["hello", "subscribe", "unsubscribe", "pong", "dance"])


@given(ops, st.dictionaries(fields, values, max_size=6))
def test_no_frame_makes_the_parser_raise_anything_else(op, rest):
    try:
        frame = parse(json.dumps({"op": op, **rest}))
    except (BadFrame, BadRequest):
        return
    if isinstance(frame, Pong):
        assert isinstance(frame.position, int) and 0 <= frame.position <= MAX_POSITION
    if isinstance(frame, Hello) and frame.cursor is not None:
        assert 0 <= frame.cursor[1] <= MAX_POSITION
