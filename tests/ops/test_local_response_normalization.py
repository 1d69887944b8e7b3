"""LOCAL_RESPONSE_NORMALIZATION."""

from __future__ import annotations

import pytest

from gossamer.ir.types import DType
from gossamer.ops import LocalResponseNormalization
from tests.ops.contract import OPTIMIZED, Case, Feed, check_compiled
from tests.ops.inputs import refused, shapes, tensor
from tests.ops.values import floats

CASES = [
    Case(
        LocalResponseNormalization(*options),
        (Feed(floats(*shape)),),
        judge=OPTIMIZED,  # the reference kernel leaves out the last neighbour
        name=f"{shape} {options}",
    )
    for shape in ((1, 1, 1, 6), (2, 3, 2, 40), (1, 2, 2, 1), (1, 1, 3, 17))
    for options in (
        (2, 1.0, 0.5, 0.5),
        (20, 1.0, 1.0, 0.5),
        (5, 2.0, 2.0**-13, 0.75),
        (0, 9.0, 4.0, 1.0),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes_and_refusals():
    op = LocalResponseNormalization(1, 1.0, 1.0, 1.0)
    assert shapes(op, tensor((-1, 2, 2, 3))) == [(-1, 2, 2, 3)]
    refused(op, tensor((2, 3)), match="rank 4")
    refused(op, tensor((1, 1, 1, 2), DType.INT8), match="float32")
    refused(LocalResponseNormalization(-1), tensor((1, 1, 1, 2)), match="radius")
