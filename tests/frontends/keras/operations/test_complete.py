"""Every operation of the installed Keras is converted, or refused with a reason."""

from __future__ import annotations

import importlib
import inspect

import pytest

from gossamer.frontends.keras.operations.refused import REFUSED
from gossamer.frontends.keras.registry import operations


def _classes(family):
    base = importlib.import_module("keras.src.ops.operation").Operation
    module = importlib.import_module(f"keras.src.ops.{family}")
    return [
        name
        for name, kind in vars(module).items()
        if inspect.isclass(kind)
        and issubclass(kind, base)
        and kind.__module__ == module.__name__
    ]


FAMILIES = {
    "core": 15,
    "einops": 1,
    "image": 15,
    "linalg": 15,
    "math": 20,
    "nn": 50,
    "numpy": 200,
}
"""How many operations there are at least in each."""


@pytest.mark.parametrize(("family", "least"), FAMILIES.items())
def test_nothing_is_missing(family, least):
    names = [name for name in _classes(family) if name != "SegmentReduction"]
    assert len(names) >= least
    assert not [name for name in names if name not in operations()]


def test_each_refusal_says_what_to_do():
    refused = {name for name, kind in operations().items() if kind == "refused"}
    assert refused == set(REFUSED)
    for refusal in REFUSED.values():
        assert refusal.reason
        assert refusal.remedy.endswith(".")
