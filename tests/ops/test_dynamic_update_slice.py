"""DYNAMIC_UPDATE_SLICE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import DynamicUpdateSlice
from tests.ops.contract import Case, Feed, check_compiled
from tests.ops.inputs import KINDS, feed, ints, refused, shapes, tensor

PLACES = (
    ((4, 5), (2, 3), (1, 2)),
    ((4, 5), (2, 3), (-7, 9)),
    ((4, 5), (4, 5), (2, 2)),
    ((1, 7, 40), (1, 1, 40), (0, 6, 0)),
    ((9,), (1,), (3,)),
    ((2, 1, 3, 4), (1, 1, 2, 1), (1, 0, 1, 3)),
)
CASES = [
    Case(
        DynamicUpdateSlice(),
        (
            feed(dtype, whole, q),
            feed(dtype, part, q, seed=1),
            Feed(np.array(start, kind)),
        ),
        q,
        name=f"{whole} {part} {start}",
    )
    for dtype, q in KINDS
    if dtype is not DType.UINT8
    for kind in (np.int32, np.int64)
    for whole, part, start in PLACES
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_a_constant_start_is_compiled():
    x, update = feed(DType.FLOAT32, (3, 4)), feed(DType.FLOAT32, (1, 4), seed=1)
    check_compiled(Case(DynamicUpdateSlice(), (x, update, ints(2, 0))))


def test_free_sizes():
    start = tensor((2,), DType.INT32)
    assert shapes(DynamicUpdateSlice(), tensor((-1, 4)), tensor((1, 2)), start) == [
        (-1, 4)
    ]


def test_refuses():
    x, start = tensor((3, 4)), tensor((2,), DType.INT32)
    refused(DynamicUpdateSlice(), x, tensor((4, 1)), start, match="does not fit")
    refused(DynamicUpdateSlice(), x, tensor((1,)), start, match="does not fit")
    refused(DynamicUpdateSlice(), x, tensor((1, 1), DType.INT8), start, match="alike")
    refused(DynamicUpdateSlice(), x, tensor((1, 1)), tensor((3,), DType.INT32))
    refused(DynamicUpdateSlice(), x, tensor((1, 1)), tensor((2,)), match="int32")
