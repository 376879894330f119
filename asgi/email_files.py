"""Emails as files that only their owner can read: they have addresses and links in them."""

import os
from pathlib import Path
from typing import Any

from django.core.mail.backends.filebased import EmailBackend

from asgi.environment import private_folder


class PrivateFiles(EmailBackend):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        private_folder(Path(self.file_path))

    def open(self) -> Any:
        is_new = super().open()
        if is_new:
            os.fchmod(self.stream.fileno(), 0o600)
        return is_new
