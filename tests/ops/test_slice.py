"""SLICE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import ExecutionError
from gossamer.ir.types import DType
from gossamer.ops import Slice
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import Case, Constant, Feed, check_compiled, prepare
from tests.ops.inputs import KINDS, constant, feed, ints, refused, shapes, tensor

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(Slice(), (feed(dtype, (4, 5, 3), q), ints(1, 0, 2), ints(2, -1, 1)), q),
        Case(
            Slice(),
            (feed(dtype, (4,), q), Constant(np.array([1])), Constant(np.array([3]))),
            q,
        ),
        Case(Slice(), (feed(dtype, (1, 1), q), ints(0, 0), ints(1, 1)), q),
        Case(Slice(), (feed(dtype, (7, 2), q), ints(6, 1), ints(-1, -1)), q),
        Case(
            Slice(),
            (feed(dtype, (2, 1, 3, 2, 2), q), ints(1, 0, 0, 1, 0), ints(1, 1, 2, 1, 2)),
            q,
        ),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    sliced = shapes(Slice(), tensor((-1, 5)), constant([0, 1]), constant([-1, 2]))
    assert sliced == [(-1, 2)]
    begin = tensor((2,), DType.INT32)
    assert shapes(Slice(), tensor((4, 5)), begin, constant([1, -1])) == [(1, -1)]


@pytest.mark.parametrize(
    ("begin", "size"),
    [([-1], [2]), ([0], [5]), ([5], [-1]), ([0], [-2]), ([0, 0], [1])],
)
def test_refuses(begin, size):
    refused(Slice(), tensor((4,)), constant(begin), constant(size))


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize(
    ("begin", "size"),
    [((1, 0, 2), (1, 3, 2)), ((0, 0, 0), (2, 3, 4)), ((1, 2, 3), (1, 1, 1))],
)
def test_a_beginning_from_data_is_compiled(kind, begin, size):
    x = feed(DType.FLOAT32, (2, 3, 4))
    start = Feed(np.array(begin, kind))
    check_compiled(Case(Slice(), (x, start, Constant(np.array(size, kind)))))


@pytest.mark.parametrize("begin", [-1, 3, 2**31 - 1])
def test_a_beginning_from_data_is_checked(begin):
    x = feed(DType.FLOAT32, (4, 2))
    case = Case(Slice(), (x, Feed(np.array([0, 0], np.int32)), ints(2, 2)))
    run = prepare(case)
    executable = NativeExecutable(run.model.main, {})
    assert not executable.program.interpreted
    executable.view(run.model.main.inputs[1])[...] = (begin, 0)
    with pytest.raises(ExecutionError, match=f"begin {begin} leaves"):
        executable.invoke()
