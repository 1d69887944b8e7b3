"""Rules of the normalization layers with constant statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.arithmetic import affine

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@layer("BatchNormalization", masks=True)
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
