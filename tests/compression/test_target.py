"""How small a model is to become, in words."""

from __future__ import annotations

import pytest

from gossamer.compression.target import bytes_of, seconds_of
from gossamer.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [(500, 500), ("60 kB", 60_000), ("1KiB", 1024), ("25 %", 250), ("10%", 100)],
)
def test_bytes(text, expected):
    assert bytes_of(text, whole=1000) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(0.5, 0.5), ("200 us", 2e-4), ("1.5 ms", 1.5e-3), ("50 %", 2), (5e-05, 5e-5)],
)
def test_seconds(text, expected):
    assert seconds_of(text, whole=4) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "small", "60 miles", "1.2.3 kB", 0, -5, "0 kB"])
def test_nonsense_is_refused(text):
    with pytest.raises(InputError, match="expected a number, or a text such as"):
        bytes_of(text, whole=1)
