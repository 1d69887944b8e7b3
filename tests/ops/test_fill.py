"""FILL, ZEROS_LIKE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Fill, ZerosLike
from tests.ops.contract import Case, Constant, Feed, check, check_compiled
from tests.ops.elements import plain, types
from tests.ops.inputs import (
    KINDS,
    constant,
    feed,
    ints,
    kinds,
    refused,
    tensor,
)

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(Fill(), (ints(2, 3), feed(dtype, (), q)), q),
        Case(Fill(), (ints(1), feed(dtype, (), q)), q),
        Case(Fill(), (ints(7, 1, 3), feed(dtype, (), q)), q),
        Case(Fill(), (Constant(np.array([2, 2])), feed(dtype, (), q)), q),
        Case(Fill(), (Feed(np.array([3, 2], np.int32)), feed(dtype, (), q)), q),
    )
]
ZEROS = [
    Case(ZerosLike(), (feed(dtype, shape),))
    for dtype, _ in kinds("float32", "int32", "int64")
    for shape in ((2, 3), (1,), (), (7, 1), (1, 3, 1), (0, 2))
]
FILLED = [
    Case(Fill(), (ints(*sizes), plain(dtype, (), low=0)), name=f"{sizes}")
    for dtype in types(
        "float16 bfloat16 uint16 uint32 uint64 float64 complex64 float32 int8 bool"
    )
    for sizes in ((2, 3), (1,), (300,), (7, 1, 3), (4, 1))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


@pytest.mark.parametrize("case", ZEROS + FILLED, ids=str)
def test_compiled(case):
    check_compiled(case)


def test_refuses():
    refused(Fill(), constant([-1]), constant(0), match="sizes")
    refused(Fill(), constant([2]), constant([0]), match="scalar")
    refused(Fill(), constant([2**31 - 1] * 3), constant(0), match="no memory")
    refused(Fill(), constant([1] * 33), constant(0), match="33 elements")
    refused(Fill(), tensor((-1,), DType.INT32), constant(0), match="not known")
