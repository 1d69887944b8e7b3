from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import LeakyRelu, PRelu, Relu, Relu0To1, Relu6, ReluN1To1
from tests.ops.contract import Case, Constant, Feed, check, prepare
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


@pytest.mark.parametrize("case", FLOAT + INTEGER + OTHERS + PARAMETRIC, ids=str)
def test_contract(case: Case) -> None:
    check(case)


def test_an_alpha_larger_than_the_input() -> None:
    with pytest.raises(GraphError, match="larger"):
        prepare(Case(PRelu(), (Feed(floats(3)), Constant(floats(2, 3)))))
