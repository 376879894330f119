"""Checks the types of the browser's modules with TypeScript: `python -m tests.js.types`.

Without Node and npm a loud line says that nothing was checked.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.js.npm import install

HERE = Path(__file__).parent


def main() -> int:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        print("NOT CHECKED: the types of the browser's modules need Node and npm on the path")
        return 0
    compiler = install("typescript") / "bin" / "tsc"
    check = [node, str(compiler), "-p", str(HERE / "tsconfig.json")]
    return subprocess.run(check, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
