"""Storages whose URLs follow the path below which a server serves the site (`--root-path`)."""

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage
from django.urls import get_script_prefix


class StaticStorage(StaticFilesStorage):
    def url(self, name: str) -> str:
        return _below_root(super().url(name))


class MediaStorage(FileSystemStorage):
    def url(self, name: str | None) -> str:
        return _below_root(super().url(name))


def _below_root(path: str) -> str:
    # Per request: STATIC_URL and MEDIA_URL are read once, before a server has named its root path.
    return get_script_prefix().rstrip("/") + path
