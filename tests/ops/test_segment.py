"""SEGMENT_SUM, UNSORTED_SEGMENT_PROD, _MAX, _SUM, _MIN."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.types import DType
from gossamer.ops import (
    SegmentSum,
    UnsortedSegmentMax,
    UnsortedSegmentMin,
    UnsortedSegmentProd,
    UnsortedSegmentSum,
)
from tests.ops.contract import OPTIMIZED, Case, Feed, check, check_compiled
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

UNSORTED = (
    UnsortedSegmentProd,
    UnsortedSegmentMax,
    UnsortedSegmentSum,
    UnsortedSegmentMin,
)
TYPES = kinds("float32", "int32")
SORTED = [
    (shape, ids)
    for shape, ids in (
        ((4, 3), (0, 0, 1, 2)),
        ((3,), (0, 0, 0)),
        ((5, 2, 3), (0, 1, 2, 3, 4)),
        ((1, 40), (0,)),
        ((6, 1), (0, 0, 1, 1, 1, 2)),
    )
]
MIXED = (
    ((4, 3), (2, 0, 2, 1), 3),
    ((4, 3), (2, 0, 2, 0), 5),
    ((3,), (0, 0, 0), 1),
    ((5, 2, 3), (4, 3, 2, 1, 0), 5),
    ((1, 40), (1,), 2),
    ((6, 1), (0, 1, 0, 1, 0, 3), 4),
)
COMPILED = [
    # The reference set lacks SEGMENT_SUM.
    Case(SegmentSum(), (feed(dtype, shape), ints(*ids)), judge=OPTIMIZED)
    for dtype, _ in TYPES
    for shape, ids in SORTED
] + [
    Case(op(), (feed(dtype, shape), ints(*ids), scalar(count)))
    for op in UNSORTED
    for dtype, _ in TYPES
    for shape, ids, count in MIXED
]
INTERPRETED = [
    Case(op(), (feed(dtype, (4, 3)), ints(1, -1, -1, 0), scalar(3)), name="left out")
    for op in UNSORTED
    for dtype, _ in TYPES
] + [
    Case(
        SegmentSum(),
        (feed(dtype, (3, 2)), Feed(np.array([0, 1, 1], np.int32))),
        judge=OPTIMIZED,
    )
    for dtype, _ in TYPES
]


@pytest.mark.parametrize("case", COMPILED, ids=str)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("case", INTERPRETED, ids=str)
def test_contract_without_kernel(case):
    check(case)


@pytest.mark.parametrize("ids", [[1, 1], [0, 2], [1, 0], [-1, 0]])
def test_segments_must_rise_without_a_gap(ids):
    with pytest.raises(GraphError, match="do not rise"):
        SegmentSum().reference(np.zeros((2, 1), np.float32), np.array(ids))
    refused(SegmentSum(), tensor((2, 1)), constant(ids), match="do not rise")


@pytest.mark.parametrize("op", UNSORTED)
def test_segments_are_checked(op):
    with pytest.raises(GraphError, match="segment 3 is not below 3"):
        op().reference(np.zeros((2, 1), np.float32), np.array([0, 3]), np.array(3))
    x, ids = tensor((2, 1)), constant([0, 1])
    refused(op(), x, constant([0]), constant(2), match="differ")
    refused(op(), x, ids, constant(-1), match="segments")
    refused(op(), x, constant([[0, 1]]), constant(2), match="do not fit")


def test_free_sizes():
    ids = tensor((2,), DType.INT32)
    assert shapes(SegmentSum(), tensor((2, 3)), ids) == [(-1, 3)]
    given = tensor((2, 3)), ids, constant(4)
    assert shapes(UnsortedSegmentSum(), *given) == [(4, 3)]
