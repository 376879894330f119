"""`manage.py hub_init` in projects that are laid out in other ways than `startproject` does it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.projects.running import run

DONE = "Nothing is missing"
Prepare = Callable[[Path], None]


def change(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in changes:
        assert old in text, (old, text)
        text = text.replace(old, new, 1)
    file.write_text(text)


def settings_package(site: Path) -> None:
    """Tuples in base.py, to which dev.py adds a tuple."""
    folder = site / "mysite/settings"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    text = (site / "mysite/settings.py").read_text()
    text = re.sub(r"(INSTALLED_APPS|MIDDLEWARE) = \[(.*?)\]", r"\1 = (\2)", text, flags=re.DOTALL)
    (folder / "base.py").write_text(text.replace("= BASE_DIR", "= '/dev/null'"))
    (folder / "dev.py").write_text(
        "from .base import *\n\nDEBUG = True\n"
        "MIDDLEWARE = MIDDLEWARE + ('django.middleware.gzip.GZipMiddleware',)\n"
    )
    (site / "mysite/settings.py").unlink()
    for name in ("manage.py", "mysite/wsgi.py", "mysite/asgi.py"):
        change(site / name, ("mysite.settings", "mysite.settings.dev"))


def built_up(site: Path) -> None:
    """MIDDLEWARE in two steps, double quotes, and lines that end as on Windows."""
    file = site / "mysite/settings.py"
    file.write_text(file.read_text().replace("'", '"'))
    change(file, ("MIDDLEWARE = [", "MIDDLEWARE = []\nMIDDLEWARE += ["))
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))


def regular_expressions(site: Path) -> None:
    """urls.py knows no path(), and its last pattern takes every path."""
    (site / "mysite/urls.py").write_text(
        "from django.http import HttpResponse\n"
        "from django.urls import re_path\n\n"
        "urlpatterns = [re_path(r'^.*$', lambda request: HttpResponse())]\n"
    )


def without_asgi(site: Path) -> None:
    """From before Django 3.0, with a tuple of URLs."""
    urls = (site / "mysite/urls.py").read_text()
    (site / "mysite/urls.py").write_text(re.sub(r"= \[(.*?)\]", r"= (\1)", urls, flags=re.DOTALL))
    (site / "mysite/asgi.py").unlink()


def another_name(site: Path) -> None:
    """The application has a name of its own, with a type."""
    change(site / "mysite/asgi.py", ("application = ", "app: object = "))
    change(
        site / "mysite/settings.py", ("WSGI_APP", "ASGI_APPLICATION = 'mysite.asgi.app'\nWSGI_APP")
    )


def tag_in_an_attribute(site: Path) -> None:
    folder = site / "templates"
    folder.mkdir()
    (folder / "base.html").write_text(
        "<html><head></head>\n<body class='{% if 2 > 1 %}wide{% endif %}'>Hello</body></html>\n"
    )
    change(site / "mysite/settings.py", ("'DIRS': []", "'DIRS': [BASE_DIR / 'templates']"))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """What `startproject` makes, with `hub` among the applications."""
    done = run(tmp_path, "-m", "django", "startproject", "mysite", ".")
    assert done.returncode == 0, done.stderr
    change(
        tmp_path / "mysite/settings.py", ("INSTALLED_APPS = [", 'INSTALLED_APPS = [\n    "hub",')
    )
    return tmp_path


def contents(site: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(site)): file.read_bytes()
        for file in site.rglob("*")
        if file.suffix in (".py", ".html")
    }


@pytest.mark.parametrize(
    "prepare",
    [
        settings_package,
        built_up,
        regular_expressions,
        without_asgi,
        another_name,
        tag_in_an_attribute,
    ],
)
def test_what_it_writes_works_and_is_all_that_it_asks_for(prepare: Prepare, site: Path) -> None:
    prepare(site)
    before = contents(site)
    told = run(site, "manage.py", "hub_init")
    assert told.returncode == 0 and contents(site) == before, told.stderr
    done = run(site, "manage.py", "hub_init", "--write", "--no-input")
    assert "Written" in done.stdout, done.stdout + done.stderr
    again = run(site, "manage.py", "hub_init")
    templates = "" if prepare is tag_in_an_attribute else "the <head> of your base template"
    assert templates in again.stdout if templates else DONE in again.stdout, again.stdout
    assert "+++" not in again.stdout
    checked = run(site, "manage.py", "check")
    assert checked.returncode == 0, checked.stderr
    after = contents(site)
    for name, text in before.items():
        if name.endswith(".py"):
            assert after[name].startswith(text.rstrip()), name
        windows = text.count(b"\r\n")
        assert windows in (0, text.count(b"\n"))
        assert after[name].count(b"\r\n") == (after[name].count(b"\n") if windows else 0), name
    opened = "import django; django.setup(); from django.urls import resolve; "
    opened += "print(resolve('/hub/inbox/').view_name)"
    module = re.findall(r"'(mysite\.settings[\w.]*)'", (site / "manage.py").read_text())[0]
    shown = run(site, "-c", opened, DJANGO_SETTINGS_MODULE=module)
    assert shown.stdout.strip() == "hub:inbox", shown.stderr


def test_a_file_of_settings_keeps_its_quotes_and_its_tuples(site: Path) -> None:
    settings_package(site)
    told = run(site, "manage.py", "hub_init").stdout
    assert "+++ mysite/settings/base.py" in told
    run(site, "manage.py", "hub_init", "--write", "--no-input")
    added = (site / "mysite/settings/base.py").read_text()
    assert "MIDDLEWARE = ('hub.middleware.HubMiddleware', *MIDDLEWARE)" in added
    assert "hub" not in (site / "mysite/settings/dev.py").read_text()


def test_a_file_in_double_quotes_gets_double_quotes(site: Path) -> None:
    built_up(site)
    added = run(site, "manage.py", "hub_init").stdout
    assert '+MIDDLEWARE = ["hub.middleware.HubMiddleware", *MIDDLEWARE]' in added


def computed_settings(site: Path) -> None:
    change(site / "mysite/settings.py", ("MIDDLEWARE = [", "_rest = ["))
    with (site / "mysite/settings.py").open("a") as file:
        file.write('globals()["MIDDLEWARE"] = _rest\n')


def routed_protocols(site: Path) -> None:
    (site / "mysite/asgi.py").write_text(
        "import os\n\nfrom channels.routing import ProtocolTypeRouter\n"
        "from django.core.asgi import get_asgi_application\n\n"
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")\n'
        'application = ProtocolTypeRouter({"http": get_asgi_application()})\n'
    )


def imported_application(site: Path) -> None:
    (site / "mysite/serving.py").write_bytes((site / "mysite/asgi.py").read_bytes())
    (site / "mysite/asgi.py").write_text("from mysite.serving import application\n")


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (
            computed_settings,
            "By hand, into the settings, where MIDDLEWARE is: "
            'MIDDLEWARE = ["hub.middleware.HubMiddleware", *MIDDLEWARE]\n',
        ),
        (routed_protocols, "application = hub.asgi_application(get_asgi_application(), websocket="),
        (imported_application, "mysite/asgi.py, below the ASGI application:\n    import hub\n"),
    ],
)
def test_what_it_cannot_write_it_says(prepare: Prepare, told: str, site: Path) -> None:
    prepare(site)
    done = run(site, "manage.py", "hub_init")
    assert told in done.stdout, done.stdout + done.stderr


def test_lines_that_take_no_effect_are_not_written(site: Path) -> None:
    settings_package(site)
    with (site / "mysite/settings/base.py").open("a") as file:
        file.write("__all__ = [name for name in dir() if name.isupper()]\n")
    before = contents(site)
    done = run(site, "manage.py", "hub_init", "--write", "--no-input")
    assert done.returncode == 1 and "the files are as they were" in done.stderr, done.stderr
    assert contents(site) == before


def test_a_project_that_does_not_start_with_them_is_left_alone(site: Path) -> None:
    with (site / "mysite/asgi.py").open("a") as file:
        file.write('assert "hub" not in globals() or True\nraise SystemExit("no ASGI here")\n')
    before = contents(site)
    done = run(site, "manage.py", "hub_init", "--write", "--no-input")
    assert done.returncode == 1 and "no ASGI here" in done.stderr, done.stdout + done.stderr
    assert contents(site) == before
