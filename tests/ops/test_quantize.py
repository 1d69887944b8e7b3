from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.ops import Dequantize, Quantize
from tests.ops.contract import Case, Constant, Feed, check
from tests.ops.values import channel_scales, feed, floats, integers, scale

TYPES = (DType.INT8, DType.UINT8, DType.INT16)
HALVES = (np.arange(-40, 41) / 8).astype(np.float32)
CLOSE = np.float32([0.49999997, -0.49999997, 8388609.0, -8388609.0, 2e9, -2e9])


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


@pytest.mark.parametrize("case", FROM_REAL + BETWEEN + BACK, ids=str)
def test_contract(case: Case) -> None:
    check(case)
