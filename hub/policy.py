"""The policy: decides which user may receive which topic, live, in replay, inbox and email."""

from collections.abc import Collection
from typing import Any, Literal

from hub.topics import user_topic

Refusal = Literal["forbidden", "unknown_topic"]


class Policy:
    """Subclass it, override `refusals`, and pass an instance to `HubApplication`.

    This default lets each user receive their own topic and nothing else.
    """

    def refusals(self, user: Any | None, topics: Collection[str]) -> dict[str, Refusal]:
        """The topics that the user may not receive, each with its reason.

        `user` is a fresh instance of the project's user model, or None for an anonymous visitor.
        It runs in one of the hub's threads and may query; answer all topics with few queries. A
        private topic is `forbidden` whether or not it exists.
        """
        own = user_topic(user.pk) if user is not None and user.is_active else None
        return {topic: "forbidden" for topic in topics if topic != own}
