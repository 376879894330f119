"""What a trusted proxy tells of a client: its address, which limits go by, and its scheme."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

Address = IPv4Address | IPv6Address

FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"
MAX_HEADER = 1024  # bytes of a forwarded header that are looked at, from the right
# By a proxy's word. Some write `ws` for a WebSocket, others `http`.
SCHEMES = {
    "http": {b"http": "http", b"https": "https"},
    "websocket": {b"http": "ws", b"https": "wss", b"ws": "ws", b"wss": "wss"},
}
IPV6_PREFIX = 64  # bits: one client has a whole network of this size to choose from


class TrustedProxies:
    """The proxies whose `X-Forwarded-For` and `-Proto` count.

    Each is an address, or a network such as 10.0.0.0/8.
    """

    def __init__(self, proxies: Iterable[str]) -> None:
        """Raises ValueError."""
        self._networks = [ip_network(one) for one in proxies]

    def address_of(self, scope: Mapping[str, Any]) -> str | None:
        """The client's address; None where no limit per address applies to it.

        That is loopback, an unknown address, and a private peer that is not declared: most likely
        a proxy, behind which all clients would share one limit. An IPv6 address stands for its
        network.
        """
        peer = _parse((scope.get("client") or ("",))[0])
        if peer is None or (peer.is_loopback and not self._trusts(peer)):
            return None
        if self._trusts(peer):
            found = self._forwarded(scope["headers"])
            return None if found is None or found.is_loopback else _text(found)
        return None if peer.is_private else _text(peer)

    def scheme_of(self, scope: Mapping[str, Any]) -> str:
        """How the client speaks to the outermost server: `http`, `https`, `ws` or `wss`.

        The last `X-Forwarded-Proto` counts, which is the nearest proxy's, if that is trusted.
        """
        plain = str(scope.get("scheme") or ("ws" if scope["type"] == "websocket" else "http"))
        if not self._networks:
            return plain
        peer = _parse((scope.get("client") or ("",))[0])
        if peer is None or not self._trusts(peer):
            return plain
        value = b",".join(value for name, value in scope["headers"] if name == PROTO)
        told = value[-MAX_HEADER:].rpartition(b",")[2].strip().lower()
        return SCHEMES[scope["type"]].get(told, plain)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def _forwarded(self, headers: Iterable[tuple[bytes, bytes]]) -> Address | None:
        """From the right: each trusted proxy vouches for the address before its own."""
        value = b",".join(value for name, value in headers if name == FOR)
        parts = value[-MAX_HEADER:].decode("latin-1").split(",")
        if len(value) > MAX_HEADER:
            del parts[0]  # it may be cut
        for part in reversed(parts):
            address = _parse(part.strip()) or _parse(_without_port(part.strip()))
            if address is None or not self._trusts(address):
                return address
        return None


def load_trusted_proxies() -> TrustedProxies:
    """From `settings.TRUSTED_PROXIES`. Raises ImproperlyConfigured."""
    try:
        return TrustedProxies(getattr(settings, "TRUSTED_PROXIES", ()))
    except ValueError as error:
        raise ImproperlyConfigured(f"settings.TRUSTED_PROXIES: {error}") from error


def address_of_request(request: HttpRequest) -> str | None:
    """As `TrustedProxies.address_of`, for a request of either kind."""
    forwarded = request.headers.get("X-Forwarded-For", "").encode("latin-1", "replace")
    scope = {
        "client": (request.META.get("REMOTE_ADDR", ""),),
        "headers": [(FOR, forwarded)],
    }
    return load_trusted_proxies().address_of(scope)


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(text: str) -> str:
    """Of `8.8.8.8:1234` or `[::1]:1234`, as some proxies write it."""
    return text.rpartition(":")[0].strip("[]")


def _text(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, IPV6_PREFIX), strict=False))
