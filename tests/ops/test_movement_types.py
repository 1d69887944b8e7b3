"""Operators that only move elements, in the types that the other tests leave out.

The types are all that LiteRT's reference kernels take, of any width.
"""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import (
    BatchToSpaceNd,
    BroadcastTo,
    Concatenation,
    Gather,
    GatherNd,
    MirrorPad,
    Pack,
    Pad,
    PadV2,
    ResizeNearestNeighbor,
    ReverseV2,
    Slice,
    SpaceToBatchNd,
    StridedSlice,
    Tile,
    Transpose,
    Unpack,
)
from tests.ops.contract import (
    MACHINES,
    Case,
    Constant,
    Feed,
    check_compiled,
    compiled_agrees_on,
    prepare,
)
from tests.ops.inputs import ints

HALVES = "float16 bfloat16"
PLAIN = f"{HALVES} float64 uint16 uint32 uint64 complex64"
SHAPES = ((2, 3), (1, 1), (3, 1), (1, 37), (20, 18))


def drawn(title, shape, seed=0):
    """Small whole numbers, which every type holds."""
    dtype = DType[title.upper()]
    values = np.random.default_rng([seed, *shape]).integers(0, 7, shape)
    return Feed(values.astype(dtype.numpy), None, dtype)


def widths(*pairs):
    return Constant(np.array(pairs, np.int32))


def block(rows, columns):
    return ints(rows, columns), widths((0, 0), (0, 0))


def value(title):
    return Constant(np.array(5).astype(DType[title.upper()].numpy), None)


def cases(titles, make):
    return [make(title, shape) for title in titles.split() for shape in SHAPES]


CASES = [
    *cases(
        HALVES,
        lambda t, s: Case(Gather(), (drawn(t, s), ints(0, s[0] - 1))),
    ),
    *(
        Case(Gather(), (drawn("int4", s), ints(0, s[0] - 1, 0)))
        for s in ((2, 2), (3, 4), (5, 6), (6, 8), (20, 18))
    ),
    *cases(
        HALVES,
        lambda t, s: Case(GatherNd(), (drawn(t, s), widths((0, 0), (s[0] - 1, 0)))),
    ),
    *cases(f"{PLAIN} int4", lambda t, s: Case(Transpose(), (drawn(t, s), ints(1, 0)))),
    *cases(
        f"{PLAIN} int4",
        lambda t, s: Case(Slice(), (drawn(t, s), ints(0, s[1] // 2), ints(-1, -1))),
    ),
    *cases(
        "float16 bfloat16 float64 uint16 uint64 complex64",
        lambda t, s: Case(
            StridedSlice(begin_mask=3, end_mask=3),
            (drawn(t, s), ints(0, 0), ints(0, 0), ints(-1, 2)),
        ),
    ),
    *cases(HALVES, lambda t, s: Case(Pad(), (drawn(t, s), widths((1, 0), (2, 1))))),
    *cases(
        HALVES,
        lambda t, s: Case(PadV2(), (drawn(t, s), widths((1, 0), (2, 1)), value(t))),
    ),
    *cases(
        PLAIN,
        lambda t, s: Case(
            MirrorPad("symmetric"), (drawn(t, s), widths((1, 0), (0, 1)))
        ),
    ),
    *cases(PLAIN, lambda t, s: Case(Tile(), (drawn(t, s), ints(2, 3)))),
    *cases(HALVES, lambda t, s: Case(ReverseV2(), (drawn(t, s), ints(1)))),
    *cases(
        f"{PLAIN} complex128",
        lambda t, s: Case(BroadcastTo(), (drawn(t, s), ints(2, *s))),
    ),
    *cases("uint32", lambda t, s: Case(Pack(2, 1), (drawn(t, s), drawn(t, s, 1)))),
    *cases(
        f"{HALVES} bool",
        lambda t, s: Case(Unpack(s[0], 0), (drawn(t, s),)),
    ),
    *cases(
        f"{HALVES} uint32 int4",
        lambda t, s: Case(Concatenation(1), (drawn(t, s), drawn(t, s, 1))),
    ),
    *cases(
        PLAIN,
        lambda t, s: Case(
            SpaceToBatchNd(),
            (drawn(t, (1, 2 * s[0], 2 * s[1], 2)), *block(2, 2)),
        ),
    ),
    *cases(
        PLAIN,
        lambda t, s: Case(
            BatchToSpaceNd(),
            (drawn(t, (4, *s, 1)), ints(2, 2), widths((0, 1), (1, 0))),
        ),
    ),
    *cases(
        f"{HALVES} uint16 int32 uint32 bool",
        lambda t, s: Case(ResizeNearestNeighbor(), (drawn(t, (1, *s, 2)), ints(3, 5))),
    ),
]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case}-{case.inputs[0].dtype.title}"
)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("shape", [(2, 3), (4, 1), (4, 5), (3, 7), (1, 37)])
def test_gather_of_int4_with_odd_rows(shape):
    """LiteRT mixes up neighbours where a row of int4 ends within a byte."""
    given = drawn("int4", shape)
    run = prepare(Case(Gather(), (given, ints(0, shape[0] - 1, 0))))
    expected = given.array[[0, shape[0] - 1, 0]]
    np.testing.assert_array_equal(run.values[run.node.output], expected)
    for target in MACHINES:
        assert compiled_agrees_on(run, target)
