"""Reports an interpreter with a known weakness that a visitor can use."""

import logging
import sys
from functools import cache

# CVE-2024-7592: the standard library's unquoting of a cookie takes quadratic time.
FIRST_FIXED: dict[tuple[int, ...], tuple[int, ...]] = {(3, 11): (3, 11, 10), (3, 12): (3, 12, 6)}

logger = logging.getLogger("hub")


def weakness(version: tuple[int, ...] = sys.version_info[:3]) -> str:
    """What is wrong with this version of Python, in one sentence; empty if nothing is known."""
    fixed = FIRST_FIXED.get(version[:2])
    if fixed is None or version >= fixed:
        return ""
    present, wanted = (".".join(map(str, one)) for one in (version, fixed))
    return f"on Python {present} a long cookie takes quadratic time (CVE-2024-7592): use {wanted}"


@cache
def warn_once() -> None:
    """Log the weakness of this interpreter, once per process."""
    if found := weakness():
        logger.warning("%s", found)
