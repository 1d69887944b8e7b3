"""TOPK_V2."""

from __future__ import annotations

import pytest

from gossamer.ops import TopKV2
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import constant, feed, kinds, refused, scalar, tensor

CASES = [
    case
    for dtype, q in kinds("float32", "int8", "uint8", "int16", "int32", "int64")
    for case in (
        Case(TopKV2(), (feed(dtype, (3, 9), q), scalar(4)), q),
        Case(TopKV2(), (feed(dtype, (7,), q), scalar(7)), q),
        Case(TopKV2(), (feed(dtype, (1,), q), scalar(1)), q),
        Case(TopKV2(), (feed(dtype, (2, 3, 5), q), scalar(2)), q),
        Case(TopKV2(), (feed(dtype, (40,), q), scalar(1)), q),
        Case(TopKV2(), (feed(dtype, (2, 300), q), scalar(50)), q),
        Case(TopKV2(), (feed(dtype, (3, 4), q), scalar(0)), q),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("k", [-1, 4, 2**31 - 1])
def test_refuses(k):
    refused(TopKV2(), tensor((2, 3)), constant(k), match="k is")
