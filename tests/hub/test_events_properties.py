"""The encoding of events with any text."""

import datetime
import json
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from hub import EventType
from hub.events import data_of, encode_tail, event_text

NOON = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)
LIMIT = 16 * 1024


class Told(EventType, frozen=True):
    type: ClassVar[str] = "test.told_properties"
    text: str

    def title(self):
        return "Told"


@given(st.text(max_size=200), st.integers(1, 2**63 - 1))
def test_any_text_survives_encoding(text, position):
    tail = encode_tail(Told(text=text), "news", NOON, LIMIT)
    assert data_of(tail)["text"] == text
    assert json.loads(event_text(position, tail))["id"] == position
    assert "\n" not in tail
