"""A token bucket: so many a second, so many at once. Pure; times in seconds."""


class TokenBucket:
    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def take(self, amount: float, now: float) -> bool:
        """Take `amount` tokens; False where there are not enough (none are taken then)."""
        if self._at is not None:
            grown = self._tokens + (now - self._at) * self._per_second
            self._tokens = min(self._burst, grown)
        self._at = now
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True
