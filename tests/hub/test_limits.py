import resource

import pytest
from django.core.exceptions import ImproperlyConfigured

from hub.limits import Limits, contradictions, load_limits


def test_the_defaults_are_the_documented_ones(settings):
    settings.HUB = {}
    limits = load_limits()
    assert (limits.frame_in, limits.frame_out) == (65_536, 16_384)
    assert (limits.rate, limits.burst, limits.bytes_rate) == (20, 60, 262_144)
    assert (limits.topics, limits.connections) == (128, 10)
    assert limits.sockets == resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2
    assert (limits.address_sockets, limits.visitor_share) == (200, 0.8)
    assert (limits.window_events, limits.window_bytes) == (256, 1_048_576)
    assert (limits.ring_events, limits.ring_bytes) == (10_000, 16_777_216)
    assert (limits.replay, limits.ticket_age, limits.retention_days) == (2_000, 300, 90)
    assert (limits.hello, limits.ping, limits.pong) == (10, 25, 10)


def test_a_setting_changes_its_limit_and_no_other(settings):
    settings.HUB = {"PING": 5}
    assert load_limits() == Limits(ping=5)


def test_the_setting_is_optional(settings):
    del settings.HUB
    assert load_limits() == Limits()


@pytest.mark.parametrize(
    ("configured", "named"),
    [
        ({"PINGS": 5}, "PINGS"),
        ({"ping": 5}, "ping"),
        ({"PING": "soon"}, "PING"),
        ({"RATE": 1.5}, "RATE"),
        ({"PING": 0}, "PING"),
        ({"WINDOW_EVENTS": -1}, "WINDOW_EVENTS"),
        ({"PING": float("nan")}, "PING"),
        ({"PONG": float("inf")}, "PONG"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(settings, configured, named):
    settings.HUB = configured
    with pytest.raises(ImproperlyConfigured, match=named):
        load_limits()


def test_the_defaults_do_not_contradict_each_other():
    assert contradictions(Limits()) == []


@pytest.mark.parametrize(
    ("configured", "named"),
    [
        ({"BYTES_RATE": 1_000}, ["FRAME_IN (65536) is above BYTES_RATE (1000)"]),
        ({"PROCESS_BYTES": 1_000}, ["WINDOW_BYTES (1048576) is above PROCESS_BYTES (1000)"]),
        ({"FRAME_OUT": 64 * 1024**2}, ["above WINDOW_BYTES", "above RING_BYTES"]),
        ({"FRAME_IN": 1_000, "BYTES_RATE": 1_000}, []),
    ],
)
def test_contradictory_limits_are_both_named(settings, configured, named):
    settings.HUB = configured
    found = contradictions(load_limits())
    assert len(found) == len(named)
    assert all(name in text for name, text in zip(named, found, strict=True))
