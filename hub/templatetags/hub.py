"""`{% load hub %}`: what a project's base template needs for toasts and the bell."""

from typing import Any

from django import template
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.template import Context

from hub.pages.frame import path_of
from hub.ui.bell import shown_count, unseen_count
from hub.ui.head import head_context

register = template.Library()


@register.inclusion_tag("hub/head.html", takes_context=True)
def hub_head(
    context: Context, topics: Any = None, nonce: str = "", quiet: Any = None
) -> dict[str, Any]:
    """In the page's `<head>`: the hub's style sheet, its script, and what the script must know.

    The script opens the socket, shows the user's events as toasts, and dispatches all of them on
    the document as `hub:event`. `topics`, a list or a text with spaces, are followed besides the
    user's own; by default those of the view's context variable `hub_topics`. Events of the topics
    in `quiet`, by default those of `hub_quiet`, make no toasts on this page. `nonce` is for a
    content security policy that asks for one.
    """
    wanted = context.get("hub_topics", "") if topics is None else topics
    silent = context.get("hub_quiet", "") if quiet is None else quiet
    request = _request_of(context, "hub_head")
    return {**head_context(request, wanted or "", silent or ""), "nonce": nonce}


@register.inclusion_tag("hub/bell.html", takes_context=True)
def hub_bell(context: Context) -> dict[str, Any]:
    """A link to the inbox with the number of unseen events, which counts live. One query.

    Nothing for visitors.
    """
    request = _request_of(context, "hub_bell")
    user = getattr(request, "user", None)
    path = path_of("hub:inbox")
    if user is None or not user.is_authenticated or not path:
        return {"path": ""}
    count = unseen_count(user)
    shown = shown_count(count)
    return {"path": path, "count": count, "shown": shown, "is_here": request.path == path}


def _request_of(context: Context, tag: str) -> HttpRequest:
    request: HttpRequest | None = context.get("request")
    if request is None:
        raise ImproperlyConfigured(
            f"{{% {tag} %}} needs the request: render the template with it, and put "
            "'django.template.context_processors.request' into TEMPLATES' context_processors"
        )
    return request
