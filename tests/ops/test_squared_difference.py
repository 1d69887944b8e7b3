"""SQUARED_DIFFERENCE."""

from __future__ import annotations

import pytest

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.ops import SquaredDifference
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import feed, kinds, refused, tensor

PAIRS = (((4, 5), (4, 5)), ((4, 5), (5,)), ((1,), (7,)), ((3, 1), (1, 3)), ((), ()))
CASES = [
    Case(SquaredDifference(), (feed(dtype, a), feed(dtype, b, seed=1)))
    for dtype, _ in kinds("float32", "int32")
    for a, b in PAIRS
]
CASES += [
    Case(
        SquaredDifference(),
        (
            feed(DType.INT8, (30, 40), Quantization.per_tensor(0.05, zero)),
            feed(DType.INT8, shape, Quantization.per_tensor(0.031, 7), seed=1),
        ),
        Quantization.per_tensor(scale, -9),
        name=f"{zero} {shape} {scale}",
    )
    for zero in (-128, 3, 127)
    for shape in ((30, 40), (40,), (30, 1), (1,))
    for scale in (0.33, 0.01, 7.0, 1e-4)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_refuses():
    refused(SquaredDifference(), tensor((2,)), tensor((3,)), match="broadcast")
