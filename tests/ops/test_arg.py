"""ARG_MAX, ARG_MIN."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

from gossamer.ir.types import DType
from gossamer.ops import ArgMax, ArgMin
from tests.ops.contract import OPTIMIZED, Case, check_compiled
from tests.ops.inputs import (
    constant,
    feed,
    ints,
    kinds,
    refused,
    scalar,
    shapes,
    tensor,
)


def judge(dtype):
    """The reference set lacks bool."""
    is_bool = dtype is DType.BOOL
    return OPTIMIZED if is_bool else OpResolverType.BUILTIN_REF


CASES = [
    case
    for dtype, q in kinds("float32", "int8", "uint8", "int32", "bool")
    for op in (ArgMax, ArgMin)
    for case in (
        Case(
            op(DType.INT32), (feed(dtype, (2, 7, 3), q), scalar(1)), judge=judge(dtype)
        ),
        Case(op(DType.INT64), (feed(dtype, (2, 7), q), ints(-1)), judge=judge(dtype)),
        Case(
            op(DType.INT64),
            (feed(dtype, (9,), q), scalar(0, np.int64)),
            judge=judge(dtype),
        ),
        Case(op(DType.INT32), (feed(dtype, (1,), q), scalar(0)), judge=judge(dtype)),
        Case(
            op(DType.INT32), (feed(dtype, (3, 1, 2), q), scalar(-3)), judge=judge(dtype)
        ),
        Case(
            op(DType.INT64), (feed(dtype, (2, 139), q), scalar(1)), judge=judge(dtype)
        ),
        Case(op(DType.INT64), (feed(dtype, (5, 67), q), scalar(0)), judge=judge(dtype)),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    x = tensor((-1, 5))
    assert shapes(ArgMax(DType.INT32), x, constant(1)) == [(-1,)]
    assert shapes(ArgMin(DType.INT32), x, tensor((), DType.INT32)) == [(-1,)]


def test_refuses():
    refused(ArgMax(DType.INT32), tensor((2,)), constant(1), match="axis 1")
    refused(ArgMax(), tensor((2,)), constant(0), match="float32")
    refused(ArgMin(DType.INT64), tensor((2, 0)), constant(1), match="empty")
