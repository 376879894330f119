"""The tags of the hub that a project's base template lacks."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.template import TemplateSyntaxError, engines
from django.template.backends.django import DjangoTemplates

from hub.operations.project_files import Change, hand, read

BASE_TEMPLATES = ("base.html", "_base.html", "layout.html")
LOAD, HEAD_TAG, BELL_TAG = "{% load hub %}", "{% hub_head %}", "{% hub_bell %}"
# A tag of HTML whose attributes may hold tags of Django's.
PLACE_OF_BELL = re.compile(r"<(?:header|body)\b(?:{%.*?%}|{{.*?}}|[^>])*?>(?:\r?\n)?", re.DOTALL)


def base_template_changes() -> Iterator[Change | str]:
    """The project's base template with the tags that no template of the project has."""
    here = Path.cwd()
    folders = [
        (engine, folder)
        for engine in engines.all()
        if isinstance(engine, DjangoTemplates)
        for folder in map(Path, engine.template_dirs)
        if here in folder.resolve().parents
    ]
    texts = [read(file) or "" for _, folder in folders for file in folder.rglob("*.html")]
    tags = {
        name: tag
        for name, tag in (("hub_head", LOAD + HEAD_TAG), ("hub_bell", LOAD + BELL_TAG))
        if not any(re.search(rf"{{%\s*{name}\b", text) for text in texts)
    }
    places = {"hub_head": "<head>", "hub_bell": "<header>"}
    for engine, folder in folders:
        for file in (folder / name for name in BASE_TEMPLATES):
            if tags and (before := read(file)) is not None:
                after = before
                for name in [*tags]:
                    changed = _with_tag(after, name)
                    if changed != after and _compiles(engine, changed):
                        after = changed
                        del tags[name]
                if after != before:
                    yield Change(file, before, after)
    for name, tag in tags.items():
        yield hand(f"the {places[name]} of your base template", [tag])


def _with_tag(text: str, name: str) -> str:
    """The text with the tag in its place; unchanged if it has no such place."""
    end = "\r\n" if "\r\n" in text else "\n"
    if name == "hub_head":
        return re.sub(r"([ \t]*)</head>", rf"\1{LOAD}{HEAD_TAG}{end}\1</head>", text, count=1)
    places = [*PLACE_OF_BELL.finditer(text)]
    if not places:
        return text
    before, after = text[: places[-1].end()], text[places[-1].end() :]
    load = "" if LOAD in before else LOAD
    line_end = "" if before.endswith("\n") else end
    return f"{before}{line_end}{load}{BELL_TAG}{end}{after}"


def _compiles(engine: DjangoTemplates, text: str) -> bool:
    try:
        engine.from_string(text)
    except TemplateSyntaxError:
        return False
    return True
