"""MATRIX_DIAG, MATRIX_SET_DIAG."""

from __future__ import annotations

import pytest

from gossamer.ir.types import DType
from gossamer.ops import MatrixDiag, MatrixSetDiag
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import feed, kinds, refused, shapes, tensor

SHAPES = ((3,), (2, 4), (1,), (2, 1, 5), (1, 3, 1), (2, 40))
MATRICES = ((3, 3), (2, 5), (5, 2), (2, 3, 4), (1, 1), (3, 1, 7, 2))
TYPES = kinds("float32", "int8", "uint8", "int16", "int32", "int64")
CASES = [
    Case(MatrixDiag(), (feed(dtype, shape, q),), q)
    for dtype, q in TYPES
    for shape in SHAPES
]
CASES += [
    Case(
        MatrixSetDiag(),
        (
            feed(dtype, shape, q),
            feed(dtype, (*shape[:-2], min(shape[-2:])), q, seed=1),
        ),
        q,
    )
    for dtype, q in TYPES
    for shape in MATRICES
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    assert shapes(MatrixDiag(), tensor((-1, 3))) == [(-1, 3, 3)]
    given = tensor((-1, 3, 2)), tensor((4, 2))
    assert shapes(MatrixSetDiag(), *given) == [(-1, 3, 2)]


def test_refuses():
    refused(MatrixDiag(), tensor(()), match="scalar")
    refused(MatrixSetDiag(), tensor((3, 3)), tensor((2,)), match="differ")
    refused(MatrixSetDiag(), tensor((3,)), tensor(()), match="does not fit")
    refused(MatrixSetDiag(), tensor((2, 2)), tensor((2,), DType.INT8), match="alike")
