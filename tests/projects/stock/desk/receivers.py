from django.db.models.signals import post_save

import hub
from desk.events import TicketAnswered
from desk.models import Answer


@hub.receiver(post_save, sender=Answer, dispatch_uid="desk.tell_asker")
def tell_asker(sender, instance, created, **kwargs):
    if created:
        asker = hub.user_topic(instance.ticket.asker_id)
        hub.publish(TicketAnswered(ticket=instance.ticket_id), asker)
