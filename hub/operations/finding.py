"""One line of the doctor's report."""

from typing import Literal

import msgspec

Verdict = Literal["ok", "warning", "failure"]


class Finding(msgspec.Struct, frozen=True):
    """What was examined and found. `hint` says what to change."""

    subject: str
    verdict: Verdict
    text: str
    hint: str = ""
