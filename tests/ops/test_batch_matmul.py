from __future__ import annotations

import numpy as np
import pytest

from gossamer.codegen.host import host
from gossamer.errors import GraphError
from gossamer.ir.types import DType
from gossamer.ops import BatchMatMul
from tests.ops.contract import (
    Case,
    Constant,
    Feed,
    check,
    compiled_agrees,
    prepare,
    round_trip,
    types_agree,
)
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
    ((2, 20, 21), (2, 21, 70), False, False),
    ((17, 18), (3, 37, 18), False, True),
    ((19, 33), (19, 16), True, False),
    ((1, 50), (2, 3, 50, 130), False, False),
    ((40, 67, 1), (1, 40, 1, 3), False, False),
    ((1, 2, 64, 32), (1, 2, 64, 32), False, True),
    ((3, 100, 26), (1, 700, 100), True, True),
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

STRETCHED_NAMES = (
    "(2, 3, 2, 3, 4)-(3, 1, 4, 5)-False-False-False-0",
    "(2, 3, 2, 3, 4)-(3, 1, 4, 5)-False-False-True-4",
    "(1, 50)-(2, 3, 50, 130)-False-False-True-4",
)
HYBRID = [
    Case(
        BatchMatMul(False, adj_y, asymmetric),
        (Feed(floats(2, 9, 16)), weights((5, 16) if adj_y else (16, 5), None)),
        name=f"dynamic-{adj_y}-{asymmetric}",
    )
    for adj_y in (False, True)
    for asymmetric in (False, True)
] + [
    Case(
        BatchMatMul(adj_x, adj_y, asymmetric),
        (Feed(floats(*x)), feed(np.int8, y, scale(0.01, zero_point))),
        name=f"dynamic-{x}-{y}-{adj_x}-{adj_y}-{asymmetric}-{zero_point}",
    )
    for x, y, adj_x, adj_y in SHAPES
    for asymmetric, zero_point in ((False, 0), (True, 4))
]

STRETCHED = [case for case in HYBRID if str(case).endswith(STRETCHED_NAMES)]
"""LiteRT takes the wrong rows' scales where x is stretched along two leading axes."""

SUMS = [
    Case(
        BatchMatMul(adj_x, adj_y),
        (
            feed(np.int8, x, scale(0.02, zero_points[0])),
            feed(np.int8, y, scale(0.03, zero_points[1])),
        ),
        scale(0.1),
        output_dtype=DType.INT32,
        name=f"sums-{x}-{y}-{adj_x}-{adj_y}-{zero_points}",
    )
    for x, y, adj_x, adj_y in SHAPES
    for zero_points in ((0, 0), (-5, 7))
]

EXTREME = [
    Case(
        BatchMatMul(False, True),
        (Feed(np.full((3, 40), -32768, np.int16), scale(0.001)), same),
        scale(1000.0),
        name="extreme",
    )
    for same in (Feed(np.full((5, 40), -32768, np.int16), scale(0.001)),)
]


ALL = FLOAT + INTEGER + HYBRID + SUMS + EXTREME


@pytest.mark.parametrize("case", ALL, ids=str)
def test_contract(case: Case) -> None:
    if case not in STRETCHED:
        check(case)
        return
    run = prepare(case)
    for stage in (types_agree, round_trip, compiled_agrees):
        stage(run)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_every_type_is_compiled(case: Case) -> None:
    run = prepare(case)
    assert run.node.op.lower(run.node, host()) is not None


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
