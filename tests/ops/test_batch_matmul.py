from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import BatchMatMul
from tests.ops.contract import Case, Constant, Feed, check, prepare
from tests.ops.values import feed, floats, scale, weights

SHAPES = [
    ((3, 4), (4, 5), False, False),
    ((2, 3, 4), (2, 4, 5), False, False),
    ((2, 1, 3, 4), (5, 4, 2), False, False),
    ((1, 4, 3), (6, 4, 2), True, False),
    ((2, 3, 4), (2, 5, 4), False, True),
    ((2, 4, 3), (1, 5, 4), True, True),
    ((2, 3, 2, 3, 4), (3, 1, 4, 5), False, False),
    ((1, 1), (1, 1), False, False),
]

FLOAT = [
    Case(
        BatchMatMul(adj_x, adj_y),
        (Feed(floats(*x)), Feed(floats(*y))),
        name=f"{x}-{y}-{adj_x}-{adj_y}",
    )
    for x, y, adj_x, adj_y in SHAPES
]

INTEGER = [
    Case(
        BatchMatMul(adj_x, adj_y),
        (
            feed(dtype, x, scale(steps[0], zero_points[0])),
            feed(dtype, y, scale(steps[1], zero_points[1])),
        ),
        scale(steps[2], zero_points[2]),
        name=f"{x}-{y}-{adj_x}-{adj_y}-{zero_points}",
    )
    for x, y, adj_x, adj_y in [*SHAPES, ((4, 32, 16), (4, 16, 32), False, False)]
    for dtype, zero_points, steps in [
        (np.int8, (-5, 7, 3), (0.02, 0.013, 0.2)),
        (np.int8, (-128, 127, -128), (0.02, 0.013, 0.00002)),
        (np.int16, (0, 0, 0), (0.0002, 0.0003, 0.001)),
    ]
]

HYBRID = [
    Case(
        BatchMatMul(False, adj_y, asymmetric),
        (Feed(floats(2, 9, 16)), weights((5, 16) if adj_y else (16, 5), None)),
        name=f"dynamic-{adj_y}-{asymmetric}",
    )
    for adj_y in (False, True)
    for asymmetric in (False, True)
]


@pytest.mark.parametrize("case", FLOAT + INTEGER + HYBRID, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ((3, 4), (5, 6), "inner sizes"),
        ((2, 3, 4), (3, 4, 6), "broadcast"),
        ((4,), (4, 6), "rank 1"),
    ],
)
def test_inputs_that_do_not_fit(
    x: tuple[int, ...], y: tuple[int, ...], words: str
) -> None:
    with pytest.raises(GraphError, match=words):
        prepare(Case(BatchMatMul(), (Feed(floats(*x)), Constant(floats(*y)))))
