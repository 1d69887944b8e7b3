"""DILATE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Dilate
from tests.ops.contract import OPTIMIZED, Case, Constant, check_compiled
from tests.ops.inputs import constant, feed, ints, kinds, refused, shapes, tensor

PLACES = (
    ((3,), (2,)),
    ((2, 3), (1, 1)),
    ((2, 3), (3, 2)),
    ((1, 4, 1), (5, 2, 3)),
    ((2, 2, 2, 2), (2, 1, 3, 1)),
    ((2, 33), (2, 1)),
)
CASES = [
    Case(
        Dilate(),
        (
            feed(dtype, shape, q),
            ints(*steps),
            Constant(np.array(5, dtype.numpy), q),
        ),
        q,
        judge=OPTIMIZED,
        name=f"{shape} {steps}",
    )
    for dtype, q in kinds("float32", "int8", "uint8", "int16", "int32", "int64")
    for shape, steps in PLACES
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes_and_refusals():
    x, value = tensor((-1, 3)), tensor(())
    assert shapes(Dilate(), x, constant([2, 2]), value) == [(-1, 5)]
    assert shapes(Dilate(), x, tensor((2,), DType.INT32), value) == [(-1, -1)]
    refused(Dilate(), x, constant([0, 2]), value, match="1 or more")
    refused(Dilate(), x, constant([2]), value, match="not 2")
    refused(Dilate(), x, constant([2, 2]), tensor((2,)), match="single")
