"""The picture of the drawn digit for the documentation.

python -m tests.edge.picture docs/images/mnist_page.png    # or: make page-picture
"""

from __future__ import annotations

import runpy
import sys
import tempfile
from pathlib import Path

from tests.edge.browser import browser, served

EXAMPLES = Path(__file__).parents[2] / "examples"
SEVEN = [(0.28, 0.25), (0.5, 0.24), (0.72, 0.25), (0.62, 0.45), (0.5, 0.82)]


def main():
    sys.path.insert(0, str(EXAMPLES))
    example = runpy.run_path(str(EXAMPLES / "mnist_page.py"))
    with tempfile.TemporaryDirectory() as folder:
        example["build"](Path(folder))
        with served(folder) as address, browser("--window-size=860,800") as page:
            page.open(f"{address}/index.html")
            page.wait("document.body.dataset.ready")
            page.drag("paper", SEVEN)
            page.picture(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
