"""GATHER, GATHER_ND."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import ExecutionError, GraphError
from gossamer.ir.types import DType
from gossamer.ops import Gather, GatherNd
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import Case, Constant, Feed, check_compiled, prepare
from tests.ops.inputs import (
    KINDS,
    constant,
    feed,
    ints,
    refused,
    scalar,
    shapes,
    tensor,
)

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(Gather(1), (feed(dtype, (2, 5, 3), q), ints(4, 0, 0)), q),
        Case(
            Gather(-1),
            (feed(dtype, (2, 5, 3), q), Constant(np.array([[2, 0], [1, 1]]))),
            q,
        ),
        Case(Gather(), (feed(dtype, (4, 2), q), scalar(2)), q),
        Case(
            Gather(2, 1),
            (feed(dtype, (2, 3, 4), q), Constant(np.array([[3, 0], [1, 1]], np.int32))),
            q,
        ),
        Case(
            Gather(1, -1),
            (feed(dtype, (2, 3, 4), q), Constant(np.array([[2, 0], [1, 1]], np.int32))),
            q,
        ),
        Case(Gather(), (feed(dtype, (1,), q), ints(0)), q),
        Case(
            GatherNd(),
            (
                feed(dtype, (2, 5, 3), q),
                Constant(np.array([[1, 4], [0, 0], [1, 2]], np.int32)),
            ),
            q,
        ),
        Case(
            GatherNd(),
            (feed(dtype, (2, 5), q), Constant(np.array([[[1, 4]], [[0, 0]]]))),
            q,
        ),
        Case(
            GatherNd(),
            (feed(dtype, (7,), q), Constant(np.array([[6], [0]], np.int32))),
            q,
        ),
        Case(
            GatherNd(), (feed(dtype, (1, 3), q), Constant(np.array([[0]], np.int32))), q
        ),
        Case(GatherNd(), (feed(dtype, (3, 1, 2), q), ints(2)), q),
    )
]


def picked(values, dtype):
    return Feed(np.array(values, dtype))


CASES += [
    case
    for dtype, q in KINDS
    for kind in (np.int16, np.int32, np.int64)
    for case in (
        Case(Gather(1), (feed(dtype, (2, 5, 3), q), picked([4, 0, 0], kind)), q),
        Case(Gather(), (feed(dtype, (9, 40), q), picked([[8, 0], [3, 3]], kind)), q),
        Case(Gather(), (feed(dtype, (4,), q), picked(2, kind)), q),
        Case(
            Gather(2, 1),
            (feed(dtype, (2, 3, 4), q), picked([[3, 0, 1], [1, 1, 2]], kind)),
            q,
        ),
        Case(Gather(), (feed(dtype, (3, 2), q), picked(np.zeros(0), kind)), q),
        Case(
            GatherNd(), (feed(dtype, (2, 5, 3), q), picked([[1, 4], [0, 0]], kind)), q
        ),
        Case(
            GatherNd(), (feed(dtype, (2, 5), q), picked([[[1, 4]], [[0, 0]]], kind)), q
        ),
        Case(GatherNd(), (feed(dtype, (7,), q), picked([[6], [0]], kind)), q),
        Case(GatherNd(), (feed(dtype, (1, 33), q), picked([[0]], kind)), q),
        Case(GatherNd(), (feed(dtype, (3, 1, 2), q), picked([2], kind)), q),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(Gather(1), tensor((-1, 5)), constant([1, 2])) == [(-1, 2)]
    free = tensor((-1,), DType.INT32)
    assert shapes(Gather(0), tensor((4, 5)), free) == [(-1, 5)]
    free = tensor((-1, 2), DType.INT32)
    assert shapes(GatherNd(), tensor((4, 5, 6)), free) == [(-1, 6)]


def test_refuses():
    x, index = tensor((4, 5)), constant([1])
    refused(Gather(2), x, index, match="axis 2")
    refused(Gather(0, 1), x, index, match="batch_dims")
    refused(Gather(1, -3), x, index, match="batch_dims")
    refused(Gather(), x, constant([1.0], np.float32), match="float32")
    refused(GatherNd(), x, constant(1), match="scalar")
    refused(GatherNd(), x, constant([0, 0, 0]), match="3 coordinates")
    refused(GatherNd(), x, tensor((3, -1), DType.INT32), match="coordinates")


@pytest.mark.parametrize("index", [-1, 4, 2**31 - 1])
def test_indices_from_data_are_checked(index):
    x = np.zeros((4, 2))
    with pytest.raises(GraphError, match=f"index {index}"):
        Gather().reference(x, np.array([index]))
    with pytest.raises(GraphError, match=f"index {index}"):
        GatherNd().reference(x, np.array([[index]]))


@pytest.mark.parametrize("index", [-1, 4, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("op", [Gather(), GatherNd()])
def test_a_kernel_reports_an_index_outside(op, index):
    x = Feed(np.arange(8, dtype=np.float32).reshape(4, 2))
    run = prepare(Case(op, (x, Feed(np.array([[3]], np.int32)))))
    executable = NativeExecutable(run.model.main, {})
    assert not executable.program.interpreted
    inputs = [executable.view(tensor) for tensor in run.model.main.inputs]
    inputs[0][...] = x.array
    inputs[1][...] = index
    with pytest.raises(ExecutionError, match=f"index {index} is outside .* size 4"):
        executable.invoke()
    inputs[1][...] = 2
    executable.invoke()
    result = executable.view(run.node.output)
    assert result.ravel().tolist() == [4, 5]
