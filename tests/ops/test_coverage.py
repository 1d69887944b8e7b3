"""Each operator of LiteRT has cases in each type that its kernel takes."""

from __future__ import annotations

from pathlib import Path

import pytest

import gossamer.ops  # noqa: F401  (declares the operators)
from gossamer.ir.op import registered
from tests.ops.collection import every_case
from tests.ops.coverage import FEWEST, covered
from tests.ops.litert_types import BEYOND, ELSEWHERE, TYPES
from tests.ops.test_edges import FEW

FOLDER = Path(__file__).parents[1]
COVERED = covered(every_case())
CUSTOM = {"Convolution2DTransposeBias"}
KEYS = [(name, types) for name, each in TYPES.items() for types in each.split()]


@pytest.mark.parametrize(("name", "types"), KEYS)
def test_there_are_cases(name: str, types: str) -> None:
    """Few cases, and edges that are not among them, are variants in `test_edges`."""
    assert (name, types) in COVERED
    cases = COVERED[name, types]
    assert len(cases) >= FEWEST or (name, types) in FEW or (name, types) in BEYOND


def test_no_type_is_forgotten() -> None:
    assert set(COVERED) <= {*KEYS, *BEYOND}


def test_every_operator_is_known() -> None:
    assert set(registered()) == {*TYPES, *ELSEWHERE} - CUSTOM


@pytest.mark.parametrize(("name", "file"), ELSEWHERE.items())
def test_other_tests_speak_of_their_operators(name: str, file: str) -> None:
    words = "".join(word.capitalize() for word in name.lower().split("_"))
    text = (FOLDER / file).read_text().lower()
    assert words.lower() in text or name.lower() in text
