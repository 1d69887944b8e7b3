"""UNIQUE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Unique
from tests.ops.contract import Case, Feed, check
from tests.ops.inputs import refused, shapes, tensor

VALUES = ([3, 1, 3, 2, 1], [5], [7, 7, 7, 7], list(range(20, 0, -1)), [])
CASES = [
    Case(Unique(result), (Feed(np.array(values, dtype)),), name=f"{values} {result}")
    for dtype in (np.float32, np.int8, np.uint8, np.int16, np.int32, np.int64)
    for result in (DType.INT32, DType.INT64)
    for values in VALUES
    if len(values)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_of_nothing():
    y, places = Unique().reference(np.zeros(0, np.float32))
    assert y.shape == places.shape == (0,)


def test_free_sizes_and_refusals():
    assert shapes(Unique(), tensor((4,))) == [(-1,), (4,)]
    refused(Unique(), tensor((2, 2)), match="vector")
    refused(Unique(DType.FLOAT32), tensor((2,)), match="idx_out_type")
