"""Saying once what would be said for every socket or message: a log line a kind."""

import logging

MAX_KINDS = 100  # kinds of one Once; further ones are not told


class WarnOnce:
    """Lives as long as what it speaks for: after a restart everything is told again."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._said: set[str] = set()

    def warn(self, kind: str, text: str, *args: object, error: Exception | None = None) -> None:
        """A warning, with the error's traceback; nothing where this kind was told before."""
        if kind not in self._said and len(self._said) < MAX_KINDS:
            self._said.add(kind)
            self._logger.warning(text, *args, exc_info=error)
