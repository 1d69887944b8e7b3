"""Quotients by two products round as the division does."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.arithmetic import round_half_away
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.ops import Quantize
from gossamer.ops.reciprocal import reciprocals
from tests.ops.contract import Case, Feed, check_compiled

REACH = 255


@pytest.mark.parametrize("seed", range(4))
def test_halves_and_their_neighbours_round_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scales = np.exp(rng.uniform(-9, 4, 50)).astype(np.float32)
    scales[:3] = 0.5, 1.0, 3.0
    found = reciprocals(scales, REACH)
    assert found is not None
    high, low = (each.astype(np.longdouble)[:, None] for each in found)
    halves = (np.arange(-REACH, REACH) + 0.5).astype(np.float32) * scales[:, None]
    for step in range(-4, 5):
        x = (halves.view(np.int32) + np.int32(step)).view(np.float32)
        rest = (x * found[1][:, None]).astype(np.float32)
        fused = (x.astype(np.longdouble) * high + rest).astype(np.float32)
        assert np.all(low > 0)
        np.testing.assert_array_equal(
            round_half_away(fused), round_half_away(x / scales[:, None])
        )


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e-30, 1e30, np.inf, np.nan])
def test_scales_that_lose_bits_are_refused(scale: float) -> None:
    assert reciprocals(np.array([0.1, scale], np.float32), REACH) is None


SCALE = np.float32(0.0473713)
CASES = [
    Case(
        Quantize(),
        (Feed(((np.arange(-300, 300) + 0.5) * SCALE).astype(np.float32)),),
        Quantization.per_tensor(float(SCALE), zero_point),
        output_dtype=dtype,
    )
    for dtype, zero_point in ((DType.INT8, 3), (DType.INT8, -128), (DType.UINT8, 131))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_halves_in_a_model(case: Case) -> None:
    check_compiled(case)
