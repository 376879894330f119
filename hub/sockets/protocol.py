"""The wire protocol: JSON text frames from and to a client. No I/O here.

A frame with malformed JSON or wrong types raises BadFrame, which ends the connection. A
well-formed frame that asks for something wrong raises BadRequest, which is answered. Unknown
fields are ignored, so that either side can be upgraded first.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from hub.errors import BadFrame, BadRequest
from hub.sockets.close_codes import CloseCode, retry_ms
from hub.topics import MAX_LENGTH, is_topic

SUBPROTOCOL = "hub.v1"
MAX_POSITION = 2**63 - 1
MAX_REF = 64  # characters
MAX_QUOTED = 40  # characters of a client's own text that a reply repeats


class Resume(msgspec.Struct, frozen=True):
    epoch: str | msgspec.UnsetType = msgspec.UNSET
    position: int | msgspec.UnsetType = msgspec.UNSET


class Hello(msgspec.Struct, frozen=True):
    ticket: str | None = None
    resume: Resume | None = None
    topics: list[str] = msgspec.field(default_factory=list)
    runs: bool | None = None

    @property
    def cursor(self) -> tuple[str, int] | None:
        """The (epoch, position) to resume from."""
        if self.resume is None:
            return None
        assert isinstance(self.resume.epoch, str) and isinstance(self.resume.position, int)
        return self.resume.epoch, self.resume.position


class Subscribe(msgspec.Struct, frozen=True):
    ref: str | None = None
    topics: list[str] = msgspec.field(default_factory=list)
    since: int | None = None


class Unsubscribe(msgspec.Struct, frozen=True):
    ref: str | None = None
    topics: list[str] = msgspec.field(default_factory=list)


class Pong(msgspec.Struct, frozen=True):
    position: int | msgspec.UnsetType = msgspec.UNSET


class _Opened(msgspec.Struct, frozen=True):
    op: str | msgspec.UnsetType = msgspec.UNSET
    ref: str | None = None


Frame = Hello | Subscribe | Unsubscribe | Pong
_KINDS: dict[str, type[Frame]] = {
    "hello": Hello,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "pong": Pong,
}


def parse(text: str, max_topics: int = 128) -> Frame:
    """The client's frame. Raises BadFrame or BadRequest.

    `max_topics` is the limit that `split_topics` will keep to: no topic beyond is looked at.
    """
    try:
        raw = msgspec.json.decode(text)
        opened = msgspec.convert(raw, _Opened)
        kind = _KINDS.get(opened.op) if isinstance(opened.op, str) else None
        frame = msgspec.convert(raw, kind) if kind else None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFrame(f"not a frame of this protocol: {error}") from error
    ref = None if opened.ref is None else opened.ref[:MAX_REF]
    if opened.op is msgspec.UNSET:
        raise BadRequest("bad_request", "a frame needs an 'op'", ref)
    if frame is None:
        raise BadRequest("unknown_op", f"there is no op {str(opened.op)[:MAX_QUOTED]!r}", ref)
    _check(frame, ref, max_topics)
    return frame


def split_topics(frame: Hello | Subscribe, most: int) -> tuple[list[str], list[str]]:
    """The topics of a frame, each once: those to check, and those beyond the limit.

    At most `most` of each, or the reply to a small frame would be a large one. A topic that the
    reply does not name was not looked at.
    """
    named = _looked_at(frame.topics, most)
    return named[:most], named[most:]


def _looked_at(topics: list[str], most: int) -> list[str]:
    """Twice the limit, each once. Checking all that fit into a frame would take milliseconds."""
    return list(islice(dict.fromkeys(topics), 2 * most))


def _check(frame: Frame, ref: str | None, max_topics: int) -> None:
    if isinstance(frame, Pong):
        if frame.position is msgspec.UNSET:
            raise BadRequest("bad_request", "a pong needs a 'position'", ref)
        _check_position(frame.position, ref)
        return
    if isinstance(frame, Subscribe | Unsubscribe):
        if frame.ref is not None and len(frame.ref) > MAX_REF:
            raise BadRequest("bad_request", f"a ref has at most {MAX_REF} characters", ref)
        if not frame.topics:
            raise BadRequest("bad_request", "'topics' names at least one topic", ref)
    for topic in _looked_at(frame.topics, max_topics):
        if not is_topic(topic):
            raise BadRequest(
                "bad_request",
                f"{topic[:MAX_QUOTED]!r} is not a topic: lower-case segments joined by dots, "
                f"at most {MAX_LENGTH} characters",
                ref,
            )
    if isinstance(frame, Subscribe) and frame.since is not None:
        _check_position(frame.since, ref)
    if isinstance(frame, Hello) and frame.resume is not None:
        if frame.resume.epoch is msgspec.UNSET or frame.resume.position is msgspec.UNSET:
            raise BadRequest("bad_request", "'resume' needs an 'epoch' and a 'position'", ref)
        _check_position(frame.resume.position, ref)


def _check_position(position: Any, ref: str | None) -> None:
    if not 0 <= position <= MAX_POSITION:
        raise BadRequest("bad_request", f"a position is 0 to {MAX_POSITION}", ref)


def events_of(frame: dict[str, Any]) -> list[dict[str, Any]]:
    """The events in a frame of the server, each as if it had come in a frame of its own."""
    if frame["op"] == "events":
        return [{"op": "event", **event} for event in frame["events"]]
    return [frame] if frame["op"] == "event" else []


def _text(frame: dict[str, Any]) -> str:
    return msgspec.json.encode(frame).decode()


def _refused(refusals: dict[str, str]) -> list[dict[str, str]]:
    return [{"topic": topic, "code": code} for topic, code in refusals.items()]


def welcome(
    *,
    connection: str,
    user: dict[str, Any] | None,
    epoch: str,
    position: int,
    head: int,
    reason: str | None,
    topics: Sequence[str],
    pages: Sequence[str],
    refused: dict[str, str],
    ping: float,
) -> str:
    """`reason` says why the stream could not be resumed; None: nothing is missing."""
    frame: dict[str, Any] = {
        "op": "welcome",
        "connection": connection,
        "user": user,
        "epoch": epoch,
        "position": position,
        "head": head,
        "recovered": reason is None,
        "topics": list(topics),
        "pages": list(pages),
        "refused": _refused(refused),
        "ping": ping,
    }
    if reason is not None:
        frame["reason"] = reason
    return _text(frame)


def reply(
    ref: str | None,
    *,
    topics: Sequence[str],
    refused: dict[str, str],
    events: Sequence[str] = (),
    recovered: bool = True,
) -> str:
    """`events` are finished frames; they are passed through as they are."""
    frame = _text(
        {
            "op": "reply",
            "ref": ref,
            "ok": True,
            "topics": list(topics),
            "refused": _refused(refused),
            "recovered": recovered,
        }
    )
    return f'{frame[:-1]},"events":[{",".join(events)}]}}'


def refusal(
    ref: str | None,
    code: str,
    text: str,
    *,
    refused: dict[str, str] | None = None,
    temporary: bool = False,
) -> str:
    frame: dict[str, Any] = {
        "op": "reply",
        "ref": ref,
        "ok": False,
        "error": {"code": code, "message": text, "temporary": temporary},
    }
    if refused:
        frame["refused"] = _refused(refused)
    return _text(frame)


def topics_changed(added: Sequence[str], removed: Sequence[str]) -> str:
    return _text({"op": "topics", "added": list(added), "removed": list(removed)})


def ping(position: int) -> str:
    return f'{{"op":"ping","position":{position}}}'


def goodbye(code: CloseCode) -> str:
    frame: dict[str, Any] = {
        "op": "goodbye",
        "code": code.code,
        "reason": code.reason,
        "reconnect": code.reconnect,
    }
    retry = retry_ms(code)
    if retry is not None:
        frame["retry_ms"] = retry
    return _text(frame)
