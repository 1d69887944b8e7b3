"""RESHAPE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Reshape
from tests.ops.contract import Case, Constant, check
from tests.ops.inputs import KINDS, constant, feed, ints, refused, shapes, tensor

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(Reshape(), (feed(dtype, (2, 3, 4), q), ints(4, -1)), q),
        Case(Reshape((6, 4)), (feed(dtype, (2, 3, 4), q),), q),
        Case(Reshape(), (feed(dtype, (1, 1), q), Constant(np.zeros(0, np.int32))), q),
        Case(Reshape(), (feed(dtype, (1,), q), ints(1, 1, 1)), q),
        Case(Reshape(), (feed(dtype, (7,), q), ints(7)), q),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_free_sizes():
    assert shapes(Reshape(), tensor((-1, 28, 28)), constant([-1, 784])) == [(-1, 784)]
    assert shapes(Reshape(), tensor((-1, 28, 28)), tensor((2,), DType.INT32)) == [
        (-1, -1)
    ]


@pytest.mark.parametrize(
    "wanted",
    [[5], [-1, -1], [-2, 3], [-1, 0], [7, -1], [2**31 - 1, 2**31 - 1], [-1, 5]],
)
def test_refuses_shapes_that_do_not_fit(wanted):
    refused(Reshape(), tensor((2, 3)), constant(wanted))


def test_refuses_other_inputs():
    refused(Reshape(), match="0 inputs")
    refused(Reshape(), tensor((2,)), None, match="left out")
    refused(Reshape(), tensor((2,)), constant([2], np.float32), match="float32")
    refused(Reshape(), tensor((2,)), constant([[2]]), match="2 dimensions")
