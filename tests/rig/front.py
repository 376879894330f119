"""A real nginx or Caddy with TLS in front of a server, set up as docs/deployment.md says."""

import os
import re
import shutil
from pathlib import Path
from typing import Literal

from tests.rig import workspace
from tests.rig.certificate import Certificate
from tests.rig.ports import free_port, is_listening
from tests.rig.process import Process
from tests.rig.wait import wait_until

RECIPES = Path(__file__).resolve().parents[2] / "docs" / "deployment.md"
Software = Literal["nginx", "caddy"]
PLACES = "/usr/sbin:/usr/local/sbin:" + os.defpath


def find(software: Software) -> Path | None:
    found = shutil.which(software, path=PLACES)
    return Path(found) if found else None


class Front:
    """A context manager; its address is known before it starts. `certificate` is for clients."""

    def __init__(self, software: Software) -> None:
        self._software = software
        self._port = free_port()
        self._process: Process | None = None
        self.directory = workspace.make_directory(software)
        self.certificate = Certificate(self.directory)
        self.url = f"https://127.0.0.1:{self._port}"
        self.ws_url = f"wss://127.0.0.1:{self._port}/ws/"

    def __enter__(self) -> "Front":
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()
        workspace.remove_directory(self.directory)

    def start(self, server: int, *, without: str | None = None) -> None:
        """In front of the server at this port, without the recipe's lines that hold `without`."""
        program = find(self._software)
        if program is None:
            raise FileNotFoundError(f"no {self._software}: install the system's package")
        configuration = self.directory / "configuration"
        configuration.write_text(self._configuration(self._recipe(server, without)))
        options = {
            "nginx": ["-e", "stderr", "-p", self.directory, "-c", configuration],
            "caddy": ["run", "--adapter", "caddyfile", "--config", configuration],
        }
        self._process = Process(
            [program, *options[self._software]],
            log=self.directory / "log",
            env={"PATH": os.defpath, "HOME": str(self.directory)},
            cwd=self.directory,
        )
        wait_until(self._answers, what=self.log)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process = None

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def _recipe(self, server: int, without: str | None) -> str:
        """As printed in the docs, but for names and places."""
        [recipe] = re.findall(rf"```{self._software}\n(.*?)```", RECIPES.read_text(), re.DOTALL)
        lines = [line for line in recipe.splitlines() if without is None or without not in line]
        assert without is None or len(lines) < len(recipe.splitlines())
        recipe = "\n".join(lines).replace("127.0.0.1:8000", f"127.0.0.1:{server}")
        certificate, key = self.certificate.path, self.certificate.key_path
        if self._software == "caddy":
            return recipe.replace("shop.example {", f"{self.url} {{\ntls {certificate} {key}", 1)
        recipe = recipe.replace("listen 443 ssl", f"listen 127.0.0.1:{self._port} ssl")
        recipe = recipe.replace("/etc/ssl/shop.pem", str(certificate))
        return recipe.replace("/etc/ssl/shop.key", str(key))

    def _configuration(self, recipe: str) -> str:
        """The recipe in a configuration that needs no place and no port of the system."""
        if self._software == "caddy":
            return f"{{\nadmin off\nauto_https off\n}}\n{recipe}\n"
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {self.directory}/{kind};\n" for kind in kinds)
        return (
            f"daemon off; master_process off; pid {self.directory}/pid;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{places}{recipe}\n}}\n"
        )

    def _answers(self) -> bool:
        assert self._process is not None
        if not self._process.is_running():
            raise RuntimeError(f"{self._software} ended:\n{self.log()}")
        return is_listening(self._port)
