"""Rules of the operations of `keras.ops` that make tensors, or tell their sizes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts import sizes
from gossamer.frontends.parts.shaping import reshape
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.range import Range
from gossamer.ops.reduce import ReduceProd
from gossamer.ops.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.keras.call import Call

_LIKE = {"EmptyLike": 0, "OnesLike": 1, "ZerosLike": 0}


@operation(*_LIKE)
def _like(call: Call) -> RuleResult:
    value = np.array(_LIKE[type(call.operation).__name__], call.dtype.numpy)
    return sizes.filled(call, _sizes(call), value)


def _sizes(call: Call) -> list[sizes.Size]:
    x = call.arguments["x"]
    return sizes.like(x) if isinstance(x, Tensor) else list(np.shape(to_numpy(x)))


@operation("FullLike")
def _full_like(call: Call) -> RuleResult:
    return _filled(call, _sizes(call))


@operation("Full")
def _full(call: Call) -> RuleResult:
    return _filled(call, [int(size) for size in flatten(call.operation.shape)])


def _filled(call: Call, wanted: Sequence[sizes.Size]) -> Tensor:
    value: Any = call.arguments["fill_value"]
    if not isinstance(value, Tensor) and to_numpy(value).ndim == 0:
        return sizes.filled(call, wanted, to_numpy(value).astype(call.dtype.numpy))
    return sizes.spread(call, call.argument("fill_value", call.dtype), wanted)


@operation("BroadcastTo")
def _broadcast(call: Call) -> RuleResult:
    """BROADCAST_TO; a size that is not known is that of the input."""
    x = call.argument("x", call.dtype)
    given, target = sizes.like(x), flatten(call.operation.shape)
    first = len(target) - len(given)
    wanted = [
        given[axis - first] if size is None or size < 0 else int(size)
        for axis, size in enumerate(target)
    ]
    return x if wanted == list(dims(x)) else sizes.spread(call, x, wanted)


@operation("Array")
def _array(call: Call) -> RuleResult:
    return call.cast(call.x, call.dtype)


@operation("Arange")
def _range(call: Call) -> RuleResult:
    start, stop = call.arguments["start"], call.arguments.get("stop")
    step = call.arguments.get("step")
    ends = (0, start) if stop is None else (start, stop)
    inside = DType.FLOAT32 if call.dtype.is_float else DType.INT32
    numbers = [_number(call, x, inside) for x in (*ends, 1 if step is None else step)]
    return call.cast(call.emit(Range(), *numbers), call.dtype)


def _number(call: Call, value: Any, dtype: DType) -> Tensor:
    if isinstance(value, Tensor):
        return reshape(call, call.cast(value, dtype), ())
    return call.constant("number", to_numpy(value).astype(dtype.numpy))


@operation("Size")
def _size(call: Call) -> RuleResult:
    shape = dims(call.x)
    if min(shape, default=0) >= 0:
        return call.indices("size", math.prod(shape))
    each = call.emit(Shape(DType.INT32), call.x)
    return call.emit(ReduceProd(), each, call.indices("axis", [0]))


@operation("Ndim")
def _rank(call: Call) -> RuleResult:
    return call.indices("rank", call.x.type.rank)
