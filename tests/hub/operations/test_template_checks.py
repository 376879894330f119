"""The check of the template that the hub's pages extend."""

import pytest

from hub.operations.template_checks import check_base_template
from tests.hub.operations.connecting import ids

HEAD = "<head>{% load hub %}{% hub_head %}</head>"
CONTENT = "{% block content %}{% endblock %}"


@pytest.fixture
def templates(settings):
    """Sets the project's templates, of which base.html is the one that the hub's pages extend."""

    def put(**files: str) -> None:
        texts = {f"{name}.html": text for name, text in files.items()}
        loaders = [("django.template.loaders.locmem.Loader", texts)]
        settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": loaders},
            }
        ]
        settings.HUB = {"BASE_TEMPLATE": "base.html"}

    return put


def test_the_hubs_own_template_has_what_it_needs(settings):
    assert check_base_template(None) == []
    settings.HUB = {"BASE_TEMPLATE": "hub/base.html"}
    assert check_base_template(None) == []


def test_one_that_is_missing_or_broken_is_an_error(templates):
    templates()
    (found,) = check_base_template(None)
    assert found.id == "hub.E015" and "base.html" in found.msg
    templates(base="{% if %}")
    assert ids(check_base_template(None)) == ["hub.E015"]
    templates(base="{% extends 'gone.html' %}")
    (found,) = check_base_template(None)
    assert found.id == "hub.E015" and "gone.html" in found.msg


def test_one_without_the_hubs_head_is_a_warning_that_says_what_to_add(templates):
    templates(base=f"<head></head>{CONTENT}")
    (found,) = check_base_template(None)
    assert found.id == "hub.W007" and "base.html has no {% hub_head %}" in found.msg
    assert found.hint == "{% load hub %}{% hub_head %} in its <head>"


def test_one_without_a_place_for_the_pages_is_a_warning(templates):
    templates(base=f"{HEAD}{{% block main %}}{{% endblock %}}")
    (found,) = check_base_template(None)
    assert found.id == "hub.W007" and "has no {% block content %}" in found.msg


@pytest.mark.parametrize(
    "files",
    [
        {"base": HEAD + CONTENT},
        {"base": "{% extends 'frame.html' %}", "frame": HEAD + CONTENT},
        {
            "base": f"{{% if 1 %}}{{% include 'head.html' %}}{{% endif %}}{CONTENT}",
            "head": HEAD,
        },
        {"base": "{% extends frame %}"},  # only a request says which one that is
        {"base": f"{HEAD}{CONTENT}{{% include 'base.html' %}}"},
        {"base": f"{HEAD}{CONTENT}{{% include 'gone.html' %}}"},
    ],
)
def test_one_that_has_it_or_may_get_it_from_another_template_passes(templates, files):
    templates(**files)
    assert check_base_template(None) == []
