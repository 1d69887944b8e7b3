"""Every operation of the installed Keras has a rule, or a reason why it has none."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from keras.src import ops
from keras.src.ops.operation import Operation

from gossamer.frontends.keras.operations.refused import REFUSED
from gossamer.frontends.keras.registry import operations

BASES = {"Function", "SegmentReduction"}
"""A graph of operations, and what others are made of."""


def test_every_operation_is_converted_or_refused():
    known = operations()
    assert all(known[name] == "refused" for name in REFUSED)
    missing = {
        f"{name}.{kind.__name__}"
        for name in (module.name for module in pkgutil.iter_modules(ops.__path__))
        if not name.endswith("_test")
        for kind in _declared(importlib.import_module(f"keras.src.ops.{name}"))
        if kind.__name__ not in known
    }
    assert not missing


def _declared(module):
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Operation)
        and kind.__module__ == module.__name__
        and kind is not Operation
        and kind.__name__ not in BASES
    ]
