"""docs/quickstart.md, followed to the letter in an untouched project, and seen in a browser."""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.quickstart.project import Project, answering, blocks
from tests.rig import browser as rig_browser
from tests.rig.server import ROOT
from tests.rig.wait import wait_until

TOAST = "Your question was answered: Turn it off and on."


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder]
    subprocess.run([*pip, ROOT], check=True)
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = rig_browser.find()
    assert program is not None, "no Chromium"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(**rig_browser.launch_options(program))


def by_the_page(project: Project) -> None:
    """Each block where the page says."""
    code = blocks()
    for path in ("mysite/settings.py", "mysite/asgi.py", "mysite/urls.py"):
        project.append(path, f"\n{code[path]}")
    page = project.read("desk/templates/base.html").replace("</head>", f"  {code['head']}\n</head>")
    page = page.replace("<header>", f"<header>{code['bell']}")
    project.write("desk/templates/base.html", page)


def by_the_command(project: Project) -> None:
    """`hub` among the applications, then what `hub_init` writes: the same lines."""
    project.append("mysite/settings.py", 'INSTALLED_APPS += ["hub"]\n')
    diff = project.run("manage.py", "hub_init")
    code = blocks()
    wanted = "\n".join(code.values()).replace(', "hub"]', "]").splitlines()
    # In the quotes of the files.
    added = diff.replace("'", '"').splitlines()
    told = {line.removeprefix("+").strip() for line in added if line[:1] == "+"}
    own = {line for name in code if name.startswith("desk/") for line in code[name].splitlines()}
    assert {line for line in wanted if line and line not in own} <= told
    assert "hub.middleware" not in project.read("mysite/settings.py")
    project.run("manage.py", "hub_init", "--write", "--no-input")
    assert "Nothing is missing" in project.run("manage.py", "hub_init")


@pytest.fixture
def served(project: Project) -> Iterator[Project]:
    """The project behind `runserver`; its log must hold no warning at the end."""
    log = project.folder / "server.log"
    command = [project.python, "manage.py", "runserver", "--noreload", str(project.port)]
    with log.open("w") as file:
        server = subprocess.Popen(
            command, cwd=project.folder, env=project.environment, stdout=file, stderr=file
        )
    try:
        wait_until(lambda: _is_ready(project), what=log.read_text)
        yield project
    finally:
        server.terminate()
        server.wait(30)
    assert not re.search(r"WARNING:? (?!This is a development)|ERROR|Traceback", log.read_text()), (
        log.read_text()
    )


def _is_ready(project: Project) -> bool:
    try:
        with urllib.request.urlopen(f"{project.url}/hub/readyz") as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(
    params=[("5.2", "3.11", by_the_page), ("6.1", "3.12", by_the_command)],
    ids=["page-5.2", "command-6.1"],
)
def project(request: pytest.FixtureRequest, tmp_path: Path, wheel: Path) -> Project:
    django, python, put_in = request.param
    made = Project(tmp_path, wheel, django, python)
    put_in(made)
    made.write("desk/notices.py", blocks()["desk/notices.py"])
    made.run("manage.py", "makemigrations", "desk")
    made.run("manage.py", "migrate")
    made.shell(
        "from django.contrib.auth.models import User;"
        "User.objects.create_superuser('ana', 'ana@example.com', 'a-long-password')"
    )
    return made


def test_a_stranger_sees_a_toast_the_bell_the_inbox_and_the_dashboard(
    served: Project, chromium: Browser
) -> None:
    assert "no issues" in served.run("manage.py", "check")
    page = chromium.new_context(base_url=served.url).new_page()
    trouble: list[Any] = []
    page.on("console", lambda said: said.type in ("error", "warning") and trouble.append(said))
    page.on("pageerror", lambda error: trouble.append(error))
    log_in(page)
    expect(page.locator("html")).to_have_attribute("data-hub-state", "live")
    expect(page.get_by_role("link", name="Inbox")).to_be_visible()

    served.shell(answering())
    expect(page.locator(".hub-toast")).to_contain_text(TOAST)
    bell = page.get_by_role("link", name="Inbox, 1 new")
    expect(bell).to_be_visible()

    bell.click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(page.locator(".hub-item")).to_contain_text(TOAST)
    page.goto("/hub/preferences/")
    expect(page.get_by_role("rowheader", name="Question: answered")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("saved")
    page.goto("/hub/dashboard/")
    expect(page.locator(".hub-metrics")).to_have_attribute("data-state", "live")
    expect(page.locator("[data-figure=rate]")).not_to_have_text("0")
    # The project itself has no icon.
    assert [
        str(one) for one in trouble if "favicon.ico" not in str(getattr(one, "location", ""))
    ] == []
    doctor = served.run("manage.py", "hub_doctor")
    assert "FAILURE" not in doctor, doctor


def log_in(page: Page) -> None:
    page.goto("/admin/login/?next=/")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("/")


def test_at_most_17_lines_besides_imports() -> None:
    code = blocks()
    lines = [
        line
        for name, text in code.items()
        for line in text.splitlines()
        if line.strip() and not re.match(r"\s*(import|from)\b", line)
    ]
    assert len(lines) <= 17, lines
