"""The grammar of topics: dotted addresses such as `user.7` or `product.12.page`."""

import re

from hub.errors import BadTopic

MAX_LENGTH = 100  # characters; the width of the database's column
MAX_USER_KEY = 64  # characters of a user's primary key; likewise

# Lower case only, so that one thing has one topic. Ids may be numbers, slugs or UUIDs.
_SEGMENT = r"[a-z0-9][a-z0-9_-]*"
_TOPIC = re.compile(rf"{_SEGMENT}(?:\.{_SEGMENT})*")
_USER = "user."


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


def user_topic(pk: object) -> str:
    """The topic that only the user with this primary key receives."""
    return check_topic(f"{_USER}{pk}")


def user_of(topic: str) -> str | None:
    """The primary key, as text, of the user whose own topic this is, else None."""
    if topic.startswith(_USER) and topic.count(".") == 1:
        return topic[len(_USER) :]
    return None


# The names that projects know.
person_topic = user_topic
person_of = user_of
