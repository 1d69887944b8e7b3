"""REVERSE_V2."""

from __future__ import annotations

import pytest

from gossamer.ops import ReverseV2
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import KINDS, constant, feed, ints, refused, tensor

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(ReverseV2(), (feed(dtype, (2, 3, 4), q), ints(1)), q),
        Case(ReverseV2(), (feed(dtype, (2, 3, 4), q), ints(-1)), q),
        Case(ReverseV2(), (feed(dtype, (1,), q), ints(0)), q),
        Case(ReverseV2(), (feed(dtype, (7,), q), ints(0)), q),
        Case(ReverseV2(), (feed(dtype, (2, 3, 5), q), ints(0, 1)), q),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_refuses():
    refused(ReverseV2(), tensor((2, 3)), constant([2]), match="axis 2")
