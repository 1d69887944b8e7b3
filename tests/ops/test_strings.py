"""Operators on strings, wherever LiteRT takes them."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import (
    Equal,
    ExpandDims,
    Fill,
    Gather,
    GatherNd,
    NotEqual,
    Reshape,
    Shape,
    Slice,
    Squeeze,
    StridedSlice,
    Tile,
)
from tests.ops.contract import OPTIMIZED, Case, Constant, Feed, check
from tests.ops.inputs import ints, scalar

WORDS = [b"a", b"", b"bc", "häh".encode(), b"\x00\xff", b"bc", b"long" * 20, b"z"]


def words(*shape, start=0):
    count = int(np.prod(shape))
    array = np.empty(count, object)
    array[:] = [WORDS[(start + i) % len(WORDS)] for i in range(count)]
    return Feed(array.reshape(shape))


SLICES = ((0, 6, 1), (1, 5, 2), (5, 0, -1), (-3, 6, 1), (2, 3, 1))
FILLS = (((3,), b"x"), ((2, 2), b""), ((1,), b"yz"), ((1, 1, 2), b"a"), ((8,), b"b"))

CASES = [
    *(
        Case(Reshape(), (words(2, 3), ints(*shape)))
        for shape in ((3, 2), (6,), (1, 6, 1), (-1, 2), (2, 3))
    ),
    *(
        Case(Gather(axis, batch), (words(*shape), Constant(np.array(at, np.int32))))
        for axis, batch, shape, at in (
            (0, 0, (5,), [4, 0, 0]),
            (0, 0, (6,), [[2, 1], [0, 5]]),
            (0, 0, (4,), [1]),
            (0, 0, (1,), [0, 0, 0]),
            (0, 0, (4,), [[[3]]]),
        )
    ),
    *(
        Case(GatherNd(), (words(*shape), Constant(np.array(at, np.int32))))
        for shape, at in (
            ((5,), [[4], [0]]),
            ((3, 2), [[2, 1], [0, 0]]),
            ((3, 2), [[1]]),
            ((1, 1), [[0, 0], [0, 0]]),
            ((2, 2, 2), [[1, 0]]),
        )
    ),
    *(
        Case(op(), (words(*left), words(*right, start=start)))
        for op in (Equal, NotEqual)
        for left, right, start in (
            ((8,), (8,), 0),
            ((8,), (8,), 3),
            ((2, 3), (2, 3), 2),
            ((1,), (1,), 1),
            ((2, 4), (4,), 0),
        )
    ),
    *(Case(ExpandDims(), (words(2, 3), scalar(axis))) for axis in (0, 1, 2, -1, -3)),
    *(
        Case(Squeeze(dims), (words(1, 3, 1),), judge=OPTIMIZED)
        for dims in ((), (0,), (2,), (0, 2), (-1,))
    ),
    *(
        Case(Shape(DType.INT32), (words(*shape),))
        for shape in ((1, 1), (1,), (2, 3), (4, 1, 2), (8,))
    ),
    *(
        Case(Slice(), (words(3, 4), ints(*begin), ints(*size)))
        for begin, size in (
            ((0, 0), (3, 4)),
            ((1, 2), (1, 1)),
            ((0, 1), (-1, -1)),
            ((2, 0), (1, 4)),
            ((1, 1), (2, 2)),
        )
    ),
    *(
        Case(
            StridedSlice(),
            (words(6), ints(begin), ints(end), ints(step)),
            judge=OPTIMIZED,
        )
        for begin, end, step in SLICES
    ),
    *(
        Case(Tile(), (words(*shape), ints(*times)))
        for shape, times in (
            *(((2,), (3,)), ((1,), (4,)), ((2, 2), (1, 2))),
            *(((3,), (1,)), ((1, 2, 1), (2, 1, 3))),
        )
    ),
    *(
        Case(Fill(), (ints(*shape), Constant(np.array(word, object))))
        for shape, word in FILLS
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)
