"""The shop's policy, with topics that everybody hears and some that need a permission.

A second permission takes what the first one gives: so a right is lost by a gain, too.
"""

from collections.abc import Collection
from typing import Any

from orders.topics import ShopPolicy

OPEN = "open."
SECRET = "secret."
PERMISSION = "facts.view_fact"
BARRED = "facts.delete_fact"


class StressPolicy(ShopPolicy):
    """`open.*` is everybody's; `secret.*` is for who holds PERMISSION and not BARRED."""

    def refusals(self, user: Any, topics: Collection[str]) -> dict[str, str]:
        ours = {topic for topic in topics if topic.startswith((OPEN, SECRET))}
        refused = super().refusals(user, [topic for topic in topics if topic not in ours])
        if user is not None and not user.is_active:
            return refused | dict.fromkeys(ours, "forbidden")
        secrets = {topic for topic in ours if topic.startswith(SECRET)}
        if secrets and user is not None and self._may_hear_secrets(user):
            return refused
        return refused | dict.fromkeys(secrets, "forbidden")

    def _may_hear_secrets(self, user: Any) -> bool:
        return user.has_perm(PERMISSION) and not user.has_perm(BARRED)
