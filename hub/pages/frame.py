"""A page of the hub, in the project's frame."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from hub.limits import other_setting


def base_template() -> str:
    """The template that the hub's pages extend: `HUB["BASE_TEMPLATE"]`, else the hub's own.

    It needs `{% hub_head %}` in its head, and the blocks `title` and `content`.
    """
    return other_setting("BASE_TEMPLATE", "hub/base.html")


def show(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page, for its user alone: no cache keeps it."""
    response = render(request, template, {"base_template": base_template(), **context})
    response["Cache-Control"] = "private, no-store"
    return response


def path_of(name: str) -> str:
    """The path of one of the hub's pages; empty where the project does not include `hub.urls`."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
