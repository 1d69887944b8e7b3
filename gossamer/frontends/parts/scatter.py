"""Slices written into a tensor, or combined with what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts import sizes
from gossamer.ir.build import Builder
from gossamer.ir.types import TensorType
from gossamer.ops.arithmetic import Add
from gossamer.ops.scatter_nd import ScatterNd
from gossamer.ops.stablehlo_binary import (
    StablehloMaximum,
    StablehloMinimum,
    StablehloMultiply,
)
from gossamer.ops.stablehlo_scatter import StablehloScatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import DType

_COMBINED: dict[str, Op | None] = {
    "set": None,
    "max": StablehloMaximum(),
    "min": StablehloMinimum(),
    "mul": StablehloMultiply(),
}


def scattered(
    emitter: Emitter, indices: Tensor, values: Tensor, shape: Sequence[sizes.Size]
) -> Tensor:
    """Slices added up in a tensor of zeros, by SCATTER_ND.

    Args:
        emitter: where the nodes go.
        indices: (..., axes) of int32: the first coordinates of each slice.
        values: (..., *the other axes).
        shape: of the result.
    """
    kind = TensorType(values.dtype, tuple(map(sizes.known, shape)))
    inputs = (indices, values, sizes.shape(emitter, shape))
    name = f"{emitter.path}/scatter_nd"
    return emitter.builder.nodes(ScatterNd(), *inputs, names=(name,), types=(kind,))[0]


def scatter_into(
    emitter: Emitter, x: Tensor, indices: Tensor, values: Tensor, how: str
) -> Tensor:
    """`x` with slices "set", or combined by "add", "max", "min" or "mul".

    A sum is SCATTER_ND and ADD; the others are STABLEHLO_SCATTER.

    Args:
        emitter: where the nodes go.
        x: the tensor that slices are written into.
        indices: (count, axes) of int32: the first coordinates of each slice.
        values: (count, *the other axes), in the type of `x`.
        how: one of those above.
    """
    if how == "add":
        shape: list[sizes.Size] = [
            (x, axis) if size < 0 else size for axis, size in enumerate(dims(x))
        ]
        return emitter.emit(Add(), x, scattered(emitter, indices, values, shape))
    axes = tuple(range(dims(indices)[-1]))
    op = StablehloScatter(
        update_window_dims=tuple(range(1, values.type.rank)),
        inserted_window_dims=axes,
        scatter_dims_to_operand_dims=axes,
        index_vector_dim=1,
        update_computation_subgraph_index=combination(emitter, x.dtype, _COMBINED[how]),
    )
    return emitter.emit(op, x, indices, values)


def combination(emitter: Emitter, dtype: DType, op: Op | None) -> int:
    """The subgraph that says what comes where an update meets what is there.

    `op` takes both, what is there first; None puts the update in its place.
    """
    builder = Builder(f"{emitter.path}/combination")
    kind = TensorType(dtype, ())
    old, new = builder.input("old", kind), builder.input("new", kind)
    result = new if op is None else builder.node(op, old, new, name="combined")
    return emitter.store.add_subgraph(builder.finish([result]))
