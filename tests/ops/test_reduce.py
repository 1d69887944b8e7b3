from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    Mean,
    ReduceAll,
    ReduceAny,
    ReduceMax,
    ReduceMin,
    ReduceProd,
    Sum,
)
from tests.ops.contract import OPTIMIZED, Case, Constant, Feed, check_compiled, prepare
from tests.ops.values import feed, floats, integers, scale

KINDS = (Mean, Sum, ReduceProd, ReduceMax, ReduceMin)
AXES = [
    ((2, 3, 4, 5), (1, 2)),
    ((2, 3, 4, 5), (-1,)),
    ((2, 3, 4, 5), (0, -1, 3)),
    ((2, 3, 4, 5), (0, 1, 2, 3)),
    ((3, 1, 2), (1,)),
    ((6,), (0,)),
    ((2, 3), ()),
]


def axes(given: tuple[int, ...]) -> Constant:
    return Constant(np.array(given, np.int32))


FLOAT = [
    Case(
        kind(keep), (Feed(floats(*shape)), axes(given)), name=f"{shape}-{given}-{keep}"
    )
    for kind, (shape, given), keep in product(KINDS, AXES, (False, True))
]

SHAPES = [
    ((2, 3, 4), (1,)),
    ((3, 70), (1,)),
    ((70, 5), (0,)),
    ((3, 2, 5, 9), (0, 2)),
    ((1, 1), (0,)),
    ((2, 3, 2, 3, 2), (1, 3)),
]
WHOLE = [
    Case(
        kind(keep),
        (Feed(integers(dtype, *shape) >> 8 * (dtype().nbytes - 2)), axes(given)),
        name=f"{shape}-{given}-{keep}",
    )
    for kind, dtype, (shape, given), keep in product(
        KINDS, (np.int32, np.int64), SHAPES, (False, True)
    )
]

TRUTH = [
    Case(
        kind(keep),
        (Feed(np.random.default_rng(size).random(shape) < share), axes(given)),
        name=f"{shape}-{given}-{keep}-{share}",
    )
    for size, (kind, (shape, given), keep, share) in enumerate(
        product((ReduceAny, ReduceAll), SHAPES, (False, True), (0.05, 0.95))
    )
]

MEANS = [
    Case(
        Mean(keep),
        (feed(dtype, (3, 7, 7, 40), scale(step, zero_point)), axes(given)),
        scale(0.05, 9 if zero_point else 0),
        name=f"{given}-{zero_point}-{step}-{keep}",
    )
    for given, (dtype, zero_point), step, keep in product(
        ((1, 2), (-1,), (0, 3)),
        ((np.int8, -128), (np.int8, 5), (np.uint8, 200), (np.int16, 0)),
        (0.05, 0.0013, 0.9),
        (False, True),
    )
]

# LiteRT's reference SUM reads int8 and int16 as uint8; 8-bit unsigned is right.
SUMS = [
    Case(
        Sum(keep),
        (feed(np.uint8, (3, 7, 7, 4), scale(0.1, zero_point)), axes(given)),
        scale(0.7, 9),
        name=f"{given}-{zero_point}-{keep}",
    )
    for given, zero_point, keep in product(
        ((1, 2), (-1,)), (0, 128, 255), (False, True)
    )
]

SUMS += [
    Case(
        kind(),
        (feed(dtype, shape, scale(0.1, zero_point)), axes(given)),
        scale(0.7, zero_point),
        name=f"{dtype.__name__} {shape}-{given}",
    )
    for kind, dtype, zero_point in (
        (Mean, np.int8, -5),
        (Mean, np.uint8, 131),
        (Sum, np.uint8, 131),
    )
    for shape, given in (
        ((3, 130), (1,)),
        ((5, 64), (1,)),
        ((2, 63), (1,)),
        ((3, 3, 1000), (0, 2)),
        ((2, 519, 3), (0, 1, 2)),
    )
]

PRODUCTS = [
    Case(
        ReduceProd(keep),
        (Feed(integers(dtype, 5, 7, 4) // 6, scale(0.1, zero_point)), axes(given)),
        scale(0.05, zero_point),
        name=f"{given}-{zero_point}-{keep}",
    )
    for given, (dtype, zero_point), keep in product(
        ((-1,), (0,), (0, 2)),
        ((np.int8, -5), (np.int8, 9), (np.int16, 0)),
        (False, True),
    )
]

CHOICES = [
    Case(
        kind(keep),
        (feed(dtype, (5, 7, 4), scale(0.1, zero_point)), axes(given)),
        scale(0.1, zero_point),
    )
    for kind, given, (dtype, zero_point), keep in product(
        (ReduceMax, ReduceMin),
        ((-1,), (0,), (0, 1, 2)),
        ((np.int8, -5), (np.uint8, 9), (np.int16, 0)),
        (False, True),
    )
]


@pytest.mark.parametrize(
    "case", FLOAT + WHOLE + TRUTH + MEANS + SUMS + PRODUCTS + CHOICES, ids=str
)
def test_contract(case: Case) -> None:
    check_compiled(case)


@pytest.mark.parametrize(("dtype", "zero_point"), [(np.int8, -5), (np.int16, 0)])
def test_sums_of_signed_integers_are_sums_of_what_they_stand_for(
    dtype: type[np.integer], zero_point: int
) -> None:
    x, y = scale(0.01, zero_point), scale(0.37, zero_point)
    given = feed(dtype, (6, 5, 50), x)
    run = prepare(Case(Sum(), (given, axes((2,))), y))
    (result,) = (run.values[tensor] for tensor in run.node.outputs)
    real = x.dequantize(given.array).sum(axis=2) / 0.37 + zero_point
    limits = np.iinfo(dtype)
    expected = np.clip(real, limits.min, limits.max)
    assert np.abs(result - expected).max() < 0.51


@pytest.mark.parametrize("kind", KINDS)
def test_axes_outside_the_rank(kind: type[Mean]) -> None:
    with pytest.raises(GraphError, match="axis 3 lies outside"):
        prepare(Case(kind(), (Feed(floats(2, 3, 4)), axes((3,)))))


def test_axes_that_are_not_constant_leave_the_shape_free() -> None:
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (2, 3, 4)))
    given = build.input("axes", TensorType(DType.INT32, (2,)))
    assert build.node(Mean(keep_dims=True), x, given).signature == (-1, -1, -1)
    assert build.node(Mean(), x, given).signature == (-1,)


def test_the_mean_of_nothing_is_not_a_number() -> None:
    run = prepare(Case(Mean(), (Feed(floats(2, 0)), axes((1,))), judge=OPTIMIZED))
    (y,) = (run.values[tensor] for tensor in run.node.outputs)
    assert np.isnan(y).all()
