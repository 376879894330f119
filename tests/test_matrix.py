"""What `make matrix` installs and starts, and what `make audit` does without its database."""

import sys

import pytest

from tests import audit, matrix
from tests.rig.ports import free_port


def test_an_environment_has_the_pinned_versions_but_for_djangos() -> None:
    wanted = list(matrix.requirements("6.1"))
    assert wanted[0] == "Django~=6.1.0"
    assert not [line for line in wanted if line.startswith("Django==")]
    names = {line.partition("==")[0] for line in wanted}
    assert {"channels", "django-environ", "pytest", *matrix.DEVELOPMENT} <= names


def test_the_oldest_pair_has_the_oldest_versions_that_the_package_allows() -> None:
    wanted = list(matrix.requirements("5.2", oldest=True))
    assert {"Django==5.2", "channels==4.2"} <= set(wanted)
    names = [line.partition("=")[0].lower() for line in wanted]
    assert len(names) == len(set(names))
    assert "autobahn" not in names  # what the above bring is as old as they need it


def test_a_python_is_found_by_its_version() -> None:
    own = "{}.{}".format(*sys.version_info)
    assert matrix.find_python(own) is not None
    assert matrix.find_python("3.99") is None


def test_an_audit_without_its_database_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "RECORD", f"http://127.0.0.1:{free_port()}/")
    assert audit.main() == 0
    assert "NOT AUDITED" in capsys.readouterr().out
