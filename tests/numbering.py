"""The drain, as tests call it: patient, because a busy machine stands still now and then.

The relay and the worker keep their time-outs in tests, too; they try again where they were late.
"""

from hub.log import numbering
from hub.log.numbering import Drained, Timing
from tests.rig.wait import PATIENCE

_MS = int(PATIENCE * 1000)
PATIENT = Timing(lock_hold_ms=_MS, lock_wait_ms=_MS, statement_ms=_MS)


def drain() -> Drained:
    return numbering.drain(PATIENT)
