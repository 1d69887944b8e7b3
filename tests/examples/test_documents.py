"""The Python in the README and in docs/ runs as it stands, page by page."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PAGES = {
    page: re.findall(
        r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE
    )
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}


@pytest.mark.parametrize(
    "page", [page for page, snippets in PAGES.items() if snippets], ids=lambda p: p.name
)
def test_snippets_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    generator = np.random.default_rng(0)
    images = generator.random((20, 6), np.float32)
    names = {
        "model": model,
        "images": images,
        "x_train": generator.random((64, 6), np.float32),
        "y_train": generator.integers(0, 3, 64),
    }
    for snippet in PAGES[page]:
        exec(compile(snippet, str(page), "exec"), names)


def test_links_lead_somewhere():
    for page in (*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name} links {link}"
