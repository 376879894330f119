"""The grammar of topics: dotted addresses such as `user.7` or `product.12.page`."""

import base64
import binascii
import re

from hub.errors import BadTopic

MAX_LENGTH = 100  # characters; the width of the database's column
MAX_USER_KEY = 64  # characters of a user's primary key; likewise

# Lower case only, so that one thing has one topic. Ids may be numbers, slugs or UUIDs.
_SEGMENT = r"[a-z0-9][a-z0-9_-]*"
_TOPIC = re.compile(rf"{_SEGMENT}(?:\.{_SEGMENT})*")
_USER = "user."
_ESCAPED = "x--"  # begins a segment that is base32 of a key outside the grammar


def is_topic(text: str) -> bool:
    """Whether `text` is a well-formed topic."""
    if len(text) > MAX_LENGTH or _TOPIC.fullmatch(text) is None:
        return False
    return len(user_of(text) or "") <= MAX_USER_KEY


def check_topic(topic: object) -> str:
    """Return `topic` unchanged; raise BadTopic if it does not follow the grammar."""
    if isinstance(topic, str) and is_topic(topic):
        return topic
    raise BadTopic(
        f"a topic is lower-case segments joined by dots, at most {MAX_LENGTH} characters, "
        f"such as 'product.12', and a user's key at most {MAX_USER_KEY}; got {topic!r}"
    )


def topic(name: str, *parts: object) -> str:
    """`topic("product", key, "page")` is `product.12.page`, whatever characters the key has.

    A part that follows the grammar is a segment as it is; any other one is encoded, and `key_of`
    decodes it. Raises BadTopic for a bad name, an empty part, and above the limits.
    """
    return check_topic(".".join([name, *(_segment_of(str(part)) for part in parts)]))


def key_of(segment: str) -> str:
    """The part of which `topic` made this segment."""
    if not segment.startswith(_ESCAPED):
        return segment
    encoded = segment.removeprefix(_ESCAPED).upper()
    try:
        key = base64.b32decode(encoded + "=" * (-len(encoded) % 8)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return segment
    # One thing has one topic: what `topic` would write otherwise is nobody's encoded key.
    return key if _segment_of(key) == segment else segment


def _segment_of(key: str) -> str:
    if not key or (re.fullmatch(_SEGMENT, key) and not key.startswith(_ESCAPED)):
        return key
    return _ESCAPED + base64.b32encode(key.encode()).decode().rstrip("=").lower()


def user_topic(pk: object) -> str:
    """The topic that only the user with this primary key receives.

    Raises BadTopic for a key that is too long: 64 characters, or 57 bytes where it has others than
    lower-case letters, digits, `-` and `_`.
    """
    return topic("user", pk)


def user_of(topic: str) -> str | None:
    """The primary key, as text, of the user whose own topic this is, else None."""
    if topic.startswith(_USER) and topic.count(".") == 1:
        return key_of(topic[len(_USER) :])
    return None


# The names that projects know.
person_topic = user_topic
person_of = user_of
