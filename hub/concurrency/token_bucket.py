"""A token bucket: limits a rate, and allows bursts. Pure; times are in seconds."""


class TokenBucket:
    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def take(self, amount: float, now: float) -> bool:
        """Take `amount` tokens. Returns False, and takes none, if there are too few."""
        if self._at is not None:
            grown = self._tokens + (now - self._at) * self._per_second
            self._tokens = min(self._burst, grown)
        self._at = now
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True
