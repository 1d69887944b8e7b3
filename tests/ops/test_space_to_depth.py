"""SPACE_TO_DEPTH, DEPTH_TO_SPACE."""

from __future__ import annotations

import pytest

from gossamer.ops import DepthToSpace, SpaceToDepth
from tests.ops.contract import OPTIMIZED, Case, check_compiled
from tests.ops.inputs import feed, kinds, refused, shapes, tensor

# The reference set lacks DEPTH_TO_SPACE of int8.
CASES = [
    case
    for dtype, q in kinds("float32", "int8", "uint8", "int32", "int64")
    for case in (
        Case(SpaceToDepth(2), (feed(dtype, (2, 4, 6, 3), q),), q),
        Case(SpaceToDepth(3), (feed(dtype, (1, 3, 6, 1), q),), q),
        Case(SpaceToDepth(1), (feed(dtype, (1, 5, 7, 1), q),), q),
        Case(SpaceToDepth(4), (feed(dtype, (3, 4, 4, 5), q),), q),
        Case(SpaceToDepth(2), (feed(dtype, (0, 4, 6, 3), q),), q),
        Case(DepthToSpace(4), (feed(dtype, (1, 3, 1, 16), q),), q, judge=OPTIMIZED),
        Case(DepthToSpace(2), (feed(dtype, (0, 2, 3, 12), q),), q, judge=OPTIMIZED),
        Case(DepthToSpace(2), (feed(dtype, (2, 2, 3, 12), q),), q, judge=OPTIMIZED),
        Case(DepthToSpace(3), (feed(dtype, (1, 1, 1, 9), q),), q, judge=OPTIMIZED),
        Case(DepthToSpace(1), (feed(dtype, (1, 5, 7, 1), q),), q, judge=OPTIMIZED),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(SpaceToDepth(2), tensor((-1, -1, 4, 3))) == [(-1, -1, 2, 12)]
    assert shapes(DepthToSpace(2), tensor((-1, 3, 4, 8))) == [(-1, 6, 8, 2)]


@pytest.mark.parametrize("block", [0, -1, 2**31 - 1])
def test_refuses_blocks(block):
    refused(SpaceToDepth(block), tensor((1, 4, 4, 4)))
    refused(DepthToSpace(block), tensor((1, 4, 4, 4)))


def test_refuses():
    refused(SpaceToDepth(2), tensor((1, 3, 4, 1)), match="divide")
    refused(DepthToSpace(2), tensor((1, 3, 4, 3)), match="multiple")
    refused(DepthToSpace(2), tensor((3, 4, 4)), match="rank 3")
