"""Each new fact is told on its topic, by a signal, as applications do it."""

from typing import Any, ClassVar

from django.db.models.signals import post_save

from hub import EventType, publish, receiver
from tests.stress.facts.models import Fact


class FactStated(EventType, frozen=True):
    type: ClassVar[str] = "fact.stated"
    fact: str
    pad: str

    def title(self) -> str:
        return f"Fact {self.fact}"


@receiver(post_save, sender=Fact, dispatch_uid="facts.tell")
def tell(sender: Any, instance: Fact, created: bool, **kwargs: Any) -> None:
    if created:
        publish(FactStated(fact=instance.key, pad=instance.pad), instance.topic)
