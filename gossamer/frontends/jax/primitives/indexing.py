"""Rules of slices at computed places, gathers and scatters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.jax import framework
from gossamer.frontends.jax.primitives.shaping import reshaped
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts.shaping import transpose
from gossamer.frontends.parts.slicing import cut
from gossamer.frontends.report import Unsupported
from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from gossamer.ops.dynamic_update_slice import DynamicUpdateSlice
from gossamer.ops.gather import Gather, GatherNd
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.pack import Pack
from gossamer.ops.slice import Slice
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
    from gossamer.ir.types import Shape

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
    x = call.x
    wanted = [int(size) for size in _numbers(call, call.params["slice_sizes"])]
    starts = [call.known(index) for index in range(1, len(call.step.operands))]
    if all(start is not None for start in starts):
        places = _inside(call, starts, wanted)
        key = [
            slice(None) if size == n else slice(start, start + size)
            for start, size, n in zip(places, wanted, dims(x), strict=True)
        ]
        return cut(call, x, key)
    begin = _starts(call, 1, wanted)
    return call.emit_as(
        tuple(wanted), Slice(), x, begin, call.indices("size", wanted)
    )


def _numbers(call: Call, sizes: Sequence[Any]) -> Sequence[Any]:
    call.require(
        all(framework.is_size(size) for size in (*sizes, *call.step.operands[0].shape)),
        f"it cuts {tuple(map(str, sizes))} out of {call.shape()}, and a size is free",
        _FIXED,
    )
    return sizes


def _inside(call: Call, starts: Sequence[Any], sizes: Sequence[int]) -> list[int]:
    """Known starts, moved so that the slice lies inside, as JAX has them."""
    return [
        int(np.clip(int(start), 0, n - size))
        for start, n, size in zip(starts, call.shape(), sizes, strict=True)
    ]


def _starts(call: Call, first: int, sizes: Sequence[int]) -> Tensor:
    """Computed starts as one vector, moved so that the slice lies inside."""
    parts: list[Tensor] = []
    for axis, (n, size) in enumerate(zip(call.shape(), sizes, strict=True)):
        if n == size:
            parts.append(call.constant("zero", np.int32(0)))
            continue
        start = call.loose(first + axis, DType.INT32)
        if start.data is None:
            start = call.emit(Minimum(), start, call.constant("last", np.int32(n - size)))
            start = call.emit(Maximum(), start, call.constant("zero", np.int32(0)))
        parts.append(start)
    return call.emit(Pack(len(parts), 0), *parts)


@primitive("dynamic_update_slice")
def _dynamic_update_slice(call: Call) -> RuleResult:
    _numbers(call, call.step.operands[1].shape)
    update = call.wide(1)
    starts = _starts(call, 2, dims(update))
    return call.emit(DynamicUpdateSlice(), call.x, update, starts)


@primitive("gather")
def _gather(call: Call) -> RuleResult:
    """GATHER along one axis, GATHER_ND along several; else STABLEHLO_GATHER."""
    numbers = call.params["dimension_numbers"]
    mapped = [int(axis) for axis in numbers.start_index_map]
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
    sizes = _numbers(call, call.params["slice_sizes"])
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
        update_computation_subgraph_index=_combination(call),
    )
    return call.emit(op, call.x, call.wide(1, DType.INT32), call.wide(2))


def _combination(call: Call) -> int:
    """The subgraph that says what comes where an update meets what is there."""
    builder = Builder(f"{call.path}/{call.step.name}")
    kind = TensorType(call.dtype, ())
    old, new = builder.input("old", kind), builder.input("new", kind)
    op = _COMBINED[call.step.name]
    result = new if op is None else builder.node(op, old, new, name="combined")
    call.store.subgraphs.append(builder.finish([result]))
    return len(call.store.subgraphs)


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
    index = reshaped(call, call.wide(1, DType.INT32), (len(mapped),), (len(mapped),))
    zero = call.constant("zero", np.array([0], np.int32))
    parts = [
        cut(call, index, [slice(mapped.index(a), mapped.index(a) + 1)])
        if a in mapped
        else zero
        for a in range(len(shape))
    ]
    from gossamer.ops.concatenation import Concatenation  # noqa: PLC0415

    starts = parts[0] if len(parts) == 1 else call.emit(Concatenation(0), *parts)
    return call.emit(DynamicUpdateSlice(), call.x, update, starts)


_ = (Shape, Unsupported) if TYPE_CHECKING else None
