"""POSTs in flight: `settings.HUB_POSTS` bounds slow ones, such as log-ins, by their path."""

from collections import Counter
from collections.abc import Callable

from django.conf import settings

from hub.paths import path_below_root
from hub.runtime.asgi import Scope

SHARE = 4  # one address has a quarter of a bound, so that it does not keep others out


class Posts:
    """Counts the POSTs in flight below each prefix in HUB_POSTS, in all and by client's address.

    `address_of` tells the address of a request; where it is None, no share of it is counted.
    """

    def __init__(self, address_of: Callable[[Scope], str | None]) -> None:
        self._address_of = address_of
        self._most: dict[str, int] = getattr(settings, "HUB_POSTS", {})
        self._of_prefix: Counter[str] = Counter()
        self._of_address: Counter[tuple[str, str]] = Counter()

    def admits(self, scope: Scope) -> bool:
        """Whether there is room for one more request like this."""
        prefix = self._prefix_of(scope)
        if prefix is None:
            return True
        most, address = self._most[prefix], self._address_of(scope)
        if address is not None and self._of_address[prefix, address] >= max(1, most // SHARE):
            return False
        return self._of_prefix[prefix] < most

    def open(self, scope: Scope) -> Callable[[], None]:
        """Count a request, until what is returned is called."""
        prefix = self._prefix_of(scope)
        if prefix is None:
            return lambda: None
        place = (prefix, self._address_of(scope) or "")
        self._of_prefix[prefix] += 1
        self._of_address[place] += 1

        def close() -> None:
            self._of_prefix[prefix] -= 1
            self._of_address[place] -= 1
            if not self._of_address[place]:
                del self._of_address[place]  # there are many addresses

        return close

    def _prefix_of(self, scope: Scope) -> str | None:
        """The longest prefix in HUB_POSTS that a POST's path has."""
        # As Django, for which "post" is one, too; Daphne passes on what the client wrote.
        if not self._most or str(scope.get("method")).upper() != "POST":
            return None
        path = path_below_root(scope)
        return max((one for one in self._most if path.startswith(one)), key=len, default=None)
