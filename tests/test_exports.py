"""The public API: projects import these names from these paths, so none may vanish."""

from importlib import import_module

import pytest

import hub

PUBLIC = {
    "hub": (
        "AtomicQuerySet AtomicSave EventType HubApplication HubConsumer Policy apublish"
        " asgi_application atomic close_topic person_topic publish publish_ephemeral"
        " publish_many receiver revoke revoke_many session_digest subscribe subscribe_many topic"
        " unsubscribe unsubscribe_many user_topic"
    ),
    "hub.api": (
        "ApiError PersonThrottle Session answer_errors errors notifications_router preferences"
        " tickets unknown_path"
    ),
    "hub.api.answers": "ApiError Error ErrorDetail answer_errors errors refusal unknown_path",
    "hub.api.notifications": "notifications_router",
    "hub.api.preferences": "router",
    "hub.api.session": "PersonThrottle Session",
    "hub.api.tickets": "router",
    "hub.client": "Client Closed FINAL SUBPROTOCOL TICKET_EXPIRED",
    "hub.consumers": "HubConsumer",
    "hub.deliveries": "Deferred Letter Means Refused deliver_last",
    "hub.deliveries.email": "Email write_mail",
    "hub.deliveries.means": "Deferred Letter Means MeansError Refused",
    "hub.deliveries.unsubscribing": "ROUTE read_token unsubscribe_path",
    "hub.deliveries.views": "Unsubscribe",
    "hub.errors": (
        "BadEvent BadFrame BadRequest BadTopic BulkRefused ForeignMessage FrameTooLarge HubError"
        " NotAtomic ProtocolError PublishError"
    ),
    "hub.events": "EventType SEVERITIES data_of declared_types event_types frame_of",
    "hub.inbox": (
        "COUNTED Flags Inbox InboxChanged Item Page flags_of forget has_seen mark mark_all seen_by"
        " undo"
    ),
    "hub.limits": "Limits contradictions load_limits",
    "hub.log": "PAGE State due due_since is_more_due newest page state",
    "hub.metrics.middleware": "RouteMiddleware",
    "hub.middleware": "HubMiddleware",
    "hub.metrics.sample": "TOPIC MetricsSample",
    "hub.models": (
        "Delivery Event InboxException InboxMark InboxState Log Mute Preference Subscription Worker"
    ),
    "hub.pages": "PagePositionMiddleware page page_of without_page",
    "hub.paths": "path_below_root",
    "hub.policy": "Policy",
    "hub.preferences": (
        "Choice MEANS PreferenceError choose defaults forget_preferences hidden_types is_shown mute"
        " mutes_of preferences_of unmute wants"
    ),
    "hub.publishing": "publish publish_ephemeral publish_many",
    "hub.rights": "REASONS RightsRevoked revoke session_digest",
    "hub.runtime": "HubApplication HubRuntime",
    "hub.testing": "Fence HubCommunicator publish_fence ticket_for",
    "hub.urls": "app_name urlpatterns",
    "hub.topics": "check_topic is_topic person_of person_topic user_of user_topic",
    "hub.views": "healthz readyz",
}


@pytest.mark.parametrize("path", PUBLIC)
def test_every_public_name_can_be_imported_from_its_path(path: str) -> None:
    module = import_module(path)
    assert [name for name in PUBLIC[path].split() if not hasattr(module, name)] == []


def test_the_face_of_the_hub_offers_its_public_names_and_no_others() -> None:
    assert sorted(PUBLIC["hub"].split()) == hub.__all__
