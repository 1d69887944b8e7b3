"""ONE_HOT."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import OneHot
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import KINDS, constant, feed, refused, scalar, tensor

CASES = [
    case
    for dtype, q in KINDS
    if dtype.title != "int16"
    for case in (
        Case(
            OneHot(-1),
            (
                feed(DType.INT32, (2, 3)),
                scalar(3),
                feed(dtype, (), q),
                feed(dtype, (), q, seed=1),
            ),
            q,
        ),
        Case(
            OneHot(0),
            (
                feed(DType.INT64, (4,)),
                scalar(2),
                feed(dtype, (), q),
                feed(dtype, (), q, seed=1),
            ),
            q,
        ),
        Case(
            OneHot(1),
            (
                feed(DType.INT64, (4, 2)),
                scalar(5),
                feed(dtype, (), q),
                feed(dtype, (), q, seed=1),
            ),
            q,
        ),
        Case(
            OneHot(-1),
            (
                feed(DType.INT32, (1,)),
                scalar(1),
                feed(dtype, (), q),
                feed(dtype, (), q, seed=1),
            ),
            q,
        ),
        Case(
            OneHot(-1),
            (
                feed(DType.INT32, ()),
                scalar(7),
                feed(dtype, (), q),
                feed(dtype, (), q, seed=1),
            ),
            q,
        ),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_refuses():
    index, one = tensor((2,), DType.INT32), constant(1)
    refused(OneHot(-1), index, constant(-1), one, one, match="depth")
    refused(OneHot(2), index, one, one, one, match="axis 2")
    refused(OneHot(-1), index, one, one, constant(1.0, np.float32), match="alike")


def test_no_indices_cost_no_memory():
    on, off = np.float32(1), np.float32(0)
    (y,) = OneHot(0).reference(np.zeros(0, np.int32), np.array(2**31 - 1), on, off)
    assert y.shape == (2**31 - 1, 0)


def test_refuses_types():
    one, many = constant(1.0, np.float32), constant([1.0, 2.0], np.float32)
    index = tensor((2,), DType.INT32)
    refused(OneHot(-1), tensor((2,)), constant(3), one, one, match="not int32")
    refused(OneHot(-1), index, constant(3), many, one, match="single value")
