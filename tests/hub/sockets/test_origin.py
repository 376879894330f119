import pytest

from hub.sockets.origin import is_own_origin


def scope(origin, host=b"shop.example", scheme="ws"):
    headers = [(b"host", host)] if host is not None else []
    if origin is not None:
        headers.append((b"origin", origin))
    return {"headers": headers, "scheme": scheme}


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.ALLOWED_HOSTS = ["shop.example", "[::1]"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://partner.example", "https://*.pages.example"]


@pytest.mark.parametrize(
    "scope_",
    [
        scope(None),
        scope(b"http://shop.example"),
        scope(b"http://shop.example:80"),
        scope(b"http://SHOP.example"),
        scope(b"https://shop.example", scheme="wss"),
        scope(b"https://shop.example", host=b"shop.example:443", scheme="wss"),
        scope(b"http://shop.example:8000", host=b"shop.example:8000"),
        scope(b"http://[::1]:8000", host=b"[::1]:8000"),
        scope(b"https://partner.example"),
        scope(b"https://one.pages.example"),
    ],
)
def test_scheme_host_and_port_of_this_site_or_a_trusted_one_are_own(scope_):
    assert is_own_origin(scope_)


@pytest.mark.parametrize(
    "scope_",
    [
        scope(b"null"),
        scope(b""),
        scope(b"http://elsewhere.example"),
        scope(b"https://shop.example"),
        scope(b"http://shop.example", scheme="wss"),
        scope(b"http://shop.example:8000"),
        scope(b"http://shop.example.elsewhere.example"),
        scope(b"http://elsewhere.example", host=b"elsewhere.example"),
        scope(b"http://partner.example"),
        scope(b"https://partner.example:8443"),
        scope(b"http://one.pages.example"),
        scope(b"https://evilpages.example"),
        scope(b"http://shop.example", host=None),
        scope(b"http://shop.example:99999", host=b"shop.example:99999"),
        scope(b"http://\xff", host=b"shop.example"),
        scope(b"http://[", host=b"shop.example"),
    ],
)
def test_anything_else_is_foreign(scope_):
    assert not is_own_origin(scope_)
