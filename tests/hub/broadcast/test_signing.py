"""What comes through the channel layer is believed only if a process of this site signed it."""

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.broadcast import signing
from hub.broadcast.layer import Batch, Ephemeral, Ephemerals, Heartbeat
from hub.broadcast.signing import MAX_AGE_MS, Signer, Verifier
from hub.errors import ForeignMessage, UntrustedMessage
from hub.log.row import row_of

BATCH = Batch("p1", "e1", 1, 1, [row_of(1, "a", "t", '"title":"ä"}')])
EPHEMERALS = Ephemerals("p1", "e1", [Ephemeral("news", "test.told", "k", '"a":1}')])
HEARTBEAT = Heartbeat("p1", "e1")


def travelled(sent):
    """What arrives at the other end of a Redis layer."""
    return msgpack.unpackb(msgpack.packb(sent))


@pytest.mark.parametrize("message", [BATCH, EPHEMERALS, HEARTBEAT])
def test_a_message_arrives_as_it_was_signed(message):
    assert Verifier().verify(travelled(Signer().sign(message))) == message


@given(st.lists(st.text(max_size=60), min_size=1, max_size=20))
def test_a_batch_of_any_frames_arrives_as_it_was_signed(tails):
    rows = [row_of(n, "a", "test.told", tail) for n, tail in enumerate(tails, start=5)]
    sent = Batch("p1", "e1", 5, rows[-1].position, rows)
    assert Verifier().verify(travelled(Signer().sign(sent))) == sent


def test_a_newer_version_may_add_fields():
    assert Verifier().verify({**Signer().sign(BATCH), "later": True}) == BATCH


@pytest.mark.parametrize("foreign", [None, [], {}, {"type": "chat.text"}, {"type": None}])
def test_another_applications_message_is_refused_by_the_name_of_its_type(foreign):
    name = foreign.get("type") if isinstance(foreign, dict) else None
    with pytest.raises(ForeignMessage, match=f"the type {str(name)!r} is not known here"):
        Verifier().verify(foreign)


def forgeries():
    sent = Signer().sign(EPHEMERALS)
    return [
        {**sent, "content": sent["content"].replace("news", "olds")},
        {**sent, "sequence": sent["sequence"] + 1},
        {**sent, "type": "hub.batch"},
        {**sent, "signature": "0" * 64},
        {**sent, "signature": "é" * 64},
        {**sent, "signature": None},
        {**sent, "sequence": True},
        {**sent, "content": "x" * (signing.MAX_CONTENT + 1)},
        {"type": "hub.batch", "process": "p", "epoch": "e", "first": 1, "last": 1, "rows": []},
    ]


@pytest.mark.parametrize("forged", forgeries())
def test_a_message_that_is_not_signed_is_not_believed(forged):
    with pytest.raises(UntrustedMessage):
        Verifier().verify(forged)


def test_a_message_that_another_site_signed_is_not_believed(settings):
    sent = Signer().sign(EPHEMERALS)
    settings.SECRET_KEY = "that of another site"
    with pytest.raises(UntrustedMessage, match="not signed by this site"):
        Verifier().verify(sent)


def test_while_a_secret_is_replaced_messages_signed_with_the_earlier_one_are_believed(settings):
    sent = Signer().sign(EPHEMERALS)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the new one"
    assert Verifier().verify(sent) == EPHEMERALS


@pytest.mark.parametrize("message", [EPHEMERALS, HEARTBEAT])
def test_a_copy_of_an_earlier_message_is_not_believed(message):
    signer, verifier = Signer(), Verifier()
    first, second = signer.sign(message), signer.sign(message)
    verifier.verify(first)
    verifier.verify(second)
    for copy in (first, second):
        with pytest.raises(UntrustedMessage, match="is old"):
            verifier.verify(copy)


def test_a_batch_that_was_overtaken_is_of_use():
    signer, verifier = Signer(), Verifier()
    first, second = signer.sign(BATCH), signer.sign(BATCH)
    verifier.verify(second)
    assert verifier.verify(first) == BATCH


@pytest.mark.parametrize("message", [BATCH, EPHEMERALS, HEARTBEAT])
def test_a_process_that_has_just_started_does_not_believe_old_copies(message):
    now = 1_000_000.0
    sent = Signer(lambda: now).sign(message)
    later = now + MAX_AGE_MS / 1000
    assert Verifier(lambda: later).verify(sent) == message
    with pytest.raises(UntrustedMessage, match="is old"):
        Verifier(lambda: later + 1).verify(sent)


def test_sequence_numbers_rise_even_where_the_clock_runs_back():
    times = iter([2.0, 1.0, 1.0])
    signer = Signer(lambda: next(times))
    numbers = [signer.sign(HEARTBEAT)["sequence"] for _ in range(3)]
    assert numbers == [2_000, 2_001, 2_002]


def test_only_so_many_processes_are_remembered(monkeypatch):
    monkeypatch.setattr(signing, "MAX_PROCESSES", 2)
    verifier = Verifier()
    for number in range(5):
        verifier.verify(Signer().sign(Heartbeat(f"p{number}", "e1")))
    assert list(verifier._last) == ["p3", "p4"]
