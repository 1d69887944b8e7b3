"""RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import ResizeBilinear, ResizeNearestNeighbor
from tests.ops.contract import Case, check_compiled
from tests.ops.inputs import constant, feed, ints, kinds, refused, shapes, tensor

MODES = ((False, False), (True, False), (False, True))
CASES = [
    Case(
        op(*mode), (feed(dtype, (2, 3, 4, 3), q), ints(*size)), q, name=f"{mode} {size}"
    )
    for dtype, q in kinds("float32", "int8", "uint8", "int16")
    for op in (ResizeBilinear, ResizeNearestNeighbor)
    for mode in MODES
    for size in ((5, 7), (2, 2), (1, 1), (3, 11), (6, 3))
]
CASES += [
    Case(op(*mode), (feed(dtype, shape, q), ints(5, 7)), q, name=f"{mode} {shape}")
    for dtype, q in kinds("float32", "int8", "uint8", "int16")
    for op in (ResizeBilinear, ResizeNearestNeighbor)
    for mode in MODES
    for shape in ((1, 1, 9, 37), (2, 4, 1, 64), (1, 2, 2, 1))
]
CASES += [
    Case(op(), (feed(DType.FLOAT32, (1, 1, 1, 1)), ints(3, 2)))
    for op in (ResizeBilinear, ResizeNearestNeighbor)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    size = constant([5, 6])
    assert shapes(ResizeBilinear(), tensor((-1, 3, -1, 2)), size) == [(-1, 5, 6, 2)]
    size = tensor((2,), DType.INT32)
    assert shapes(ResizeBilinear(), tensor((1, 3, 3, 2)), size) == [(1, -1, -1, 2)]


@pytest.mark.parametrize("op", [ResizeBilinear, ResizeNearestNeighbor])
def test_refuses(op):
    x = tensor((1, 3, 3, 2))
    refused(op(), x, constant([0, 2]), match="new size")
    refused(op(), x, constant([2, 2, 2]), match="not 2")
    refused(op(), tensor((3, 3)), constant([2, 2]), match="rank 2")
    refused(op(), tensor((1, 0, 3, 2)), constant([2, 2]), match="empty")
    refused(op(align_corners=True, half_pixel_centers=True), x, constant([2, 2]))


@pytest.mark.parametrize("op", [ResizeBilinear(), ResizeNearestNeighbor()])
def test_no_channels_cost_no_memory(op):
    x = np.zeros((1, 2, 2, 0), np.float32)
    (y,) = op.reference(x, np.array([2**31 - 1, 1]))
    assert y.shape == (1, 2**31 - 1, 1, 0)
