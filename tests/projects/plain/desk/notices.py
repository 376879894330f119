from django.db.models.signals import post_save

import hub
from desk.models import Answer


class QuestionAnswered(hub.EventType, frozen=True):
    type = "question.answered"
    text: str

    def title(self):
        return "Your question was answered"


hub.atomic(Answer)


@hub.receiver(post_save, sender=Answer, dispatch_uid="desk.tell_asker")
def tell_asker(sender, instance, created, **kwargs):
    if created:
        hub.publish(QuestionAnswered(text=instance.text), hub.user_topic(instance.asker_id))
