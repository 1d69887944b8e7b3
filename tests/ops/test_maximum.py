from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.ops import Maximum, Minimum
from tests.ops.contract import Case, Feed, check_compiled
from tests.ops.elements import PAIRS, SPECIAL, plain, types
from tests.ops.values import feed, floats, integers, scale

SHAPES = [
    ((5,), (5,)),
    ((3, 1), (1, 4)),
    ((), (2, 3, 4)),
    ((2, 1, 3, 1), (1, 4, 1, 5)),
    ((2, 1, 3, 1, 2), (4, 1, 5, 1)),
]

CASES = [
    *(
        Case(kind(), (Feed(floats(*left)), Feed(floats(*right, seed=1))))
        for kind, (left, right) in product((Maximum, Minimum), SHAPES)
    ),
    *(
        Case(kind(), (Feed(integers(dtype, 3, 4)), Feed(integers(dtype, 4, seed=1))))
        for kind, dtype in product((Maximum, Minimum), (np.int32, np.int64))
    ),
    *(
        Case(
            kind(),
            (feed(dtype, (3, 1), scale(0.1, 3)), feed(dtype, (5,), scale(0.1, 3))),
            scale(0.1, 3),
        )
        for kind, dtype in product((Maximum, Minimum), (np.int8, np.uint8))
    ),
]


CASES += [
    Case(kind(), (plain(dtype, left), plain(dtype, right, 1)))
    for kind in (Maximum, Minimum)
    for dtype in types("float16 bfloat16 int8 uint8 int16 int32 int64")
    for left, right in PAIRS
]
CASES += [
    Case(kind(), (Feed(SPECIAL), Feed(SPECIAL.reshape(-1, 1))), name="special")
    for kind in (Maximum, Minimum)
]
CASES += [
    Case(
        kind(),
        (feed(dtype, left, scale(0.1, zero)), feed(dtype, right, scale(0.1, zero))),
        scale(0.1, zero),
    )
    for kind in (Maximum, Minimum)
    for dtype, zero in ((np.int8, -3), (np.uint8, 200), (np.int16, 0))
    for left, right in SHAPES
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check_compiled(case)
