"""Whether a site is this machine's own, where the demo's public passwords do no harm."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host name or an address means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local_site(url: str) -> bool:
    """Whether a site is served over http to this machine only, as far as its URL tells."""
    site = urlsplit(url)
    return site.scheme == "http" and is_loopback(site.hostname or "")
