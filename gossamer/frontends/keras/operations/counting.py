"""Rules of the operations of `keras.ops` whose results' sizes depend on values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts import sizes, sorting
from gossamer.frontends.parts.arithmetic import number_in
from gossamer.frontends.parts.formula import Formula
from gossamer.frontends.parts.shaping import expand_dims, reshape
from gossamer.frontends.parts.slicing import cut
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arg import ArgMax
from gossamer.ops.compare import Equal
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.maximum import Maximum
from gossamer.ops.one_hot import OneHot
from gossamer.ops.reduce import ReduceMax, Sum
from gossamer.ops.select import Where
from gossamer.ops.unique import Unique

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array


@operation("Nonzero")
def _nonzero(call: Call) -> RuleResult:
    """WHERE gives the coordinates, one row for each element."""
    x = call.x
    if x.dtype is not DType.BOOL:
        x = call.cast(x, DType.BOOL)
    found = call.cast(call.emit(Where(), x), DType.INT32)
    return [cut(call, found, [slice(None), axis]) for axis in range(x.type.rank)]


@operation("Bincount")
def _bincount(call: Call) -> RuleResult:
    """The sum of vectors that each are 1 at a number."""
    used = call.operation
    if used.sparse or keras().backend.is_keras_tensor(used.weights):
        raise Unsupported(
            "it gives a sparse tensor, or its weights are computed",
            "Leave `sparse` out, and make the weights a constant.",
        )
    x = call.cast(call.x, DType.INT32)
    most = call.emit(ReduceMax(), x, call.indices("axes", range(x.type.rank)))
    depth = (Formula(call, most) + 1).of(Maximum(), float(used.minlength)).tensor
    on, off = (call.constant(name, _one(call, name)) for name in ("on", "off"))
    hot = call.emit(OneHot(axis=-1), x, depth, on, off)
    if used.weights is not None:
        weights = to_numpy(used.weights).astype(call.dtype.numpy)[..., None]
        hot = (Formula(call, hot) * Formula(call, call.constant("w", weights))).tensor
    return call.emit(Sum(), hot, call.indices("axis", [x.type.rank - 1]))


def _one(call: Call, name: str) -> Array:
    return np.array(name == "on", call.dtype.numpy)


@operation("Unique")
def _unique(call: Call) -> RuleResult:
    """UNIQUE of the sorted vector, and a table of which element is which."""
    used = call.operation
    if used.axis is not None and call.x.type.rank != 1:
        raise Unsupported(
            f"it compares slices along axis {used.axis}", "Give it a vector."
        )
    x = reshape(call, call.cast(call.x, number_in(call.x.dtype)), (-1,))
    values = call.emit_all(Unique(), sorting.rising(call, x, 0)[0])[0]
    pair = Formula(call, expand_dims(call, values, 1)), Formula(call, x)
    places = pair[0].of(Equal(), pair[1]).tensor
    hits = call.cast(places, DType.INT32)
    found = _sized(call, values, used.fill_value or 0)
    wanted = [call.cast(found, call.dtype)]
    if used.return_index:
        wanted.append(_sized(call, _first(call, hits, 1), 0))
    if used.return_inverse:
        wanted.append(reshape(call, _first(call, hits, 0), dims(call.x)))
    if used.return_counts:
        count = call.emit(Sum(), hits, call.indices("axis", [1]))
        wanted.append(_sized(call, count, 0))
    return wanted


def _first(call: Call, hits: Tensor, axis: int) -> Tensor:
    return call.emit(ArgMax(DType.INT32), hits, call.indices("axis", axis))


def _sized(call: Call, x: Tensor, filler: float) -> Tensor:
    """Cut to the size that is asked for, or filled up to it."""
    size = call.operation.size
    if size is None:
        return x
    rest = sizes.filled(call, [int(size)], np.array(filler, x.dtype.numpy))
    return cut(call, call.emit(Concatenation(0), x, rest), [slice(0, int(size))])
