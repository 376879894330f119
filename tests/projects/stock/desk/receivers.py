from django.conf import settings
from django.db.models.signals import post_save

import hub
from desk.events import Made, TicketAnswered
from desk.models import Answer


@hub.receiver(post_save, sender=Answer, dispatch_uid="desk.tell_asker")
def tell_asker(sender, instance, created, **kwargs):
    if created:
        asker = hub.user_topic(instance.ticket.asker_id)
        hub.publish(TicketAnswered(ticket=instance.ticket_id), asker)


@hub.receiver(post_save, sender="auth.Group", dispatch_uid="desk.tell_group")
@hub.receiver(post_save, sender=settings.AUTH_USER_MODEL, dispatch_uid="desk.tell_user")
def tell_made(sender, instance, created, **kwargs):
    if created:
        hub.publish(Made(row=str(instance.pk)), "staff")
