from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.ops import Elu, Gelu, Logistic, Tanh
from tests.ops.contract import OPTIMIZED, Case, Feed, check_compiled
from tests.ops.elements import SHAPES, SPECIAL, every, plain, types
from tests.ops.values import feed, floats, integers, scale

STEPS = (0.0001, 0.01, 0.05, 0.1, 0.5, 3.0)
WIDE_STEPS = (2.0**-12, 2.0**-11, 2.0**-10, 0.00001, 0.0003, 0.01)
NEAR_POWERS = tuple(
    2.0**power * factor for power in (-12, -11) for factor in (0.9994, 1.0004, 1.002)
)
"""TFLite takes scales for powers of two that differ from them by less than 0.07 %."""


def case(op: Elu | Gelu | Logistic | Tanh, *given: object, **named: object) -> Case:
    if isinstance(op, Elu):  # LiteRT has no reference kernel of it
        named["judge"] = OPTIMIZED
    return Case(op, *given, **named)


FLOAT = [
    case(op, (Feed(floats(*shape, reach=reach)),), name=f"{op!r}-{shape}-{reach}")
    for op, shape, reach in product(
        (Logistic(), Tanh(), Elu(), Gelu(), Gelu(approximate=True)),
        ((), (500,), (2, 3, 4, 5)),
        (2, 100),
    )
]

FIXED = [
    Case(
        op,
        (Feed(np.arange(-128, 128).astype(np.int8), scale(step, zero_point)),),
        output,
        name=f"{step}-{zero_point}",
    )
    for (op, output), step, zero_point in product(
        ((Logistic(), scale(1 / 256, -128)), (Tanh(), scale(1 / 128))),
        STEPS,
        (-128, 0, 127),
    )
]

UNSIGNED = [
    Case(op, (feed(np.uint8, (256,), scale(0.05, 120)),), output)
    for op, output in ((Logistic(), scale(1 / 256)), (Tanh(), scale(1 / 128, 128)))
]

WIDE = [
    Case(
        op,
        (Feed(integers(np.int16, 4000), scale(step)),),
        scale(1 / 32768),
        name=f"16-bit-{step}",
    )
    for op, step in product((Logistic(), Tanh()), WIDE_STEPS + NEAR_POWERS)
]

FREE_SCALES = [
    case(
        op,
        (Feed(np.arange(-128, 128).astype(np.int8), scale(step, zero_point)),),
        scale(step * 0.7, -90),
        name=f"{op!r}-{step}-{zero_point}",
    )
    for op, step, zero_point in product(
        (Elu(), Gelu(), Gelu(approximate=True)), STEPS, (-128, 5, 127)
    )
]


HALVES = [
    case(op, (plain(dtype, shape),), tolerance=1e-3 if isinstance(op, Gelu) else 1e-5)
    for op, titles in (
        (Logistic(), "float16 bfloat16"),
        (Tanh(), "float16 bfloat16"),
        # LiteRT rounds each step of it to 16 bits.
        (Gelu(), "float16"),
        (Gelu(approximate=True), "float16"),
    )
    for dtype in types(titles)
    for shape in (*SHAPES, (300,))
]
ENDS = [
    case(op, (Feed(SPECIAL),), name=f"{op!r}-special")
    for op in (Logistic(), Tanh(), Elu(), Gelu(), Gelu(approximate=True))
]
EVERY = [
    Case(
        op,
        (every(dtype, scale(step, zeros[0])),),
        scale(out, zeros[1]),
        name=f"{op!r}-{step}-{zeros}",
    )
    for op in (Gelu(), Gelu(approximate=True))
    for dtype, zeros in (
        (np.uint8, (0, 20)),
        (np.uint8, (255, 3)),
        (np.int16, (0, 0)),
    )
    for step, out in ((1e-4, 1e-4), (0.001, 5e-4), (0.03, 0.007), (0.5, 2.0))
] + [
    Case(
        op,
        (every(np.uint8, scale(step, zero)),),
        output,
        name=f"{step}-{zero}",
    )
    for op, output in ((Logistic(), scale(1 / 256)), (Tanh(), scale(1 / 128, 128)))
    for step, zero in product((0.0001, 0.05, 3.0), (0, 255))
]


@pytest.mark.parametrize("case", HALVES + ENDS + EVERY, ids=str)
def test_other_types(case: Case) -> None:
    check_compiled(case)


@pytest.mark.parametrize("case", FLOAT + FIXED + UNSIGNED + WIDE + FREE_SCALES, ids=str)
def test_contract(case: Case) -> None:
    check_compiled(case)
