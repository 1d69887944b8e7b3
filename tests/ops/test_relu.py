from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.types import DType
from gossamer.ops import LeakyRelu, PRelu, Relu, Relu0To1, Relu6, ReluN1To1
from tests.ops.contract import Case, Constant, Feed, check_compiled, prepare
from tests.ops.elements import SPECIAL, every, plain
from tests.ops.values import feed, floats, integers, scale

CLAMPS = (Relu(), Relu6(), ReluN1To1(), Relu0To1())
LEAKS = (LeakyRelu(0.25), LeakyRelu(1.5), LeakyRelu(-0.5), LeakyRelu(0.0))

FLOAT = [
    Case(op, (Feed(floats(*shape, reach=9)),), name=f"{op!r}-{shape}")
    for op, shape in product((*CLAMPS, *LEAKS), ((), (7,), (2, 3, 4, 5)))
]

INTEGER = [
    Case(
        op,
        (feed(np.int8, (60, 50), scale(step, zeros[0])),),
        scale(step * ratio, zeros[1]),
        name=f"{op!r}-{step}-{ratio}-{zeros}",
    )
    for op, step, (ratio, zeros) in product(
        (*CLAMPS, *LEAKS),
        (0.01, 0.1, 3.0),
        ((1, (3, 3)), (0.3, (-128, 127)), (7.1, (127, -128)), (0.71, (0, -50))),
    )
]

OTHERS = [
    *(
        Case(op, (feed(np.uint8, (60,), scale(0.1, 90)),), scale(0.07, 20))
        for op in (*CLAMPS, *LEAKS)
    ),
    *(
        Case(op, (feed(np.int16, (60, 50), scale(0.0003)),), scale(0.0002))
        for op in (Relu(), Relu6(), LeakyRelu(0.25))
    ),
]

SHAPES = [((5,), (5,)), ((2, 3, 4, 5), (1, 1, 5)), ((2, 3, 4, 5), (3, 1, 1))]

PARAMETRIC = [
    *(Case(PRelu(), (Feed(floats(*x)), Constant(floats(*a)))) for x, a in SHAPES),
    *(
        Case(
            PRelu(),
            (
                feed(dtype, x, scale(0.1, zeros[0])),
                Constant(integers(dtype, *a), scale(0.01, zeros[1])),
            ),
            scale(0.08, zeros[2]),
            name=f"{x}-{a}-{zeros}",
        )
        for (x, a), (dtype, zeros) in product(
            SHAPES,
            (
                (np.int8, (-5, 3, 7)),
                (np.int8, (127, -128, 0)),
                (np.uint8, (100, 90, 80)),
            ),
        )
    ),
]


EMPTY = [
    Case(op, (plain(DType.FLOAT32, shape),), name=f"{op!r}-{shape}")
    for op in (*CLAMPS, *LEAKS)
    for shape in ((0, 2), (1,), (7, 1))
] + [
    Case(op, (Feed(SPECIAL),), name=f"{op!r}-special")
    for op in (*CLAMPS, LeakyRelu(0.25))
]
UNSIGNED = [
    Case(
        op,
        (every(np.uint8, scale(step, zeros[0])),),
        scale(out, zeros[1]),
        name=f"{op!r}-{step}-{zeros}",
    )
    for op in (*CLAMPS, *LEAKS)
    for step, out in ((0.1, 0.051), (3.0, 0.7), (1e-4, 1e-3))
    for zeros in ((0, 20), (255, 3))
]
WIDE = [
    Case(
        op,
        (every(np.int16, scale(step)),),
        scale(out),
        name=f"{op!r}-{step}",
    )
    for op in (Relu(), Relu6(), *LEAKS)
    for step, out in (
        (1e-4, 1e-4),
        (0.001, 5e-4),
        (0.03, 0.007),
        (1e-6, 1e-5),
        (0.5, 2.0),
    )
]
ALPHAS = [
    Case(
        PRelu(),
        (
            feed(dtype, (30, 70), scale(steps[0], zeros[0])),
            Feed(integers(dtype, *alpha, seed=1), scale(steps[1], zeros[1])),
        ),
        scale(steps[2], zeros[2]),
        name=f"{alpha}-{zeros}-{steps}",
    )
    for dtype, zeros in (
        (np.int8, (-128, 127, -128)),
        (np.uint8, (0, 255, 3)),
    )
    for alpha in ((70,), (30, 70), (1,), (30, 1))
    for steps in ((0.02, 0.013, 0.037), (1.0, 0.001, 0.9), (1e-4, 2e-4, 5.0))
]

# LiteRT reads 16-bit alphas from the wrong places.
STEEP = integers(np.int16, 30, 70)
SLOPES = (integers(np.int16, 30, 70, seed=1) >> 8) * 16
ALPHAS += [
    Case(
        PRelu(),
        (
            Feed(STEEP, scale(2.0**-8)),
            Feed(slopes.astype(np.int16), scale(2.0**-8)),
        ),
        scale(2.0**-12),
        expected=np.where(
            STEEP >= 0,
            STEEP.astype(np.int64) * 16,
            STEEP.astype(np.int64) * slopes // 16,
        )
        .clip(-32768, 32767)
        .astype(np.int16),
        name=f"16-bit-{slopes.shape}",
    )
    for slopes in (SLOPES, SLOPES[0], SLOPES[:, :1], SLOPES[:1, :1], SLOPES[:1])
]


@pytest.mark.parametrize(
    "case",
    FLOAT + INTEGER + OTHERS + PARAMETRIC + EMPTY + UNSIGNED + WIDE + ALPHAS,
    ids=str,
)
def test_contract(case: Case) -> None:
    check_compiled(case)


def test_an_alpha_larger_than_the_input() -> None:
    with pytest.raises(GraphError, match="larger"):
        prepare(Case(PRelu(), (Feed(floats(3)), Constant(floats(2, 3)))))
