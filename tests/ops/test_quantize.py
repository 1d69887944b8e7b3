from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import Array, DType, limits_of
from gossamer.ops import Dequantize, Quantize
from tests.ops.contract import (
    MACHINES,
    Case,
    Constant,
    Feed,
    check_compiled,
    compiled_agrees_on,
    prepare,
)
from tests.ops.elements import numbers
from tests.ops.values import channel_scales, feed, floats, integers, scale

TYPES = (DType.INT8, DType.UINT8, DType.INT16)
HALVES = (np.arange(-40, 41) / 8).astype(np.float32)
CLOSE = np.float32([0.49999997, -0.49999997, 8388609.0, -8388609.0, 2e9, -2e9])


def every_of(dtype: DType) -> Array:
    """All numbers of a type."""
    low, high = limits_of(dtype)
    return np.arange(low, high + 1).astype(dtype.numpy)


def drawn(dtype: DType, shape: tuple[int, ...]) -> Array:
    """Random numbers of a type."""
    low, high = limits_of(dtype)
    return numbers(dtype, shape, low=low, high=high)


def middle(dtype: DType) -> int:
    return {DType.INT8: -3, DType.UINT8: 120}.get(dtype, 0)


FROM_REAL = [
    Case(
        Quantize(),
        (Feed(array),),
        scale(step, middle(dtype)),
        dtype,
        name=f"{dtype.title}-{step}-{len(array)}",
    )
    for dtype, (array, step) in product(
        TYPES,
        ((HALVES, 0.25), (HALVES, 0.017), (floats(300, reach=99), 0.3), (CLOSE, 1.0)),
    )
]

BETWEEN = [
    Case(
        Quantize(),
        (feed(source.numpy, (300,), scale(0.1, middle(source))),),
        scale(step, middle(target)),
        target,
        name=f"{source.title}-{target.title}-{step}",
    )
    for (source, target), step in product(
        [
            (DType.INT8, DType.INT8),
            (DType.INT8, DType.UINT8),
            (DType.UINT8, DType.INT8),
            (DType.UINT8, DType.UINT8),
            (DType.INT16, DType.INT16),
            (DType.INT16, DType.INT8),
            (DType.INT8, DType.INT16),
        ],
        (0.1, 0.037, 0.41),
    )
] + [
    Case(
        Quantize(),
        (feed(np.uint8, (300,), scale(0.1, 128)),),
        scale(0.1),
        DType.INT8,
        name="moved by 128",
    )
]

BACK = [
    *(
        Case(
            Dequantize(),
            (feed(dtype.numpy, (300,), scale(step, middle(dtype))),),
            name=f"{dtype.title}-{step}",
        )
        for dtype, step in product(TYPES, (0.25, 0.017))
    ),
    Case(Dequantize(), (Constant(floats(4, 5).astype(np.float16)),), name="half"),
    Case(
        Dequantize(),
        (
            Constant(
                integers(np.int8, 3, 4),
                Quantization.per_channel(channel_scales(4, 0.01), 1),
            ),
        ),
        name="per channel",
    ),
]


FOUR_BITS = (DType.INT4, DType.UINT4)
NARROW = [
    Case(
        Quantize(),
        (Feed(floats(300, reach=reach)),),
        scale(step, zero),
        dtype,
        name=f"{dtype.title}-{step}-{zero}",
    )
    for dtype in FOUR_BITS
    for zero in (0, 7)
    for step, reach in ((0.25, 2), (0.017, 1), (3.0, 40))
]
CHANNELS = (((7, 5), 1), ((5, 7), 0), ((2, 3, 20), 2), ((2, 40, 3), 1), ((1, 4), 1))


def per_channel(dtype: DType, count: int, axis: int) -> Quantization:
    """A scale and a zero point for each channel."""
    low, high = limits_of(dtype)
    random = np.random.default_rng(count).integers(low, high + 1, count)
    zeros = np.zeros(count, np.int64) if dtype is DType.INT16 else random
    return Quantization(channel_scales(count, 0.01), zeros, axis)


NARROW += [
    Case(
        Quantize(),
        (Feed(floats(*shape)),),
        per_channel(dtype, shape[axis], axis),
        dtype,
        name=f"per channel-{dtype.title}-{shape}-{axis}",
    )
    for dtype in TYPES
    for shape, axis in CHANNELS
]
NARROW += [
    Case(
        Dequantize(),
        (
            Feed(
                numbers(
                    dtype, shape, low=limits_of(dtype)[0], high=limits_of(dtype)[1]
                ),
                per_channel(dtype, shape[axis], axis),
                dtype,
            ),
        ),
        name=f"per channel-{dtype.title}-{shape}-{axis}",
    )
    for dtype in (DType.INT8, DType.UINT8, *FOUR_BITS)
    for shape, axis in CHANNELS
]
NARROW += [
    Case(
        Dequantize(),
        (Feed(every_of(dtype), scale(step, zero), dtype),),
        name=f"{dtype.title}-{step}-{zero}",
    )
    for dtype in FOUR_BITS
    for step in (0.25, 1e-6, 100.0)
    for zero in (0, 7)
]
NARROW += [
    Case(Dequantize(), (Feed(floats(*shape).astype(np.float16)),), name=f"{shape}")
    for shape in ((5,), (2, 3), (), (0, 2), (300,))
]
# LiteRT's Python cannot set tensors of two bits, and takes NaN and what lies far off
# by what the machine happens to do.
NARROW += [
    Case(
        Dequantize(),
        (Feed(every_of(DType.INT2)[:count], scale(0.5, zero), DType.INT2),),
        expected=(every_of(DType.INT2)[:count] - zero).astype(np.float32) / 2,
        name=f"int2-{zero}-{count}",
    )
    for zero, count in ((0, 4), (1, 4), (-2, 4), (-1, 3), (0, 1), (1, 0))
]
NARROW += [
    Case(
        Quantize(),
        (Feed(np.float32([np.nan, np.inf, -np.inf, 1e30, -1e30])),),
        scale(0.5, middle(dtype)),
        dtype,
        expected=np.array([limits_of(dtype)[i] for i in (0, 1, 0, 1, 0)], dtype.numpy),
        name=f"far off-{dtype.title}",
    )
    for dtype in (*TYPES, *FOUR_BITS)
]
WIDER = [
    Case(
        Quantize(),
        (Feed(integers(source.numpy, 300) >> shift, scale(step, middle(source))),),
        scale(out, middle(target)),
        target,
        name=f"{source.title}-{target.title}-{step}-{out}",
    )
    for source, target, shift in (
        (DType.UINT8, DType.INT16, 0),
        (DType.INT16, DType.INT32, 0),
        (DType.INT32, DType.INT8, 12),
        (DType.INT32, DType.INT16, 12),
    )
    for step, out in ((0.1, 0.1), (0.1, 0.037), (0.1, 0.41), (1e-4, 2.0), (0.5, 1e-3))
]


@pytest.mark.parametrize("case", FROM_REAL + BETWEEN + BACK + NARROW + WIDER, ids=str)
def test_contract(case: Case) -> None:
    check_compiled(case)


@pytest.mark.parametrize("dtype", [DType.BOOL, DType.UINT32, DType.INT64])
def test_types_without_a_kernel_go_through_the_meaning(dtype: DType) -> None:
    array = np.array([[0, 1, 1], [1, 0, 1]], dtype.numpy)
    run = prepare(Case(Dequantize(), (Feed(array, scale(0.5, 1), dtype),)))
    assert not compiled_agrees_on(run, MACHINES[0])
    expected = (array.astype(np.float32) - 1) * np.float32(0.5)
    np.testing.assert_array_equal(run.values[run.node.output], expected)
