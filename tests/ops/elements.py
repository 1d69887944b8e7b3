"""Inputs for the cases of element-wise operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.types import DType
from tests.ops.contract import Constant, Feed

if TYPE_CHECKING:
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Array, Shape

PAIRS: tuple[tuple[Shape, Shape], ...] = (
    ((4, 5), (4, 5)),
    ((1,), (7,)),
    ((), ()),
    ((1, 300), (4, 1)),
    ((2, 3, 4, 1), (3, 1, 40)),
    ((0, 3), (1, 3)),
    ((2, 1, 2, 1, 3, 2), (1, 3, 1, 2, 1, 2)),
)
"""Shapes that broadcast: equal, to a single one, of no element, in and out."""

SHAPES: tuple[Shape, ...] = ((3, 4, 5), (1,), (), (7, 1), (0, 2))


def types(titles: str) -> list[DType]:
    """Element types by their names, separated by spaces."""
    return [DType[title.upper()] for title in titles.split()]


def numbers(
    dtype: DType,
    shape: Shape,
    seed: int = 0,
    low: int | None = None,
    high: int | None = None,
) -> Array:
    """Random numbers: floats around 0; integers from `low` to `high`, or any."""
    rng = np.random.default_rng([seed, *shape])
    if dtype is DType.BOOL:
        return np.asarray(rng.random(shape) < 0.5)
    if dtype.title.startswith("complex"):
        real, imaginary = rng.normal(size=(2, *shape))
        return np.asarray(real + 1j * imaginary, dtype.numpy)
    if dtype.is_float:
        return np.asarray(rng.normal(size=shape) * 3, np.float32).astype(dtype.numpy)
    limits = np.iinfo(dtype.numpy)
    least = limits.min if low is None else max(low, int(limits.min))
    most = limits.max if high is None else high
    drawn = rng.integers(least, most, shape, dtype.numpy, endpoint=True)
    return np.asarray(drawn, dtype.numpy)


def plain(dtype: DType, shape: Shape, seed: int = 0, **limits: int) -> Feed:
    """An input of numbers without a scale."""
    return Feed(numbers(dtype, shape, seed, **limits), None, dtype)


def stored(dtype: DType, shape: Shape, seed: int = 0, **limits: int) -> Constant:
    """A constant of numbers without a scale."""
    return Constant(numbers(dtype, shape, seed, **limits), None, dtype)


def every(dtype: Any, quantization: Quantization, least: int | None = None) -> Feed:
    """All numbers of an integer type, from `least` on if it is given."""
    limits = np.iinfo(dtype)
    first = limits.min if least is None else least
    return Feed(np.arange(first, limits.max + 1).astype(dtype), quantization)


SPECIAL = np.array(
    [0, -0.0, np.inf, -np.inf, np.nan, 1e-20, -1e-20, 30, -30, 100, -100, 0.5, -0.5],
    np.float32,
)
"""Floats at which functions end, bend or are not defined."""
