from allauth.account.models import EmailAddress
from allauth.account.signals import user_signed_up
from django.db.models.signals import post_save

import hub

hub.atomic(EmailAddress)


class Welcomed(hub.EventType, frozen=True):
    type = "guest.welcomed"
    name: str

    def title(self):
        return f"Welcome, {self.name}"


class AddressAdded(hub.EventType, frozen=True):
    type = "guest.address_added"
    address: str


# A plain signal, sent in autocommit by another package.
@hub.receiver(user_signed_up, dispatch_uid="desk.welcome")
def welcome(sender, user, **kwargs):
    hub.publish(Welcomed(name=user.get_username()), hub.user_topic(user.pk))


# A model of another package, made atomic.
@hub.receiver(post_save, sender=EmailAddress, dispatch_uid="desk.tell_address")
def tell_address(sender, instance, created, **kwargs):
    if created:
        hub.publish(AddressAdded(address=instance.email), hub.user_topic(instance.user_id))
