"""`make audit`: known vulnerabilities of the pinned requirements, by pip-audit.

Exits with pip-audit's code. Where its database cannot be reached, nothing is audited, and the last
line reports that.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv" / "audit"  # its own: pip-audit brings many packages
TOOL = "pip-audit==2.10.1"
# A record that has known vulnerabilities, where the database is there: a mirror may lack it.
RECORD = "https://pypi.org/pypi/Django/3.2/json"
TIMEOUT = 10  # seconds for the database's answer


def main() -> int:
    if (reason := unreachable()) is not None:
        print(f"NOT AUDITED: the database of vulnerabilities cannot be reached: {reason}")
        return 0
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", TOOL]
    subprocess.run(pip, check=True)
    # Every version is pinned in these files: nothing is to be resolved.
    options = [
        "--strict",
        "--no-deps",
        "--disable-pip",
        "-r",
        "requirements.txt",
        "-r",
        "requirements-dev.txt",
    ]
    audit = subprocess.run([python, "-m", "pip_audit", *options], cwd=ROOT, check=False)
    return audit.returncode


def unreachable() -> str | None:
    """Why the database does not answer; None if it does."""
    try:
        with urllib.request.urlopen(RECORD, timeout=TIMEOUT) as answer:
            known = json.load(answer).get("vulnerabilities")
    except (OSError, ValueError) as error:
        return str(error)
    return None if known else f"{RECORD} names no vulnerability"


if __name__ == "__main__":
    sys.exit(main())
