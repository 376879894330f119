"""Refuses versions of server software that a class of ours was not tested with."""

from importlib.metadata import version

from django.core.exceptions import ImproperlyConfigured


def require(what: str, **series: str) -> None:
    """Raise ImproperlyConfigured unless each package is of its series, such as uvicorn="0.54".

    The classes use what the server does not promise to keep, so another version may change it.
    """
    for package, tested in series.items():
        installed = version(package)
        if not f"{installed}.".startswith(f"{tested}."):
            raise ImproperlyConfigured(
                f"{what} was tested with {package} {tested} only, and this is {installed}: install "
                f"{package} {tested}, or start the server without {what}"
            )
