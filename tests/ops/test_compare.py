"""EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual
from tests.ops.contract import Case, Feed, check_compiled
from tests.ops.elements import PAIRS, SPECIAL, plain, types
from tests.ops.inputs import constant, refused, shapes, tensor
from tests.ops.values import integers, scale

NAMED = {
    Equal: np.equal,
    NotEqual: np.not_equal,
    Less: np.less,
    LessEqual: np.less_equal,
    Greater: np.greater,
    GreaterEqual: np.greater_equal,
}
EXTRA = {
    Equal: "bool int16",
    NotEqual: "bool",
    Less: "bfloat16 int16",
    Greater: "bfloat16 int16",
    LessEqual: "int16",
    GreaterEqual: "int16",
}
CASES = [
    Case(op(), (plain(dtype, a, low=-3, high=3), plain(dtype, b, 1, low=-3, high=3)))
    for op in NAMED
    for dtype in types(f"float32 float16 int32 int64 {EXTRA[op]}")
    for a, b in PAIRS
]
CASES += [
    Case(op(), (Feed(SPECIAL), Feed(SPECIAL.reshape(-1, 1))), name="special")
    for op in NAMED
]
CASES += [
    Case(
        op(),
        (
            Feed(integers(dtype, 60, 70), scale(one, zero)),
            Feed(integers(dtype, *shape, seed=1), scale(two, zero)),
        ),
        name=f"{shape} {one} {two}",
    )
    for op, (dtype, zero) in product(NAMED, ((np.int8, 5), (np.uint8, 100)))
    for shape in ((60, 70), (70,))
    for one, two in ((0.05, 0.05), (0.05, 0.031), (0.9, 0.001), (1e-4, 1e-4))
]
CASES += [
    Case(
        op(),
        (
            Feed(integers(np.int16, 60, 70), scale(one)),
            Feed(integers(np.int16, 70, seed=1), scale(two)),
        ),
        name=f"{one} {two}",
    )
    for op in NAMED
    for one, two in (
        (0.05, 0.05),
        (0.05, 0.031),
        (0.9, 0.001),
        (1e-4, 1e-4),
        (0.3, 0.7),
    )
]
# LiteRT gives nothing for 16-bit numbers without a scale.
WIDE = [(plain(DType.INT16, a, high=9), plain(DType.INT16, b, 1)) for a, b in PAIRS]
CASES += [
    Case(NotEqual(), pair, expected=np.not_equal(pair[0].array, pair[1].array))
    for pair in WIDE
]
# LiteRT shifts by less than nothing, or aborts, where a scale is not below 1.
LARGE = (np.arange(-128, 128).astype(np.int8), np.array([[-3], [0], [50]], np.int8))
CASES += [
    Case(
        op(),
        (Feed(LARGE[0], scale(one, 2)), Feed(LARGE[1], scale(two, -1))),
        expected=relation((LARGE[0] - 2.0) * one, (LARGE[1] + 1.0) * two),
        name=f"{one} {two}",
    )
    for op, relation in NAMED.items()
    for one, two in ((1.0, 1.0), (4.0, 2.0))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(Less(), tensor((-1, 1)), tensor((3,))) == [(-1, 3)]


def test_refuses():
    refused(Equal(), tensor((2,)), tensor((3,)), match="broadcast")
    refused(Equal(), tensor((2,)), constant([1, 2]), match="alike")
