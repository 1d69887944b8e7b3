"""RANGE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Range
from tests.ops.contract import OPTIMIZED, Case, Constant, Feed, check
from tests.ops.inputs import constant, refused, shapes, tensor

# The reference set lacks int64.
CASES = [
    Case(
        Range(),
        tuple(make(np.array(value, kind)) for value in values),
        judge=OPTIMIZED,
        name=str(values),
    )
    for kind, values in (
        (np.int32, (1, 9, 3)),
        (np.int32, (0, 1, 1)),
        (np.int32, (7, 8, 5)),
        (np.int64, (9, 1, -2)),
        (np.int64, (3, 4, 1)),
        (np.int64, (0, 1 << 40, 1 << 38)),
        (np.float32, (1, 1.4, 0.5)),
        (np.float32, (0, 1, 0.3)),
        (np.float32, (5, -5, -2.5)),
    )
    for make in (Constant, Feed)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_free_size():
    start = tensor((), DType.INT32)
    assert shapes(Range(), start, constant(5), constant(1)) == [(-1,)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((0, 5, 0), np.int32),
        ((0, 5, -1), np.int32),
        ((0, 2**40, 1), np.int64),
        ((0, np.inf, 1), np.float32),
        ((0, np.nan, 1), np.float32),
        ((0, 1e30, 1e-30), np.float32),
    ],
)
def test_refuses(values, kind):
    refused(Range(), *(constant(value, kind) for value in values))


def test_refuses_types():
    refused(Range(), *(constant(1, np.int8),) * 3, match="int8")
    refused(Range(), *(constant([1]),) * 3, match="scalar")
