"""CUMSUM."""

from __future__ import annotations

import pytest

from gossamer.ops import Cumsum
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import constant, feed, kinds, refused, scalar, tensor

CASES = [
    Case(
        Cumsum(exclusive, reverse),
        (feed(dtype, shape), scalar(axis)),
        name=f"{exclusive} {reverse} {shape} {axis}",
    )
    for dtype, _ in kinds("float32", "int32", "int64")
    for exclusive in (False, True)
    for reverse in (False, True)
    for shape, axis in (
        ((2, 4, 3), 1),
        ((7,), 0),
        ((1,), -1),
        ((3, 1), 1),
        ((2, 5), -2),
        ((2, 3, 70), 1),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_refuses():
    refused(Cumsum(), tensor((2,)), constant(1), match="axis 1")
