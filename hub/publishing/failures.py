"""Counts receivers that raised where they may not break what they listen to."""

import logging

from django.db import DatabaseError, router, transaction
from django.db.models import F
from django.utils import timezone

from hub.models import ReceiverFailure

logger = logging.getLogger("hub.receiver")

# Whether every receiver passes on what it raises: in tests, which set it through `hub.testing`.
passed_on = False


def record(receiver: str, error: Exception) -> None:
    """Store that this receiver raised, for `hub_doctor`; a database that fails is logged."""
    using = router.db_for_write(ReceiverFailure)
    text = f"{type(error).__name__}: {error}"[: ReceiverFailure.MAX_ERROR].replace("\x00", "")
    try:
        with transaction.atomic(using=using):
            ReceiverFailure.objects.using(using).update_or_create(
                receiver=receiver[-ReceiverFailure.MAX_NAME :],
                defaults={"count": F("count") + 1, "at": timezone.now(), "error": text},
                create_defaults={"count": 1, "at": timezone.now(), "error": text},
            )
    except DatabaseError:
        logger.exception("the failure of %s could not be counted", receiver)
