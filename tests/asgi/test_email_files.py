"""Emails that are written to files."""

import stat

from django.core.mail import EmailMessage

from asgi.email_files import PrivateFiles


def test_only_the_owner_can_read_them(tmp_path):
    folder = tmp_path / "mail"
    folder.mkdir(mode=0o755)  # it was there before
    PrivateFiles(file_path=str(folder)).send_messages([EmailMessage("a", "b", to=["a@b.example"])])
    [file] = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
