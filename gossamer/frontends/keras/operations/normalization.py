"""Rules of the normalizations of `keras.ops`, by the parts that layers use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts.normalization import (
    ONE,
    ZERO,
    divide_by_deviation,
    divide_by_root_mean_square,
    standardize,
    unit,
)
from gossamer.frontends.parts.shaping import reshape
from gossamer.ir.graph import Tensor
from gossamer.ops.arithmetic import Add, Mul

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.types import Array


@operation("LayerNorm")
def _layer_norm(call: Call) -> RuleResult:
    used = call.operation
    x, epsilon = call.real(call.x), _epsilon(call)
    axes = _axes(call, x)
    gamma, scale = _along(call, "gamma", x, axes, ONE)
    beta, offset = _along(call, "beta", x, axes, ZERO)
    if used.rms_scaling:
        return _times(call, divide_by_deviation(call, x, axes, epsilon, gamma), scale)
    if scale is None:
        y = standardize(call, x, axes, epsilon, gamma, beta)
    else:
        y = _times(call, standardize(call, x, axes, epsilon), scale)
        offset = call.constant("beta", beta) if offset is None else offset
    return y if offset is None else call.emit(Add(), y, offset)


@operation("RMSNorm")
def _root_mean_square_norm(call: Call) -> RuleResult:
    x = call.real(call.x)
    given = call.arguments.get("scale")
    known = ONE if given is None or isinstance(given, Tensor) else to_numpy(given)
    y = divide_by_root_mean_square(call, x, _axes(call, x), _epsilon(call), known)
    return _times(call, y, call.real(given) if isinstance(given, Tensor) else None)


@operation("Normalize")
def _normalize(call: Call) -> RuleResult:
    """L2_NORMALIZATION where it fits; other lengths by their norm."""
    used = call.operation
    x, epsilon = call.real(call.x), _epsilon(call)
    if used.order == 2:
        return unit(call, x, _axes(call, x), epsilon)
    ops = keras().ops

    def shared(x: Any) -> Any:
        length = ops.norm(x, ord=used.order, axis=used.axis, keepdims=True)
        return x / ops.maximum(length, epsilon)

    return call.walk.traced(call, shared, [x])


def _times(call: Call, y: Tensor, scale: Tensor | None) -> Tensor:
    return y if scale is None else call.emit(Mul(), y, scale)


def _epsilon(call: Call) -> float:
    given = call.operation.epsilon
    return float(keras().config.epsilon() if given is None else given)


def _axes(call: Call, x: Tensor) -> list[int]:
    axis = call.operation.axis
    axes = range(x.type.rank) if axis is None else flatten(axis)
    return sorted(axis_of(int(one), x.type.rank) for one in axes)


def _along(
    call: Call, name: str, x: Tensor, axes: list[int], default: Array
) -> tuple[Array, Tensor | None]:
    """A weight over `axes` that broadcasts: as it is known now, or as a tensor."""
    value = call.arguments.get(name)
    if value is None:
        return default, None
    rank = x.type.rank
    spread = len(value.shape) != rank and axes != [rank - 1]
    sizes = [size if i in axes else 1 for i, size in enumerate(dims(x))]
    if isinstance(value, Tensor):
        tensor = call.real(value)
        return default, reshape(call, tensor, sizes) if spread else tensor
    array = to_numpy(value)
    return (array.reshape(sizes) if spread else array), None
