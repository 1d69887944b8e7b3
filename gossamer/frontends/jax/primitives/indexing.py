"""Rules of slices at computed places, gathers and scatters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.jax import framework
from gossamer.frontends.jax.primitives.shaping import reshaped
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts.scatter import combination
from gossamer.frontends.parts.shaping import transpose
from gossamer.frontends.parts.slicing import cut, vector, window
from gossamer.ir.types import DType
from gossamer.ops.dynamic_update_slice import DynamicUpdateSlice
from gossamer.ops.gather import Gather, GatherNd
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.stablehlo_binary import (
    StablehloAdd,
    StablehloMaximum,
    StablehloMinimum,
    StablehloMultiply,
)
from gossamer.ops.stablehlo_gather import StablehloGather
from gossamer.ops.stablehlo_scatter import StablehloScatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array

_FIXED = "Fix the sizes of the array that is indexed; the batch of indices may be free."
_COMBINED: dict[str, Op | None] = {
    "scatter": None,
    "scatter-add": StablehloAdd(),
    "scatter-max": StablehloMaximum(),
    "scatter-min": StablehloMinimum(),
    "scatter-mul": StablehloMultiply(),
    "scatter_add": StablehloAdd(),
    "scatter_max": StablehloMaximum(),
    "scatter_min": StablehloMinimum(),
    "scatter_mul": StablehloMultiply(),
}


@primitive("dynamic_slice")
def _dynamic_slice(call: Call) -> RuleResult:
    starts = [_start(call, index) for index in range(1, len(call.step.operands))]
    return _window(call, starts, call.params["slice_sizes"])


def _start(call: Call, index: int) -> int | Tensor:
    known = call.number(index)
    return call.loose(index, DType.INT32) if known is None else int(known)


def _window(call: Call, starts: Sequence[int | Tensor], sizes: Sequence[Any]) -> Tensor:
    """A slice of the first operand, moved so that it lies inside, as JAX has it."""
    shape = call.step.operands[0].shape
    lengths: list[int] = []
    for size, n in zip(sizes, shape, strict=True):
        call.require(
            size == n or (framework.is_size(size) and framework.is_size(n)),
            f"it cuts {size} out of {n}, and a size is free",
            _FIXED,
        )
        lengths.append(-1 if size == n else int(size))
    return window(call, call.x, starts, tuple(lengths))


@primitive("dynamic_update_slice")
def _dynamic_update_slice(call: Call) -> RuleResult:
    starts = [_start(call, index) for index in range(2, len(call.step.operands))]
    return _overwritten(call, starts, call.wide(1))


def _overwritten(call: Call, starts: Sequence[int | Tensor], update: Tensor) -> Tensor:
    """The first operand with a slice overwritten; the operator moves it inside."""
    return call.emit(DynamicUpdateSlice(), call.x, update, vector(call, starts))


@primitive("gather")
def _gather(call: Call) -> RuleResult:
    """GATHER along one axis, GATHER_ND along several; else STABLEHLO_GATHER."""
    numbers = call.params["dimension_numbers"]
    mapped = [int(axis) for axis in numbers.start_index_map]
    if len(call.shape(1)) == 1:
        return _single(call, mapped)
    regular = _regular(call, mapped)
    if regular is not None:
        return regular
    collapsed = [int(axis) for axis in numbers.collapsed_slice_dims]
    batch = [int(axis) for axis in numbers.operand_batching_dims]
    shape = call.step.operands[0].shape
    whole = all(
        size == n
        for axis, (size, n) in enumerate(
            zip(call.params["slice_sizes"], shape, strict=True)
        )
        if axis not in mapped and axis not in batch
    )
    if whole and sorted(mapped) == sorted(collapsed) and mapped:
        return _taken(call, mapped, batch)
    return _general_gather(call)


def _single(call: Call, mapped: list[int]) -> Tensor:
    """The slice at the only index, without the axes that it collapses."""
    starts = _starts(call, mapped, len(call.shape()))
    y = _window(call, starts, call.params["slice_sizes"])
    return reshaped(call, y, call.result_shape(), call.step.results[0].shape)


def _regular(call: Call, mapped: list[int]) -> Tensor | None:
    """One STRIDED_SLICE, where known indices count up in even steps along axes."""
    known = call.known(1)
    numbers = call.params["dimension_numbers"]
    if known is None or known.size == 0 or numbers.operand_batching_dims:
        return None
    collapsed = [int(axis) for axis in numbers.collapsed_slice_dims]
    sizes = call.params["slice_sizes"]
    key: list[slice] = [slice(None)] * len(sizes)
    layout = [("x", axis) for axis in range(len(sizes))]
    for place, axis in enumerate(mapped):
        steps = _steps(known[..., place])
        if steps is None:
            return None
        start, along, step, count = steps
        if along is None:
            key[axis] = slice(start, start + int(sizes[axis]))
        elif axis in collapsed:
            key[axis] = slice(start, start + step * (count - 1) + 1, step)
            layout[axis] = ("i", along)
        else:
            return None
    outer = [axis for kind, axis in layout if kind == "i"]
    if sorted(outer) != list(range(known.ndim - 1)):
        return None
    y = cut(call, call.x, key)
    kept = [each for each in layout if each[0] == "i" or each[1] not in collapsed]
    symbols = [
        call.step.operands[1 if kind == "i" else 0].shape[axis]
        if kind == "i" or key[axis] == slice(None)
        else sizes[axis]
        for kind, axis in kept
    ]
    y = reshaped(call, y, framework.sizes_of(symbols), symbols)
    return _in_order(call, y, kept, [axis for kind, axis in kept if kind == "x"])


def _steps(indices: Array) -> tuple[int, int | None, int, int] | None:
    """(first, the axis they count up along or None, step, count); None if uneven."""
    first = int(indices.reshape(-1)[0])
    changing = [
        axis for axis in range(indices.ndim) if np.any(np.diff(indices, axis=axis))
    ]
    if not changing:
        return first, None, 1, 1
    if len(changing) > 1 or first < 0:
        return None
    (axis,) = changing
    steps = np.diff(indices, axis=axis)
    step = int(steps.reshape(-1)[0])
    if step <= 0 or np.any(steps != step):
        return None
    return first, axis, step, indices.shape[axis]


def _starts(call: Call, mapped: list[int], rank: int) -> list[int | Tensor]:
    """Where the slice at the only index begins, for each axis."""
    known = call.known(1)
    starts: list[int | Tensor] = [0] * rank
    for place, axis in enumerate(mapped):
        if known is not None:
            starts[axis] = int(known.reshape(-1)[place])
        else:
            index = reshaped(
                call, call.wide(1, DType.INT32), (len(mapped),), (len(mapped),)
            )
            starts[axis] = cut(call, index, [place])
    return starts


def _taken(call: Call, mapped: list[int], batch: list[int]) -> Tensor:
    """The elements or slices at indices into `mapped`, each axis of which is gone."""
    numbers = call.params["dimension_numbers"]
    rank = len(call.shape())
    rest = [a for a in range(rank) if a not in mapped and a not in batch]
    batched = [int(axis) for axis in numbers.start_indices_batching_dims]
    others = [a for a in range(len(call.shape(1)) - 1) if a not in batched]
    indices = _clamped(call, mapped)
    indices = transpose(call, indices, [*batched, *others, len(call.shape(1)) - 1])
    if len(mapped) == 1 and not batch:
        # Along one axis the slices' axes may stay around it.
        front = [a for a in rest if a < mapped[0]]
        flat = _without_last(call, indices, others)
        y = call.emit(Gather(mapped[0]), call.x, flat)
        layout = [*(("x", a) for a in front), *(("i", a) for a in others)]
        layout += [("x", a) for a in rest if a > mapped[0]]
    elif len(mapped) == 1:
        x = transpose(call, call.x, [*batch, *mapped, *rest])
        flat = _without_last(call, indices, [*batched, *others])
        y = call.emit(Gather(len(batch), len(batch)), x, flat)
        layout = [*(("i", a) for a in (*batched, *others)), *(("x", a) for a in rest)]
    else:
        call.require(not batch, "it indexes several axes in batches", _FIXED)
        x = transpose(call, call.x, [*mapped, *rest])
        y = call.emit(GatherNd(), x, indices)
        layout = [*(("i", a) for a in others), *(("x", a) for a in rest)]
    return _in_order(call, y, layout, rest)


def _without_last(call: Call, indices: Tensor, axes: list[int]) -> Tensor:
    symbols = call.step.operands[1].shape
    shape = [symbols[axis] for axis in axes]
    return reshaped(call, indices, framework.sizes_of(shape), shape)


def _in_order(
    call: Call, y: Tensor, layout: list[tuple[str, int]], rest: list[int]
) -> Tensor:
    """`y`, whose axes are `layout`, with its axes where JAX has them."""
    offsets = [int(axis) for axis in call.params["dimension_numbers"].offset_dims]
    inner = iter(("x", axis) for axis in rest)
    outer = iter(("i", axis) for axis in range(len(call.shape(1)) - 1))
    wanted = [
        next(inner) if axis in offsets else next(outer)
        for axis in range(len(call.result_shape()))
    ]
    return transpose(call, y, [layout.index(each) for each in wanted])


def _clamped(call: Call, mapped: list[int]) -> Tensor:
    """The indices in int32; inside of the array where JAX clips them.

    With other modes, what lies outside is an error when the model runs.
    """
    known = call.known(1)
    sizes = [call.shape()[axis] for axis in mapped]
    if known is not None and min(sizes) >= 0:
        return call.constant(
            "indices", np.clip(known, 0, np.array(sizes) - 1).astype(np.int32)
        )
    indices = call.wide(1, DType.INT32)
    if "CLIP" not in str(call.params["mode"]).upper() or min(sizes) < 0:
        return indices
    last = call.constant("last", np.array(sizes, np.int32) - 1)
    above = call.emit(Maximum(), indices, call.constant("zero", np.int32(0)))
    return call.emit(Minimum(), above, last)


def _general_gather(call: Call) -> Tensor:
    numbers = call.params["dimension_numbers"]
    call.require(
        not numbers.operand_batching_dims,
        "it gathers slices in batches",
        "Gather single elements, or use jax.lax.dynamic_slice.",
    )
    sizes = call.params["slice_sizes"]
    call.require(
        all(framework.is_size(n) for n in (*sizes, *call.step.operands[0].shape)),
        f"it gathers slices of {tuple(map(str, sizes))}, and a size is free",
        _FIXED,
    )
    op = StablehloGather(
        tuple(int(x) for x in numbers.offset_dims),
        tuple(int(x) for x in numbers.collapsed_slice_dims),
        tuple(int(x) for x in numbers.start_index_map),
        len(call.shape(1)) - 1,
        tuple(int(x) for x in sizes),
    )
    return call.emit(op, call.x, call.wide(1, DType.INT32))


@primitive(*_COMBINED)
def _scatter(call: Call) -> RuleResult:
    numbers = call.params["dimension_numbers"]
    if call.step.name == "scatter" and _is_one_window(call, numbers):
        return _updated(call, numbers)
    call.require(
        not numbers.operand_batching_dims,
        "it scatters in batches",
        "Index all axes, with jax.numpy.arange for those of the batch.",
    )
    op = StablehloScatter(
        indices_are_sorted=bool(call.params["indices_are_sorted"]),
        update_window_dims=tuple(int(x) for x in numbers.update_window_dims),
        inserted_window_dims=tuple(int(x) for x in numbers.inserted_window_dims),
        scatter_dims_to_operand_dims=tuple(
            int(x) for x in numbers.scatter_dims_to_operand_dims
        ),
        index_vector_dim=len(call.shape(1)) - 1,
        unique_indices=bool(call.params["unique_indices"]),
        update_computation_subgraph_index=combination(
            call, call.dtype, _COMBINED[call.step.name]
        ),
    )
    return call.emit(op, call.x, call.wide(1, DType.INT32), call.wide(2))


def _is_one_window(call: Call, numbers: Any) -> bool:
    """Whether there is a single index, so that one slice is overwritten.

    JAX drops an update that does not fit, and moves one that it clips. Here it is
    moved, which only differs where the index is known to be outside.
    """
    counts = call.shape(1)[:-1]
    return (
        all(n == 1 for n in counts)
        and not numbers.operand_batching_dims
        and all(n >= 0 for n in (*call.shape(), *call.shape(2)))
        and "FILL" not in str(call.params["mode"]).upper()
    )


def _updated(call: Call, numbers: Any) -> Tensor:
    shape = call.shape()
    inserted = [int(axis) for axis in numbers.inserted_window_dims]
    windows = iter(int(axis) for axis in numbers.update_window_dims)
    sizes: list[int] = [
        1 if axis in inserted else call.shape(2)[next(windows)]
        for axis in range(len(shape))
    ]
    update = reshaped(call, call.wide(2), sizes, sizes)
    mapped = [int(axis) for axis in numbers.scatter_dims_to_operand_dims]
    return _overwritten(call, _starts(call, mapped, len(shape)), update)
