from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.ops import L2Normalization
from tests.ops.contract import Case, Feed, check_compiled
from tests.ops.values import feed, floats, scale

CASES = [
    *(
        Case(L2Normalization(), (Feed(floats(*shape)),))
        for shape in ((1,), (5,), (3, 7), (2, 3, 4), (1, 2, 3, 5))
    ),
    Case(L2Normalization(), (Feed(np.zeros((2, 3), np.float32)),), name="zeros"),
    *(
        Case(
            L2Normalization(),
            (feed(dtype, (50, depth), scale(0.1, zero_point)),),
            scale(1 / 128, middle),
            name=f"{depth}-{zero_point}",
        )
        for depth, (dtype, zero_point, middle) in product(
            (1, 2, 30, 700),
            ((np.int8, -5, 0), (np.int8, 127, 0), (np.uint8, 3, 128)),
        )
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check_compiled(case)
