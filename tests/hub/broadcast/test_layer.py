import msgpack
import pytest

from hub.broadcast.layer import Batch, Ephemeral, Ephemerals, batches, from_layer, to_layer
from hub.errors import ForeignMessage
from hub.log.row import row_of


def travelled(sent):
    """What arrives at the other end of a Redis layer."""
    return msgpack.unpackb(msgpack.packb(to_layer(sent)))


def test_ephemerals_arrive_as_they_were_sent():
    sent = Ephemerals("p1", "e1", [Ephemeral("news", "test.told", "k", '"a":1}')])
    assert from_layer(travelled(sent)) == sent


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        {"type": "chat.text", "text": "hi"},
        {"type": "hub.batch"},
        {"type": "hub.batch", "process": 1, "epoch": "e", "first": 1, "last": 1, "rows": []},
        {"type": "hub.batch", "process": "p", "epoch": "e", "first": 1, "last": 1, "rows": [[1]]},
        {"type": "hub.ephemerals", "process": "p", "epoch": "e", "events": "x"},
        {"type": None},
    ],
)
def test_a_foreign_message_is_refused_by_the_name_of_its_type(foreign):
    with pytest.raises(ForeignMessage) as raised:
        from_layer(foreign)
    assert f"the type {str(foreign.get('type'))!r}" in str(raised.value)


def test_a_newer_version_may_add_fields():
    sent = Batch("p1", "e1", 1, 1, [row_of(1, "a", "t", "}")])
    assert from_layer({**to_layer(sent), "later": True}) == sent


def test_no_rows_make_no_batch():
    assert list(batches("p1", "e1", [])) == []
