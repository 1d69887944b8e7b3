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


@pytest.mark.parametrize("family", ["numpy"])
def test_nothing_is_missing(family):
    names = _classes(family)
    assert len(names) > 200
    assert not [name for name in names if name not in operations()]


def test_each_refusal_says_what_to_do():
    refused = {name for name, kind in operations().items() if kind == "refused"}
    assert refused == set(REFUSED)
    for refusal in REFUSED.values():
        assert refusal.reason
        assert refusal.remedy.endswith(".")
