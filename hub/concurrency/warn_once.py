"""Logs a warning once per kind instead of once per socket or message."""

import logging

MAX_KINDS = 100  # kinds per WarnOnce; further kinds are not logged


class WarnOnce:
    """Remembers the kinds it has logged, for as long as its owner lives."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._logged: set[str] = set()

    def warn(self, kind: str, text: str, *args: object, error: BaseException | None = None) -> None:
        """Log a warning, with the error's traceback, unless this kind was logged before."""
        if kind not in self._logged and len(self._logged) < MAX_KINDS:
            self._logged.add(kind)
            self._logger.warning(text, *args, exc_info=error)
