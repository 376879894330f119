"""What a server's log says that it should not say."""

import re
from collections.abc import Sequence

_ALARM = re.compile(
    r"Traceback \(most recent call last\)| (ERROR|CRITICAL) |database is locked|^Exception "
    r"|was never (awaited|retrieved)|Unhandled error|Task was destroyed"
)
# Documented answers that Django writes down as errors.
_NORMAL = [r"django\.request: Service Unavailable: /readyz"]


def unexpected(log: str, expected: Sequence[str]) -> list[str]:
    """The alarming entries of a log that match none of the `expected` regular expressions.

    An entry is a line with the traceback under it, so that a pattern may match any part of it.
    """
    allowed = [re.compile(pattern, re.MULTILINE) for pattern in (*_NORMAL, *expected)]
    return [
        entry
        for entry in _entries(log.splitlines())
        if _ALARM.search(entry) and not any(pattern.search(entry) for pattern in allowed)
    ]


def _entries(lines: Sequence[str]) -> list[str]:
    entries: list[str] = []
    traceback = False
    for line in lines:
        if traceback or line.startswith("Traceback "):
            if entries:
                entries[-1] += f"\n{line}"
            else:
                entries.append(line)
            # Its last line, `Name: text`, is the first that is not indented.
            traceback = line.startswith(("Traceback ", " ", "During handling", "The above")) or (
                not line
            )
        else:
            entries.append(line)
    return entries
