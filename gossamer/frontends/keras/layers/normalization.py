"""Rules of the normalization layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts.arithmetic import affine
from gossamer.frontends.parts.normalization import (
    ONE,
    ZERO,
    divide_by_deviation,
    divide_by_root_mean_square,
    standardize,
    standardize_groups,
    unit,
)

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array


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


@layer("LayerNormalization")
def _layer_normalization(call: Call) -> RuleResult:
    used = call.operation
    x = call.real(call.x)
    axes = _axes(call, x)
    gamma, beta = _along(used.gamma, x, axes, ONE), _along(used.beta, x, axes, ZERO)
    if used.rms_scaling:
        return divide_by_deviation(call, x, axes, used.epsilon, gamma)
    return standardize(call, x, axes, used.epsilon, gamma, beta)


@layer("RMSNormalization")
def _rms_normalization(call: Call) -> RuleResult:
    used = call.operation
    x = call.real(call.x)
    scale = to_numpy(used.scale)
    return divide_by_root_mean_square(call, x, _axes(call, x), used.epsilon, scale)


@layer("UnitNormalization")
def _unit_normalization(call: Call) -> RuleResult:
    x = call.real(call.x)
    return unit(call, x, _axes(call, x))


@layer("GroupNormalization")
def _group_normalization(call: Call) -> RuleResult:
    used = call.operation
    x = call.real(call.x)
    gamma = to_numpy(used.gamma) if used.scale else ONE
    beta = to_numpy(used.beta) if used.center else ZERO
    axis = axis_of(int(used.axis), x.type.rank)
    return standardize_groups(
        call, x, int(used.groups), axis, used.epsilon, gamma, beta
    )


def _axes(call: Call, x: Tensor) -> list[int]:
    axes = flatten(call.operation.axis)
    return sorted(axis_of(int(axis), x.type.rank) for axis in axes)


def _along(weight: object, x: Tensor, axes: list[int], default: Array) -> Array:
    """A weight over `axes` in a shape that broadcasts against `x`."""
    if weight is None:
        return default
    sizes = [size if i in axes else 1 for i, size in enumerate(x.shape)]
    return to_numpy(weight).reshape(sizes[axes[0] :])
