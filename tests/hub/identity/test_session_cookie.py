import time

import pytest

from hub.identity.session_cookie import MAX_HEADER, session_key_of

KEY = "abcdefghijklmnopqrstuvwxyz012345"
SIGNED = ".eJxVjDsOwjAQBe_iGlm7_sQ2JT1niHb9wQFkS3FSIe5OIqWA9s3Me4uRtrWMW0_LOEVx:1abcd:x_-Y"


def key_of(*cookies):
    headers = [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]
    return session_key_of([(b"host", b"sessionid=no"), *headers])


@pytest.mark.parametrize(
    "cookies",
    [
        [f"sessionid={KEY}"],
        [f"a=b; sessionid={KEY}; c=d"],
        [f"a=b;sessionid = {KEY} ;c"],
        ["a=b", f"sessionid={KEY}"],
        [f"xsessionid=no; sessionid={KEY}; sessionidx=no"],
        [f"sessionid=first; sessionid={KEY}"],
        [f'x="sessionid=no; {{; sessionid={KEY}'],
    ],
)
def test_the_session_cookie_is_found(cookies):
    assert key_of(*cookies) == KEY


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "sessionid",
        "sessionid=",
        "sessionid=" + "x" * 65,
        'sessionid="\\000abcdefgh"',
        "sessionid=abc\x00defgh",
        "sessionid=ä" + KEY,
        "a=sessionid=" + KEY,
    ],
)
def test_what_can_be_no_session_key_is_none(cookie):
    assert key_of(cookie) is None


def test_a_session_that_its_cookie_holds_may_be_long(settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    assert key_of(f"sessionid={SIGNED}") == SIGNED
    assert key_of("sessionid=" + "x" * 4096) == "x" * 4096
    assert key_of("sessionid=" + "x" * 4097) is None


def test_the_name_of_the_cookie_is_the_projects(settings):
    settings.SESSION_COOKIE_NAME = "shop.sid"
    assert key_of(f"shopxsid=no; shop.sid={KEY}; sessionid=no") == KEY


@pytest.mark.parametrize(
    "cookie",
    [
        'sessionid="' + '\\"' * 32_000,
        ";" * 65_536,
        "; " * 32_768,
        ";sessionid=" * 5_957,
        ";" + " " * 65_000,
    ],
)
def test_a_visitors_cookies_cost_no_more_than_a_millisecond(cookie):
    took = []
    for _ in range(20):  # a busy machine spoils some
        begun = time.perf_counter()
        key_of(cookie)
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.001


def test_cookies_beyond_the_bound_are_not_looked_at():
    assert key_of("a=" + "b" * MAX_HEADER + f"; sessionid={KEY}") is None
