"""Which executable a model gets: machine code where it can, NumPy elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Add
from gossamer.runtime import executable
from gossamer.runtime.executable import Options, prepare
from gossamer.runtime.native import NativeExecutable
from gossamer.runtime.reference import ReferenceExecutable
from gossamer.runtime.source import Source
from gossamer.runtime.state import State


def doubled():
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (2, 3)))
    return Model((build.finish([build.node(Add(), x, x)]),))


def prepared(model, *, reference=False):
    shapes = {x: x.shape for x in model.main.inputs}
    return prepare(
        Source(model=model), 0, shapes, State(), Options(reference=reference)
    )


def result(made, model):
    value = np.arange(6, dtype=np.float32).reshape(2, 3)
    made.view(model.main.inputs[0])[...] = value
    made.invoke()
    return value, made.view(model.main.outputs[0])


def test_machine_code_is_the_rule():
    model = doubled()
    made = prepared(model)
    assert isinstance(made, NativeExecutable)
    value, found = result(made, model)
    np.testing.assert_array_equal(found, 2 * value)


def test_the_reference_is_there_on_demand():
    assert isinstance(prepared(doubled(), reference=True), ReferenceExecutable)


def test_a_machine_without_code_generator_is_told_once(monkeypatch):
    monkeypatch.setattr(executable, "is_supported", lambda: False)
    executable._warn_of_slowness.cache_clear()
    model = doubled()
    with pytest.warns(RuntimeWarning, match="no code generator"):
        made = prepared(model)
    assert isinstance(made, ReferenceExecutable)
    value, found = result(made, model)
    np.testing.assert_array_equal(found, 2 * value)
    assert isinstance(prepared(model), ReferenceExecutable)
