"""Checks the names of users, which appear in other users' pages, in emails and on terminals."""

import unicodedata

from django.core.exceptions import ValidationError

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # part of the spelling in some scripts
INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, formats such as a change of direction, ends


def check_name(name: str) -> None:
    """A validator: raises ValidationError for control characters and line ends."""
    if any(unicodedata.category(one) in INVISIBLE and one not in JOINERS for one in name):
        raise ValidationError("Use letters, digits and signs that can be seen.", code="invisible")
