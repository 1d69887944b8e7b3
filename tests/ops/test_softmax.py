from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.types import DType
from gossamer.ops import LogSoftmax, Softmax
from tests.ops.contract import Case, Feed, check_compiled, prepare
from tests.ops.values import feed, floats, integers, scale

SHAPES = [(1,), (7,), (4, 1), (3, 50), (2, 3, 10), (2, 2, 3, 5)]
LONG = [(3, 16), (2, 64), (5, 2, 100), (3, 128), (2, 129), (2, 300), (1, 511)]
"""LiteRT aborts where a sum of 8-bit powers reaches 512."""
STEPS = (0.0001, 0.01, 0.1, 0.5, 3.0)

FLOAT = [
    Case(op, (Feed(floats(*shape, reach=20)),), name=f"{shape}-{op!r}")
    for op, shape in product((Softmax(1.0), Softmax(0.25)), [*SHAPES, *LONG, (2, 1001)])
]
LOG_FLOAT = [Case(LogSoftmax(), (Feed(floats(*shape, reach=20)),)) for shape in SHAPES]

INTEGER = [
    Case(
        Softmax(beta),
        (feed(np.int8, shape, scale(step, zero_point)),),
        scale(1 / 256, -128),
        name=f"{shape}-{beta}-{step}-{zero_point}",
    )
    for (shape, beta), (step, zero_point) in product(
        (((40, 50), 1.0), ((3, 4, 9), 0.5), ((1,), 1.0)),
        zip(STEPS, (-128, 3, 127, 0, -5), strict=True),
    )
] + [
    Case(Softmax(1.0), (feed(np.uint8, (20, 9), scale(step, 90)),), scale(1 / 256, 0))
    for step in STEPS
]

INTEGER_LONG = [
    Case(
        Softmax(1.0),
        (Feed(integers(dtype, *shape) // spread, scale(step)),),
        scale(1 / 256, -128 if dtype is np.int8 else 0),
        name=f"{shape}-{step}-{spread}",
    )
    for dtype, shape in product((np.int8, np.uint8), LONG)
    for step, spread in ((0.0001, 1), (0.05, 3), (0.4, 9), (3.0, 1))
]

WIDE = [
    Case(
        Softmax(1.0),
        (Feed(integers(np.int16, 30, 20) // spread, scale(step)),),
        scale(1 / 32768),
        name=f"{step}-{spread}",
    )
    for step, spread in product((0.0001, 0.0005, 0.003), (1, 100))
]

WIDER = [
    Case(
        Softmax(beta),
        (feed(dtype, shape, scale(step, 3)),),
        scale(1 / 32768, -32768 if dtype is np.int8 else 0),
        output_dtype=DType.INT16,
        name=f"to int16 {shape}-{beta}-{step}",
    )
    for dtype in (np.int8,)
    for shape, beta in (((40, 50), 1.0), ((3, 4, 9), 0.5), ((1,), 1.0))
    for step in STEPS
]

LOG_INTEGER = [
    Case(
        LogSoftmax(),
        (feed(dtype, (40, 50), scale(step, 5)),),
        scale(16 / 256, greatest),
        name=f"{step}",
    )
    for step, (dtype, greatest) in product(STEPS, ((np.int8, 127), (np.uint8, 255)))
]


@pytest.mark.parametrize(
    "case",
    FLOAT + LOG_FLOAT + INTEGER + INTEGER_LONG + WIDE + WIDER + LOG_INTEGER,
    ids=str,
)
def test_contract(case: Case) -> None:
    check_compiled(case)


@pytest.mark.parametrize("op", [Softmax(1.0), LogSoftmax()])
def test_a_scalar_has_no_axis(op: Softmax | LogSoftmax) -> None:
    with pytest.raises(GraphError, match="scalar"):
        prepare(Case(op, (Feed(floats()),)))
