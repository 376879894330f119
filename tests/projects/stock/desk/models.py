from django.conf import settings
from django.db import models

import hub


class Ticket(models.Model):
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)


class Answer(hub.AtomicSave, models.Model):
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE)
    objects = hub.AtomicQuerySet.as_manager()
