"""What pages call the kinds of events and the topics."""

from collections.abc import Collection
from typing import Any

from hub.events import type_label
from hub.identity.users import find_users
from hub.policy import current_policy
from hub.topics import user_of


def mute_label(topic: str, type: str, names: dict[str, str]) -> str:
    """The words for one mute, with `names` of the topics."""
    topics, types = [names[topic]] if topic else [], [type_label(type)] if type else []
    return ": ".join([*topics, *types])


def topic_names(topics: Collection[str]) -> dict[str, str]:
    """The policy's name of each topic, else the topic itself."""
    names: dict[str, Any] = {**current_policy().topic_names(topics)}
    return {topic: str(names.get(topic) or topic) for topic in topics}


def names_for(user: Any, topics: Collection[str]) -> dict[str, str]:
    """As `topic_names`, for topics that the user has chosen.

    Anybody can mute a topic that they guess: where the policy refuses it, its name is not told.
    """
    refused = set(current_policy().refusals(user, topics)) if topics else set()
    return {**topic_names(set(topics) - refused), **{topic: topic for topic in refused}}


def is_mutable(topic: str) -> bool:
    """Whether pages offer to mute the topic. A user's own topic carries too many types."""
    return user_of(topic) is None


def full_names(topics: set[str]) -> dict[str, str]:
    """For staff: topics after what they stand for, a user's name or what the policy calls them."""
    names = topic_names(topics)
    owners = {topic: owner for topic in topics if (owner := user_of(topic)) is not None}
    users = find_users(set(owners.values()))
    names |= {topic: str(users[owner]) for topic, owner in owners.items() if owner in users}
    return {topic: topic if name == topic else f"{name} ({topic})" for topic, name in names.items()}
