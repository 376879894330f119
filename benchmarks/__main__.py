"""`python -m benchmarks [TABLE …]`: measures, prints, and writes `benchmarks/results/`."""

import argparse
import importlib
import os
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks import machine, results
from benchmarks.options import Options
from benchmarks.rounds import QUICK, ROUNDS, scaled

TABLES = {
    "fanout": "deliveries per second, CPU and memory",
    "welcomes": "a thousand connects",
    "latency": "from commit to client",
    "pruning": "an hourly prune of a long log",
}
# How the names of what must not fail begin: a peer that fails is only shown.
OWN = ("the hub", "Redis", "NOTIFY", "asyncio")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--rounds", type=int, default=0, help="at least 5 for figures to quote")
    parser.add_argument(
        "--only", action="append", default=[], help="contenders with this in their name"
    )
    parser.add_argument(
        "--against", type=Path, help="another checkout of the project, measured beside this one"
    )
    given = parser.parse_args()
    if unknown := [name for name in given.tables if name not in TABLES]:
        parser.error(f"no table {', '.join(unknown)}; there are {', '.join(TABLES)}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    against = given.against.resolve() if given.against else None
    options = Options(against, tuple(given.only), given.rounds)
    failed = False
    for name in given.tables or TABLES:
        if name == "pruning":
            failed |= bool(_prune())
            continue
        described = machine.describe(options.rounds or ROUNDS)
        module = importlib.import_module(f"benchmarks.tables.{name}")
        tables = module.measure(options)
        failed |= any(line.startswith(OWN) for line in results.failures)
        failed |= not all(table.rows for table in tables)
        results.write(f"quick-{name}" if QUICK else name, tables, described)
    return int(failed and QUICK)


def _prune() -> int:
    """In a process of its own: it sets Django up on a PostgreSQL that starts with it."""
    size = os.environ.get("SIZE") or scaled("100000", "1000000")
    run = [sys.executable, "-m"]
    command = [*run, "tests.rig.postgres", *run, "benchmarks.pruning", size]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
