"""The functions of docs/rights.md, as they stand there."""

import re
from pathlib import Path

_TEXT = (Path(__file__).parents[4] / "docs/rights.md").read_text()
for _code in re.findall(r"^```python\n# yourapp/tickets\.py\n(.*?)^```", _TEXT, re.M | re.S):
    exec(_code)
