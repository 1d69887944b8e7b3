"""Rules of the operations of `keras.ops` that repeat, move or blank out elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts import sizes
from gossamer.frontends.parts.arithmetic import number_in
from gossamer.frontends.parts.formula import Formula
from gossamer.frontends.parts.shaping import expand_dims, reshape
from gossamer.frontends.parts.slicing import cut
from gossamer.frontends.report import Unsupported
from gossamer.ops.compare import GreaterEqual, LessEqual
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.floor_div import FloorMod
from gossamer.ops.gather import Gather
from gossamer.ops.matrix_diag import MatrixDiag
from gossamer.ops.pad import Pad
from gossamer.ops.select import SelectV2
from gossamer.ops.tile import Tile

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import DType


@operation("Repeat")
def _repeat(call: Call) -> RuleResult:
    """GATHER of each element as often as it is wanted."""
    used, x = call.operation, call.x
    axis = 0 if used.axis is None else axis_of(int(used.axis), x.type.rank)
    x = reshape(call, x, (-1,)) if used.axis is None else x
    counts = [int(count) for count in np.atleast_1d(to_numpy(used.repeats))]
    size = dims(x)[axis]
    if size < 0:
        return _repeated(call, x, axis, counts)
    places = np.repeat(np.arange(size), counts if len(counts) > 1 else counts[0])
    return call.emit(Gather(axis), x, call.indices("places", places))


def _repeated(call: Call, x: Tensor, axis: int, counts: list[int]) -> Tensor:
    """Along an axis of free size: a new axis behind it, repeated and joined to it."""
    if len(counts) > 1:
        raise Unsupported(
            f"it repeats elements of axis {axis}, whose size is not known, differently",
            "Fix that size in keras.Input, or give one number of repeats.",
        )
    multiples = np.ones(x.type.rank + 1, np.int32)
    multiples[axis + 1] = counts[0]
    column = expand_dims(call, x, axis + 1)
    tiled = call.emit(Tile(), column, call.indices("multiples", multiples))
    shape = list(dims(x))
    return reshape(call, tiled, shape)


@operation("Roll")
def _roll(call: Call) -> RuleResult:
    used, x = call.operation, call.x
    if used.axis is None:
        flat = reshape(call, x, (-1,))
        shift = int(np.sum(flatten(used.shift)))
        return reshape(call, _rolled(call, flat, 0, shift), dims(x))
    axes = [axis_of(int(axis), x.type.rank) for axis in flatten(used.axis)]
    shifts = [int(shift) for shift in flatten(used.shift)]
    for axis, shift in np.broadcast(axes, shifts):
        x = _rolled(call, x, int(axis), int(shift))
    return x


def _rolled(call: Call, x: Tensor, axis: int, shift: int) -> Tensor:
    """Two slices, exchanged; along a free axis a GATHER."""
    size = dims(x)[axis]
    if size >= 0:
        place = -shift % size if size else 0
        if not place:
            return x
        key: list[Any] = [slice(None)] * axis
        ends = slice(place, None), slice(0, place)
        parts = [cut(call, x, [*key, end]) for end in ends]
        return call.emit(Concatenation(axis), *parts)
    count = Formula(call, sizes.size(call, x, axis))
    places = Formula(call, sizes.counted(call, (x, axis))) - shift
    return call.emit(Gather(axis), x, places.of(FloorMod(), count).tensor)


@operation("Tril", "Triu")
def _triangle(call: Call) -> RuleResult:
    """SELECT_V2 between elements and zeros; a product would keep what is no number."""
    is_lower = type(call.operation).__name__ == "Tril"
    x, k = call.x, int(call.operation.k)
    zero = call.constant("zero", np.zeros((), x.dtype.numpy))
    return call.emit(SelectV2(), _below(call, x, k, is_lower=is_lower), x, zero)


def _below(call: Call, x: Tensor, k: int, *, is_lower: bool) -> Tensor:
    """Where the column is not beyond (or not before) the k-th diagonal."""
    rows, columns = dims(x)[-2:]
    if min(rows, columns) >= 0:
        place = np.arange(columns) - np.arange(rows)[:, None]
        return call.constant("triangle", place <= k if is_lower else place >= k)
    row, column = (sizes.counted(call, size) for size in sizes.like(x)[-2:])
    end = Formula(call, expand_dims(call, row, 1)) + k
    op = LessEqual() if is_lower else GreaterEqual()
    return call.emit(op, column, end.tensor)


@operation("Diagflat")
def _diagonal_matrix(call: Call) -> RuleResult:
    """MATRIX_DIAG, with rows and columns of zeros for a diagonal beside the main."""
    k = int(call.operation.k)
    x = reshape(call, call.cast(call.x, number_in(call.x.dtype)), (-1,))
    square = call.emit(MatrixDiag(), x)
    if k:
        before, behind = max(-k, 0), max(k, 0)
        paddings = [[before, behind], [behind, before]]
        square = call.emit(Pad(), square, call.indices("paddings", paddings))
    return call.cast(square, call.dtype)


@operation("Meshgrid")
def _grid(call: Call) -> RuleResult:
    given = [
        call.cast(reshape(call, x, (-1,)), dtype)
        for x, dtype in zip(call.inputs, _types(call), strict=True)
    ]
    order = list(range(len(given)))
    if call.operation.indexing == "xy" and len(given) > 1:
        order[:2] = [1, 0]
    wanted = [sizes.like(given[place])[0] for place in order]
    return [
        sizes.spread(call, _column(call, x, order.index(place), len(given)), wanted)
        for place, x in enumerate(given)
    ]


def _types(call: Call) -> list[DType]:
    return [x.dtype for x in call.inputs]


def _column(call: Call, x: Tensor, axis: int, rank: int) -> Tensor:
    """A vector that lies along one of `rank` axes."""
    shape = [1] * rank
    shape[axis] = dims(x)[0]
    return reshape(call, x, shape)
