"""Rules of the normalization layers with constant statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.keras.call import axis_of
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.ops.arithmetic import Add, Mul

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array


@layer("BatchNormalization")
def _batch_normalization(call: Call) -> RuleResult:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, as x * scale + offset."""
    used = call.operation
    mean = to_numpy(used.moving_mean).astype(np.float64)
    variance = to_numpy(used.moving_variance).astype(np.float64)
    scale = 1 / np.sqrt(variance + used.epsilon)
    if used.scale:
        scale = scale * to_numpy(used.gamma)
    offset = -mean * scale
    if used.center:
        offset = offset + to_numpy(used.beta)
    x = call.real(call.x)
    axis = axis_of(int(used.axis), x.type.rank)
    shape = (-1,) + (1,) * (x.type.rank - 1 - axis)
    return affine(call, x, scale.reshape(shape), offset.reshape(shape))


@layer("Normalization")
def _normalization(call: Call) -> RuleResult:
    """(x - mean) / max(sqrt(variance), epsilon), or its inverse."""
    used = call.operation
    mean = to_numpy(used.mean).astype(np.float64)
    deviation = np.sqrt(to_numpy(used.variance).astype(np.float64))
    epsilon = 1e-7
    if used.invert:
        return affine(call, call.real(call.x), deviation, mean)
    scale = 1 / np.maximum(deviation, epsilon)
    return affine(call, call.real(call.x), scale, -mean * scale)


@layer("Rescaling")
def _rescaling(call: Call) -> RuleResult:
    used = call.operation
    scale, offset = np.asarray(used.scale, float), np.asarray(used.offset, float)
    return affine(call, call.real(call.x), scale, offset)


def affine(call: Call, x: Tensor, scale: Array, offset: Array) -> Tensor:
    """As x * scale + offset, without the steps that change nothing."""
    y = x
    if np.any(scale != 1):
        y = call.emit(Mul(), y, call.constant("scale", scale))
    if np.any(offset != 0):
        y = call.emit(Add(), y, call.constant("offset", offset))
    return y
