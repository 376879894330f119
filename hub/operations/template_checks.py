"""System checks of the template that the hub's pages extend."""

import re
from collections.abc import Iterator
from typing import Any

from django.core import checks
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.base import Template
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode, IncludeNode

from hub.limits import other_setting

HINT = 'HUB = {"BASE_TEMPLATE": "base.html"}, with {% load hub %}{% hub_head %} in its head'
# What a base template needs: how it is found, what is missing without it, and what to write.
NEEDED = (
    (
        r"{%\s*hub_head\b",
        "has no {% hub_head %}, so the hub's pages lack their style, toasts and live figures",
        "{% load hub %}{% hub_head %} in its <head>",
    ),
    (
        r"{%\s*block\s+content\b",
        "has no {% block content %}, so the hub's pages are empty",
        "{% block content %}{% endblock %} in its <body>",
    ),
)


@checks.register("hub")
def check_base_template(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    name = other_setting("BASE_TEMPLATE", "")
    if not name:
        return []
    try:
        template = getattr(get_template(name), "template", None)
        text = "".join(_sources(template)) if isinstance(template, Template) else None
    except TemplateDoesNotExist as error:
        text = f"settings.HUB['BASE_TEMPLATE']: there is no template {error}"
    except TemplateSyntaxError as error:
        text = f"settings.HUB['BASE_TEMPLATE']: {error}"
    except _NameIsComputed:
        return []
    else:
        return [] if text is None else _lacks(name, text)
    return [checks.Error(text, hint=HINT, id="hub.E015")]


class _NameIsComputed(Exception):
    """Only a request says which template is extended or included."""


def _sources(template: Template, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The text of the template, of those it extends and of those it includes."""
    yield str(template.source)
    nodes: list[Any] = template.nodelist.get_nodes_by_type((ExtendsNode, IncludeNode))  # type: ignore[arg-type]
    for node in nodes:
        named: Any = node.parent_name if isinstance(node, ExtendsNode) else node.template
        name = named.var
        if not isinstance(name, str):
            raise _NameIsComputed
        if name in seen:
            continue
        try:
            found = template.engine.get_template(name)
        except TemplateDoesNotExist:
            if isinstance(node, ExtendsNode):
                raise
            continue  # it may stand in a branch that no page takes
        yield from _sources(found, seen | {name})


def _lacks(name: str, text: str) -> list[checks.CheckMessage]:
    return [
        checks.Warning(f"settings.HUB['BASE_TEMPLATE']: {name} {lack}", hint=hint, id="hub.W007")
        for pattern, lack, hint in NEEDED
        if not re.search(pattern, text)
    ]
