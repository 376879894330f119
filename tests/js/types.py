"""Checks the types of the browser's modules with TypeScript: `python -m tests.js.types`.

TypeScript is installed beside the virtual environment's packages. Without Node and npm a loud line
says that nothing was checked.
"""

import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "5.9.3"
HERE = Path(__file__).parent
INSTALLED = Path(sys.prefix) / "node"
COMPILER = INSTALLED / "node_modules" / "typescript"


def main() -> int:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        print("NOT CHECKED: the types of the browser's modules need Node and npm on the path")
        return 0
    if not _is_installed():
        options = ["--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
        install = [npm, "install", f"--prefix={INSTALLED}", *options, f"typescript@{VERSION}"]
        INSTALLED.mkdir(exist_ok=True)
        subprocess.run(install, check=True)
    check = [node, str(COMPILER / "bin" / "tsc"), "-p", str(HERE / "tsconfig.json")]
    return subprocess.run(check, check=False).returncode


def _is_installed() -> bool:
    package = COMPILER / "package.json"
    return package.exists() and f'"version": "{VERSION}"' in package.read_text()


if __name__ == "__main__":
    sys.exit(main())
