"""Tensors as integers would hold them, with gradients that look past the rounding.

All in float32 and in the order of TFLite's FAKE_QUANT, so that the integer model that
is made of a trained one has the same steps and the same zero.
"""

from __future__ import annotations

from typing import Any

from gossamer.training.arrays import ops_for

NARROWEST = 1e-6
"""A range narrower than this is widened."""


def grid(low: Any, high: Any, bits: int, *, narrow: bool) -> tuple[Any, Any, Any]:
    """The step of a range, and its ends moved so that zero is one of its numbers.

    Args:
        low: the least number, at most 0; a tensor or an array of any shape.
        high: the greatest number, at least 0.
        bits: how many bits an integer has.
        narrow: whether the least integer is left out.
    """
    ops = ops_for(low)
    first, last = int(narrow), 2**bits - 1
    wide = ops.maximum(high - low, NARROWEST)
    step = wide / (last - first)
    zero = ops.clip(ops.floor(first - low / step + 0.5), first, last)
    return step, (first - zero) * step, (last - zero) * step


def fake_quantized(x: Any, low: Any, high: Any, bits: int, *, narrow: bool) -> Any:
    """`x` at the nearest of 2**bits numbers from `low` to `high`.

    The gradient is that of `x` within the range and zero outside.

    Args:
        x: a tensor, or an array.
        low: the least number, which broadcasts with `x`; at most 0.
        high: the greatest number; at least 0.
        bits: how many bits an integer has.
        narrow: whether the least integer is left out.
    """
    ops = ops_for(x)
    step, least, greatest = grid(
        ops.cast(low, x.dtype), ops.cast(high, x.dtype), bits, narrow=narrow
    )
    step, least, greatest = map(ops.stop_gradient, (step, least, greatest))
    fixed = ops.stop_gradient(x)
    moved = ops.clip(fixed, least, greatest) - least
    rounded = ops.floor(moved / step + 0.5) * step + least
    # What is at an end of the range may be beyond it by a rounding error.
    slack = step * 1e-3
    inside = (fixed >= least - slack) & (fixed <= greatest + slack)
    return ops.stop_gradient(rounded) + (x - fixed) * ops.cast(inside, x.dtype)
