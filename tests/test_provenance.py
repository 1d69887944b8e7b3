"""The runtime that a file says it needs."""

from __future__ import annotations

import pytest

from gossamer import ops
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.provenance import MINIMUM_RUNTIME, minimum_runtime, with_metadata


def model(*operators):
    builder = Builder("main")
    x = builder.input("x", TensorType(DType.FLOAT32, (1, 4)))
    for op in operators:
        x = builder.node(op, x)
    return Model((builder.finish([x]),))


@pytest.mark.parametrize(
    ("operators", "release"),
    [
        ((), "1.5.0"),
        ((ops.Relu(),), "1.5.0"),
        ((ops.Relu(), ops.Elu()), "1.14.0"),
        ((ops.Gelu(), ops.Relu()), "2.9.0"),
        ((ops.Relu0To1(), ops.Gelu()), "2.10.0"),
        ((ops.HardSwish(),), "1.15.0"),
    ],
)
def test_the_newest_operator_decides(operators, release):
    assert minimum_runtime(model(*operators)) == release


def test_the_release_fills_sixteen_bytes():
    made = with_metadata(model(ops.Relu0To1()), None)
    assert made.metadata == {MINIMUM_RUNTIME: b"2.10.0".ljust(16, b"\0")}
