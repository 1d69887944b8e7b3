"""BROADCAST_TO, BROADCAST_ARGS."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import ExecutionError, GraphError
from gossamer.ops import BroadcastArgs, BroadcastTo
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import Case, Constant, Feed, check_compiled, prepare
from tests.ops.inputs import KINDS, constant, feed, ints, refused, tensor

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(BroadcastTo(), (feed(dtype, (2, 1), q), ints(4, 2, 3)), q),
        Case(BroadcastTo(), (feed(dtype, (1,), q), ints(1)), q),
        Case(BroadcastTo(), (feed(dtype, (), q), ints(5)), q),
        Case(BroadcastTo(), (feed(dtype, (1, 3, 1), q), ints(2, 3, 7)), q),
        Case(BroadcastTo(), (feed(dtype, (3,), q), Constant(np.array([2, 3]))), q),
    )
]
CASES += [
    Case(BroadcastArgs(), (Feed(np.array(a, kind)), Feed(np.array(b, kind))))
    for kind in (np.int32, np.int64)
    for a, b in (([2, 1], [3, 1, 4]), ([1], [5]), ([3], [3]))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("shape", [[3], [2, 4], [-1, 3], [3, 2]])
def test_refuses(shape):
    refused(BroadcastTo(), tensor((2, 3)), constant(shape))


def test_shapes_from_data_are_checked():
    with pytest.raises(GraphError, match="broadcast"):
        BroadcastArgs().reference(np.array([2]), np.array([3]))
    with pytest.raises(GraphError, match="below 0"):
        BroadcastArgs().reference(np.array([-1]), np.array([3]))


def test_a_kernel_checks_shapes_from_data():
    shape = Feed(np.array([2, 3], np.int32))
    run = prepare(Case(BroadcastArgs(), (shape, shape)))
    executable = NativeExecutable(run.model.main, {})
    first, second = run.model.main.inputs
    for one, two, wrong in (([2, 3], [2, 4], 4), ([-1, 3], [1, 3], -1)):
        executable.view(first)[...], executable.view(second)[...] = one, two
        with pytest.raises(ExecutionError, match=f"size {wrong} does not stretch"):
            executable.invoke()
