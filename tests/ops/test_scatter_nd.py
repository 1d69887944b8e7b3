"""SCATTER_ND."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import ExecutionError
from gossamer.ir.types import DType
from gossamer.ops import ScatterNd
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import Case, Constant, Feed, check_compiled, prepare
from tests.ops.inputs import constant, feed, ints, kinds, refused, shapes, tensor

PLACES = (
    ([[4], [0], [6]], (3,), (8,)),
    ([[1], [1], [1]], (3, 2), (3, 2)),
    ([[0, 1], [2, 0]], (2,), (3, 2)),
    ([[0, 1], [2, 0]], (2, 37), (3, 2, 37)),
    ([[[0], [2]], [[2], [1]]], (2, 2, 4), (3, 4)),
    ([[0]], (1,), (1,)),
    ([[1, 1, 1]], (1,), (2, 2, 2)),
)
CASES = [
    Case(
        ScatterNd(),
        (given(np.array(places, np.int32)), feed(dtype, updates, q), ints(*shape)),
        q,
        name=f"{places} {shape}",
    )
    for dtype, q in kinds("float32", "uint8", "int8", "int32", "int64", "bool")
    for places, updates, shape in PLACES
    for given in (Constant, Feed)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("index", [-1, 4, 2**31 - 1])
def test_indices_are_checked(index):
    indices = Feed(np.array([[3]], np.int32))
    run = prepare(Case(ScatterNd(), (indices, feed(DType.FLOAT32, (1, 2)), ints(4, 2))))
    executable = NativeExecutable(run.model.main, {})
    executable.view(run.model.main.inputs[0])[...] = index
    with pytest.raises(ExecutionError, match=f"index {index} is outside"):
        executable.invoke()


def test_free_sizes():
    free = tensor((2,), DType.INT32)
    given = constant([[1]]), tensor((1, 3))
    assert shapes(ScatterNd(), *given, free) == [(-1, -1)]


def test_refuses():
    indices, updates = constant([[1]]), tensor((1, 3))
    refused(ScatterNd(), indices, updates, constant([4, 2]), match="updates")
    refused(ScatterNd(), constant(1), updates, constant([4, 3]), match="do not fit")
    refused(ScatterNd(), indices, updates, constant([-4, 3]), match="do not fit")
    refused(ScatterNd(), constant([[1.0]], np.float32), updates, constant([4, 3]))
