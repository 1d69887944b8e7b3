"""CONCATENATION."""

from __future__ import annotations

import pytest

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.ops import Concatenation
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import INT8, KINDS, constant, feed, refused, shapes, tensor

CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(
            Concatenation(0), (feed(dtype, (2, 3, 4), q), feed(dtype, (1, 3, 4), q)), q
        ),
        Case(
            Concatenation(1),
            (
                feed(dtype, (2, 3, 4), q),
                feed(dtype, (2, 5, 4), q),
                feed(dtype, (2, 1, 4), q),
            ),
            q,
        ),
        Case(Concatenation(-1), (feed(dtype, (2, 3), q), feed(dtype, (2, 7), q)), q),
        Case(Concatenation(0), (feed(dtype, (1,), q),), q),
        Case(
            Concatenation(2),
            (feed(dtype, (1, 1, 1, 3), q), feed(dtype, (1, 1, 2, 3), q)),
            q,
        ),
    )
]
CASES += [
    Case(
        Concatenation(1),
        (
            feed(DType.UINT8, (2, 3), INT8),
            feed(DType.UINT8, (2, 99), Quantization.per_tensor(scale, zero)),
        ),
        Quantization.per_tensor(0.41, 120),
        name=f"scale {scale}",
    )
    for scale, zero in ((0.37, 9), (0.011, 255), (3.3, 0))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(Concatenation(1), tensor((-1, 3)), tensor((2, 4))) == [(2, 7)]
    assert shapes(Concatenation(0), tensor((-1, 3)), tensor((2, 3))) == [(-1, 3)]


def test_refuses():
    refused(Concatenation(0), match="no input")
    refused(Concatenation(2), tensor((2, 3)), tensor((2, 3)), match="axis 2")
    refused(Concatenation(0), tensor((2, 3)), tensor((2, 4)), match="3 and 4")
    refused(Concatenation(0), tensor((2, 3)), tensor((2,)), match="rank")
    refused(Concatenation(0), tensor((2,)), constant([1, 2]), match="alike")
    refused(Concatenation(0, "relu"), tensor((2,)), match="relu")
