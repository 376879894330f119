import pytest
from django.core.exceptions import ImproperlyConfigured

from hub.identity.address import MAX_HEADER, TrustedProxies, load_trusted_proxies


def address_of(peer, *forwarded, proxies=()):
    headers = [(b"host", b"x"), *((b"x-forwarded-for", one.encode()) for one in forwarded)]
    scope = {"client": (peer, 1234) if peer else None, "headers": headers}
    return TrustedProxies(proxies).address_of(scope)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("203.0.113.7", None),  # for documentation, and so not public
        ("8.8.8.8", "8.8.8.8"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("2600:1:2:3:4:5:6:7", "2600:1:2:3::/64"),
        ("127.0.0.1", None),
        ("::1", None),
        ("10.1.2.3", None),
        ("fd00::1", None),
        ("testclient", None),
        (None, None),
    ],
)
def test_a_peer_counts_unless_it_is_local_or_may_be_a_proxy(peer, address):
    assert address_of(peer) == address


def test_what_an_undeclared_peer_forwards_does_not_count():
    assert address_of("8.8.8.8", "9.9.9.9") == "8.8.8.8"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["9.9.9.9"], "9.9.9.9"),
        (["9.9.9.9:4711"], "9.9.9.9"),
        (["[2600::7]:4711"], "2600::/64"),
        (["1.1.1.1, 9.9.9.9"], "9.9.9.9"),
        (["1.1.1.1", "9.9.9.9, 10.0.0.2"], "9.9.9.9"),
        (["9.9.9.9, 10.0.0.2,10.0.0.3"], "9.9.9.9"),
        (["192.168.1.7"], "192.168.1.7"),
        (["9.9.9.9, made up"], None),
        (["10.0.0.2"], None),
        ([], None),
        (["127.0.0.1"], None),
        (["1.1.1.1," * 10_000 + "9.9.9.9"], "9.9.9.9"),
    ],
)
def test_behind_trusted_proxies_the_last_address_that_is_none_of_theirs_counts(forwarded, address):
    assert address_of("10.0.0.1", *forwarded, proxies=["10.0.0.0/8"]) == address


def test_a_loopback_proxy_can_be_declared():
    assert address_of("127.0.0.1", "9.9.9.9", proxies=["127.0.0.1"]) == "9.9.9.9"


def test_an_address_that_is_cut_by_the_bound_is_nobodys():
    trusted = "10.0.0.1," * (MAX_HEADER // 9 + 1)
    assert address_of("10.0.0.1", "9.9.9.9," + trusted + "10.0.0.1", proxies=["10.0.0.1"]) is None


def test_a_wrong_proxy_is_refused_by_name(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "proxy.example"]
    with pytest.raises(ImproperlyConfigured, match=r"proxy\.example"):
        load_trusted_proxies()
    del settings.TRUSTED_PROXIES
    assert load_trusted_proxies().address_of({"client": ("8.8.8.8", 1), "headers": []}) == "8.8.8.8"


@pytest.mark.parametrize(
    ("kind", "peer", "told", "scheme"),
    [
        ("http", "10.0.0.1", "https", "https"),
        ("websocket", "10.0.0.1", "https", "wss"),
        ("websocket", "10.0.0.1", "wss", "wss"),
        ("http", "10.0.0.1", "http, https", "https"),
        ("http", "10.0.0.1", "https, http", "http"),
        ("http", "10.0.0.1", "gopher", "http"),
        ("http", "10.0.0.1", None, "http"),
        ("http", "10.9.9.9", "https", "http"),
        ("websocket", None, "https", "ws"),
    ],
)
def test_only_a_trusted_proxy_says_that_a_client_came_over_tls(kind, peer, told, scheme):
    headers = [(b"x-forwarded-proto", told.encode())] if told else []
    scope = {"type": kind, "client": (peer, 1234) if peer else None, "headers": headers}
    assert TrustedProxies(["10.0.0.1"]).scheme_of(scope) == scheme
