"""BUCKETIZE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Bucketize
from tests.ops.contract import Case, Feed, check, check_compiled
from tests.ops.inputs import refused, shapes, tensor

BOUNDS = ((0.0, 10.0, 100.0), (1.0,), (-2.5, -2.5, 3.0), tuple(map(float, range(30))))
SHAPES = ((5,), (2, 3), (1,), (3, 1, 40), ())


def values(dtype, shape):
    drawn = np.random.default_rng(len(shape)).integers(-8, 120, shape)
    return Feed(np.asarray(drawn, dtype))


def cases(*dtypes):
    return [
        Case(Bucketize(bounds), (values(dtype, shape),), name=f"{bounds[:3]} {shape}")
        for dtype in dtypes
        for bounds in BOUNDS
        for shape in SHAPES
    ]


@pytest.mark.parametrize("case", cases(np.float32, np.int32), ids=str)
def test_contract(case):
    check_compiled(case)


MANY = Case(Bucketize(tuple(map(float, range(100)))), (values(np.float32, (40,)),))


@pytest.mark.parametrize("case", [*cases(np.float64, np.int64), MANY], ids=str)
def test_contract_without_kernel(case):
    check(case)


def test_free_sizes_and_refusals():
    assert shapes(Bucketize((1.0,)), tensor((-1, 2))) == [(-1, 2)]
    refused(Bucketize((1.0,)), tensor((2,), DType.INT8), match="int8")
    refused(Bucketize((2.0, 1.0)), tensor((2,)), match="do not rise")
