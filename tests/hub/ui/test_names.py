"""What pages call topics."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from hub import Policy

pytestmark = pytest.mark.django_db(transaction=True)


class NamingPolicy(Policy):
    """Has a name for every topic, as a project's that looks topics up by their key."""

    def topic_names(self, topics):
        return {topic: f"the name of {topic}" for topic in topics}


def test_muting_a_guessed_topic_does_not_tell_its_name(settings):
    settings.HUB = {**settings.HUB, "POLICY": f"{__name__}.NamingPolicy"}
    ana = get_user_model().objects.create_user("ana")
    client = Client()
    client.force_login(ana)
    for form in ({"topic": "contract.7", "back": ""}, {"topic": "contract.7"}):
        page = client.post(reverse("hub:mute"), form, follow=True).content.decode()
        assert "contract.7" in page and "the name of contract.7" not in page
    # Those of topics that the user may receive are shown.
    client.post(reverse("hub:mute"), {"topic": "staff"})
    get_user_model().objects.update(is_staff=True)
    page = client.get(reverse("hub:preferences")).content.decode()
    assert "the name of staff" in page and "the name of contract.7" not in page
