"""Ephemeral events of a process without a server."""

import pytest

from hub import publish_ephemeral
from hub.broadcast import serverless
from hub.concurrency.warn_once import WarnOnce
from tests.hub.site import Told
from tests.rig.wait import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_shared_layer_the_log_says_once_that_nobody_is_reached(caplog, monkeypatch):
    monkeypatch.setattr(serverless, "_once", WarnOnce(serverless.logger))
    caplog.set_level("WARNING", "hub.serverless")
    for _ in range(2):
        publish_ephemeral(Told(text="to nobody"), "open.1")
    assert caplog.text.count("publish_ephemeral reaches nobody") == 1


def test_a_layer_that_fails_harms_nobody(caplog, monkeypatch, settings):
    monkeypatch.setattr(serverless, "_once", WarnOnce(serverless.logger))
    caplog.set_level("WARNING", "hub.serverless")
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    nowhere = {"BACKEND": backend, "CONFIG": {"hosts": ["redis://127.0.0.1:1"]}}
    settings.CHANNEL_LAYERS = {"default": nowhere}
    publish_ephemeral(Told(text="to nobody"), "open.1")
    wait_until(lambda: "could not reach the servers" in caplog.text)
