"""Operations: system checks, the doctor, health."""

from hub.operations.local_site import is_local_site, is_loopback
from hub.operations.weak_secret import GENERATED, MIN_SECRET

__all__ = ["GENERATED", "MIN_SECRET", "is_local_site", "is_loopback"]
