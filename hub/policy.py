"""Who may hear what: one function decides it for live push, replay and every other way out."""

from collections.abc import Collection
from typing import Any, Literal

from hub.topics import user_topic

Refusal = Literal["forbidden", "unknown_topic"]


class Policy:
    """Subclass it, answer `refusals`, and hand an instance to `HubApplication`.

    As it stands, everybody hears their own topic and nothing else.
    """

    def refusals(self, user: Any | None, topics: Collection[str]) -> dict[str, Refusal]:
        """The refused ones among `topics`, each with its reason.

        `user` is an instance of the project's user model, read a moment ago, or None for an
        anonymous visitor. Runs in a thread of the hub's own and may query; ask for all topics
        at once. A private topic is `forbidden` whether or not it exists.
        """
        own = user_topic(user.pk) if user is not None and user.is_active else None
        return {topic: "forbidden" for topic in topics if topic != own}
