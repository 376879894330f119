"""The policy: decides which user may receive which topic, live, in replay, inbox and email."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from hub.events import type_label
from hub.limits import other_setting
from hub.topics import user_topic

Refusal = Literal["forbidden", "unknown_topic"]

STAFF_TOPICS = frozenset({"staff", "metrics"})


class Policy:
    """Subclass it, override `refusals`, and name the subclass in `HUB["POLICY"]`.

    This default lets each user receive their own topic, and active staff `staff` and `metrics`.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # What it inherits answers for its parent's `refusals`: a check would take topics away that
        # this class allows, or leave those that it refuses.
        if "refusals" in cls.__dict__ and "refusals_many" not in cls.__dict__:
            cls.refusals_many = Policy.refusals_many  # type: ignore[method-assign]

    def refusals(self, user: Any | None, topics: Collection[str]) -> dict[str, Refusal]:
        """The topics that the user may not receive, each with its reason.

        `user` is a fresh instance of the project's user model, or None for an anonymous visitor.
        It runs in one of the hub's threads and may query; answer all topics with few queries. A
        private topic is `forbidden` whether or not it exists.
        """
        allowed: set[str] = set()
        if user is not None and user.is_active:
            allowed.add(user_topic(user.pk))
            if getattr(user, "is_staff", False):
                allowed |= STAFF_TOPICS
        return {topic: "forbidden" for topic in topics if topic not in allowed}

    def offered_types(self, user: Any, types: Collection[str]) -> list[str]:
        """Those of the declared types that the user can choose about, in the order of the page."""
        return sorted(types, key=lambda type: type_label(type).casefold())

    def topic_names(self, topics: Collection[str]) -> Mapping[str, str]:
        """What pages call these topics; one that is left out is shown as it is. May query."""
        return {}

    def address(self, user: Any) -> str | None:
        """The user's email address; empty if there is none.

        None: it is not known yet whether the address is the user's. Their emails wait until
        `hub.deliveries.send_waiting` is called, and are given up after seven days.
        """
        return getattr(user, user.get_email_field_name(), "") or ""

    def refusals_many(
        self, wanted: Sequence[tuple[Any | None, Collection[str]]]
    ) -> Sequence[Collection[str]]:
        """The refused topics of each (user, topics), in the same order.

        Called once a minute for everybody who is connected, at most a thousand users at once, and
        for clients that connect at the same moment. Override it where `refusals` queries: with
        many users, a query for each takes too long. Where it returns mappings as `refusals` does,
        these are the reasons that clients are told.
        """
        return [self.refusals(user, topics) for user, topics in wanted]


def current_policy() -> Policy:
    """The policy that `HUB["POLICY"]` names, which decides wherever no other one is passed.

    Raises ImproperlyConfigured where the setting names no Policy.
    """
    return _policy_at(other_setting("POLICY", "hub.policy.Policy"))


@cache
def _policy_at(path: str) -> Policy:
    try:
        found = import_string(path)
    except (ImportError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured(f"settings.HUB['POLICY']: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Policy)):
        raise ImproperlyConfigured(
            f"settings.HUB['POLICY'] must name a subclass of hub.Policy, not {path!r}"
        )
    return found()
