from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import HardSwish
from tests.ops.contract import Case, Feed, check_compiled
from tests.ops.elements import SPECIAL, every, plain
from tests.ops.values import floats, scale

CASES = [
    *(
        Case(HardSwish(), (Feed(floats(*shape, reach=9)),))
        for shape in ((), (300,), (2, 3, 4, 5))
    ),
    *(
        Case(
            HardSwish(),
            (Feed(np.arange(-128, 128).astype(np.int8), scale(step, zeros[0])),),
            scale(step * ratio, zeros[1]),
            name=f"{step}-{ratio}-{zeros}",
        )
        for step, ratio, zeros in product(
            (0.0005, 0.01, 0.03, 0.1, 1.0, 20.0),
            (1.0, 0.51, 3.3),
            ((-128, -120), (5, -100), (127, 127)),
        )
    ),
    *(
        Case(
            HardSwish(),
            (every(np.uint8, scale(step, zeros[0])),),
            scale(step * 0.7, zeros[1]),
            name=f"{step}-{zeros}",
        )
        for step in (0.0005, 0.05, 1.0)
        for zeros in ((0, 10), (100, 10), (255, 255))
    ),
    *(Case(HardSwish(), (plain(DType.FLOAT32, shape),)) for shape in ((0, 2), (7, 1))),
    Case(HardSwish(), (Feed(SPECIAL),), name="special"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check_compiled(case)
