"""Time stamps that another process, with another clock, may have written."""

import datetime

# Seconds that two machines' clocks may differ. A stamp further ahead was written by a clock that
# was wrong, and would otherwise stop the work until that time has come.
CLOCK_TOLERANCE = datetime.timedelta(seconds=60)


def has_passed(span: datetime.timedelta, stamp: datetime.datetime, now: datetime.datetime) -> bool:
    """Whether `span` has passed since the stamp. A stamp from the future counts as old."""
    return now - stamp >= span or stamp > now + CLOCK_TOLERANCE
