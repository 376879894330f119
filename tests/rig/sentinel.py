"""A Redis, a replica of it, and a real Sentinel that makes the replica the master if need be."""

import os
from pathlib import Path

from tests.rig import workspace
from tests.rig.ports import free_port, is_listening
from tests.rig.process import Process
from tests.rig.redis import RedisServer, find
from tests.rig.wait import wait_until

MASTER = "hub"
CONFIGURATION = """
port {port}
bind 127.0.0.1
dir {directory}
sentinel monitor {name} 127.0.0.1 {master} 1
sentinel down-after-milliseconds {name} 1000
sentinel failover-timeout {name} 3000
"""


class Sentinel:
    """A context manager. `master` is the first one; `url` is for REDIS_URL."""

    def __init__(self) -> None:
        self._directory = workspace.make_directory("sentinel")
        self.port = free_port()
        self.url = f"sentinel://127.0.0.1:{self.port}/{MASTER}"
        self.master = RedisServer()
        self.replica = RedisServer(replicaof=f"127.0.0.1 {self.master.port}")

    def __enter__(self) -> "Sentinel":
        self.master.start()
        self.replica.start()
        program = find()
        assert program is not None
        file = Path(self._directory) / "sentinel.conf"
        file.write_text(
            CONFIGURATION.format(
                port=self.port,
                directory=self._directory,
                name=MASTER,
                master=self.master.port,
            )
        )
        self._process = Process(
            [program, file, "--sentinel"],
            log=self._directory / "log",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            cwd=self._directory,
        )
        wait_until(lambda: is_listening(self.port), what=self.log)
        wait_until(lambda: "+slave" in self.log(), what=self.log)
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        for one in (self.master, self.replica):
            one.__exit__()
        workspace.remove_directory(self._directory)

    def has_failed_over(self) -> bool:
        return "+switch-master" in self.log()

    def log(self) -> str:
        return (self._directory / "log").read_text(errors="replace")
