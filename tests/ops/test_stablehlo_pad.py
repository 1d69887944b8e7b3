from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import StablehloPad
from tests.ops.contract import Case, Constant, Feed, check, compiled_agrees, prepare
from tests.ops.inputs import refused, shapes, tensor

TYPES = ("int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")
ROWS = (
    # shape, low, high, interior
    ((5,), (1,), (2,), (0,)),
    ((3, 4), (1, 0), (0, 3), (2, 1)),
    ((4, 5), (-1, -2), (-1, 0), (0, 0)),
    ((4, 5), (-1, 2), (3, -4), (2, 3)),
    ((6,), (-7,), (4,), (3,)),
    ((2, 1, 3), (0, 0, 0), (0, 0, 0), (0, 5, 1)),
    ((2, 1, 2, 1, 2), (1, 0, 1, 0, 1), (0, 1, 0, 1, 0), (1, 1, 0, 0, 2)),
    ((2, 2, 1, 1, 1, 1, 1, 3), (0,) * 7 + (1,), (1,) + (0,) * 7, (1,) * 8),
    ((0, 3), (2, 1), (1, 1), (4, 0)),
    ((3,), (-9,), (8,), (0,)),
)


def array(shape, dtype):
    values = np.arange(1, 1 + np.prod(shape, dtype=int)).reshape(shape)
    return np.asarray(values % 100 + 1, dtype)


CASES = [
    Case(
        StablehloPad(low, high, between),
        (Feed(array(shape, dtype)), made(np.array(9, dtype))),
        name=f"{dtype}-{shape}-{low}-{high}-{between}-{made.__name__}",
    )
    for dtype in TYPES
    for shape, low, high, between in ROWS
    for made in (Constant, Feed)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("size", "low", "high", "between"),
    [(3, -3, 0, 0), (3, 0, -3, 0), (2, -2, -1, 1), (0, 0, 0, 3)],
)
def test_nothing_may_be_left(size, low, high, between):
    """LiteRT then calls every dimension 0; only the padded one is."""
    op = StablehloPad((0, low), (0, high), (0, between))
    assert shapes(op, tensor((4, size)), tensor(())) == [(4, 0)]
    (found,) = op.reference(np.ones((4, size), np.float32), np.float32(1))
    assert found.shape == (4, 0)
    case = Case(op, (Feed(np.ones((4, size), np.float32)), Constant(np.float32(1))))
    compiled_agrees(prepare(case))


def test_what_is_refused():
    x, value = tensor((3, 4)), tensor(())
    op = StablehloPad((0, 0), (0, 0), (0, 0))
    refused(op, x, tensor((), DType.INT8), match="must be alike")
    refused(op, x, tensor((2,)), match="value has 2 elements")
    refused(op, tensor((3,)), value, match="2 widths")
    refused(op, tensor((1,) * 9), value, match="rank 9")
    refused(StablehloPad(), tensor(()), value, match="rank 0")
    refused(StablehloPad((0, 0), (0, 0), (0, -1)), x, value, match="below 0")
    refused(StablehloPad((0, 0), (-4, 0), (0, 0)), x, value, match="nothing is left")
    huge = StablehloPad((0, 0), (0, 0), (2**62, 0))
    refused(huge, x, value, match="dimension has the size")


def test_free_sizes_stay_free():
    op = StablehloPad((1, 1), (1, 1), (0, 1))
    assert shapes(op, tensor((-1, 3)), tensor(())) == [(-1, 7)]
