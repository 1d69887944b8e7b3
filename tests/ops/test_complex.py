from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import Cast, ComplexAbs, Imag, Real, Reshape, Rfft2D
from tests.ops.contract import Case, Constant, Feed, check
from tests.ops.inputs import constant, ints, refused, shapes, tensor

SHAPES = ((), (1,), (7,), (3, 5), (2, 1, 3, 2), (0, 2))


def numbers(shape, dtype):
    rng = np.random.default_rng(shape)
    parts = rng.normal(size=(2, *shape))
    return np.asarray(parts[0] + 1j * parts[1], dtype)


SPECIAL = np.array(
    [0, 3 + 4j, complex(np.inf, 1), complex(1, -np.inf), 1e30 + 1e30j], np.complex64
)

CASES = [
    *(
        Case(op(), (Feed(numbers(shape, dtype)),))
        for op in (Real, Imag, ComplexAbs)
        for dtype in (np.complex64, np.complex128)
        for shape in SHAPES
    ),
    *(Case(op(), (Feed(SPECIAL),), name="special") for op in (Real, Imag, ComplexAbs)),
    *(
        Case(Cast(source, target), (Feed(numbers(shape, source.numpy)),))
        for source, target in (
            (DType.COMPLEX64, DType.FLOAT32),
            (DType.COMPLEX64, DType.COMPLEX64),
            (DType.COMPLEX64, DType.INT32),
        )
        for shape in SHAPES
    ),
    *(
        Case(
            Cast(DType.FLOAT32, DType.COMPLEX64),
            (Feed(np.real(numbers(shape, np.complex64))),),
        )
        for shape in SHAPES
    ),
    *(
        Case(Reshape(), (Feed(numbers((2, 3), dtype)), ints(3, 2)))
        for dtype in (np.complex64, np.complex128)
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


SPECTRA = (
    # input shape, lengths
    ((4, 4), (4, 4)),
    ((1, 512), (1, 512)),
    ((3, 1, 400), (1, 512)),
    ((2, 5, 9), (4, 8)),
    ((6, 3), (16, 2)),
    ((8, 8), (2, 4)),
    ((2, 2, 1, 3), (8, 16)),
)


@pytest.mark.parametrize("kind", [Constant, Feed])
@pytest.mark.parametrize(("shape", "lengths"), SPECTRA, ids=str)
def test_spectrum(shape, lengths, kind):
    x = np.asarray(np.random.default_rng(shape).normal(size=shape), np.float32)
    check(Case(Rfft2D(), (Feed(x), kind(np.array(lengths, np.int32)))))


def test_what_is_refused():
    for op in (Real(), Imag(), ComplexAbs()):
        refused(op, tensor((2,)), match="no complex numbers")
        refused(op, match="0 inputs")
    lengths = constant([4, 4])
    op = Rfft2D()
    refused(op, tensor((4,)), lengths, match="not float32 of two dimensions")
    refused(op, tensor((4, 4), DType.INT8), lengths, match="not float32")
    refused(op, tensor((4, 4)), constant([4, 4], np.int64), match=r"not int32\[2\]")
    refused(op, tensor((4, 4)), constant([4, 3]), match="not two powers of two")
    refused(op, tensor((4, 4)), constant([0, 4]), match="not two powers of two")
    refused(op, tensor((4, 4)), constant([-4, 4]), match="not two powers of two")
    refused(op, tensor((4, 4)), constant([4]), match="1 elements, not 2")


def test_lengths_that_are_computed_leave_sizes_free():
    found = shapes(Rfft2D(), tensor((3, 4, 4)), tensor((2,), DType.INT32))
    assert found == [(3, -1, -1)]
