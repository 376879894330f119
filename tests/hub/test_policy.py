"""The policy of the setting decides wherever none is passed."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from hub.inbox import Inbox
from hub.policy import Policy, current_policy
from hub.runtime import HubApplication
from tests.hub.reader import told


class Nothing(Policy):
    def refusals(self, user: Any, topics: Any) -> Any:
        return dict.fromkeys(topics, "forbidden")


def test_a_policy_that_refuses_otherwise_than_its_parent_does_so_for_many_users_too():
    class Everything(Policy):
        def refusals_many(self, wanted: Any) -> Any:
            return [set() for _ in wanted]

    class Less(Everything):
        def refusals(self, user: Any, topics: Any) -> Any:
            return dict.fromkeys(topics, "forbidden")

    assert list(Less().refusals_many([(None, ["a"])])[0]) == ["a"]
    assert Everything().refusals_many([(None, ["a"])]) == [set()]


def test_without_a_setting_a_user_receives_only_their_own_topic(settings):
    settings.HUB = {}
    assert type(current_policy()) is Policy


def test_a_class_that_is_no_policy_is_refused(settings):
    settings.HUB = {"POLICY": "hub.errors.HubError"}
    with pytest.raises(ImproperlyConfigured, match="must name a subclass"):
        current_policy()


def test_an_application_asks_the_policy_of_the_setting(settings):
    settings.HUB = {"POLICY": f"{__name__}.Nothing"}
    assert isinstance(HubApplication(None).policy, Nothing)


@pytest.mark.django_db(transaction=True)
def test_inbox_badge_and_api_ask_the_policy_of_the_setting(ana, client, settings):
    told(f"user.{ana.pk}", "text")
    client.force_login(ana)
    assert Inbox(ana).unseen() == len(client.get("/api/notifications").json()["items"]) == 1
    assert b"text" in client.get("/inbox/").content
    settings.HUB = {"POLICY": f"{__name__}.Nothing"}
    assert Inbox(ana).unseen() == len(client.get("/api/notifications").json()["items"]) == 0
    assert b'class="badge"' not in client.get("/inbox/").content
