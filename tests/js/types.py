"""Checks the types of the browser's modules with TypeScript: `python -m tests.js.types`.

Where TypeScript cannot be had, a loud line says that nothing was checked.
"""

import subprocess
import sys
from pathlib import Path

from tests.js.npm import NotInstalled, install

HERE = Path(__file__).parent


def main() -> int:
    try:
        compiler = install("typescript") / "bin" / "tsc"
    except NotInstalled as error:
        print(f"NOT CHECKED: the types of the browser's modules. {error}")
        return 0
    check = ["node", str(compiler), "-p", str(HERE / "tsconfig.json")]
    return subprocess.run(check, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
