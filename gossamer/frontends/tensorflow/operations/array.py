"""Rules of the operations that move values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.parts import shaping
from gossamer.frontends.report import Unsupported
from gossamer.frontends.tensorflow.framework import dtype_of
from gossamer.frontends.tensorflow.registry import operation
from gossamer.ops.arg import ArgMax, ArgMin
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.cumsum import Cumsum
from gossamer.ops.gather import Gather, GatherNd
from gossamer.ops.one_hot import OneHot
from gossamer.ops.pack import Pack, Unpack
from gossamer.ops.pad import MirrorPad, Pad, PadV2
from gossamer.ops.reverse import ReverseV2
from gossamer.ops.scatter_nd import ScatterNd
from gossamer.ops.slice import Slice
from gossamer.ops.space_to_batch import BatchToSpaceNd, SpaceToBatchNd
from gossamer.ops.space_to_depth import DepthToSpace, SpaceToDepth
from gossamer.ops.split import SplitV
from gossamer.ops.strided_slice import StridedSlice
from gossamer.ops.tile import Tile
from gossamer.ops.top_k import TopKV2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor


@operation("ConcatV2", known=(-1,))
def _concatenate(used: Operation) -> Tensor:
    axis = used.numbers(used.count - 1, "axis")[0]
    tensors = used.tensors(0, -1)
    if len(tensors) == 1:
        return tensors[0]
    return used.emit(Concatenation(axis_of(axis, tensors[0].type.rank)), *tensors)


@operation("Pack")
def _pack(used: Operation) -> Tensor:
    tensors = used.tensors()
    axis = axis_of(int(used.attribute("axis")), tensors[0].type.rank + 1)
    return used.emit(Pack(len(tensors), axis), *tensors)


@operation("Unpack")
def _unpack(used: Operation) -> Sequence[Tensor]:
    x = used.tensor()
    axis = axis_of(int(used.attribute("axis")), x.type.rank)
    return used.emit_all(Unpack(int(used.attribute("num")), axis), x)


@operation("Split", known=(0,))
def _split(used: Operation) -> Sequence[Tensor]:
    x = used.tensor(1)
    axis = axis_of(used.numbers(0, "axis")[0], x.type.rank)
    size = used.input_shape(1)[axis]
    count = int(used.attribute("num_split"))
    return _split_into(used, x, [size // count] * count, axis)


@operation("SplitV", known=(1, 2))
def _split_v(used: Operation) -> Sequence[Tensor]:
    x = used.tensor(0)
    axis = axis_of(used.numbers(2, "axis")[0], x.type.rank)
    return _split_into(used, x, used.numbers(1, "sizes"), axis)


def _split_into(
    used: Operation, x: Tensor, sizes: list[int], axis: int
) -> Sequence[Tensor]:
    return used.emit_all(
        SplitV(len(sizes)), x, used.indices("sizes", sizes), used.indices("axis", axis)
    )


@operation("Slice", known=(1, 2))
def _slice(used: Operation) -> Tensor:
    begin, size = used.numbers(1, "begin"), used.numbers(2, "size")
    return used.emit(
        Slice(), used.tensor(), used.indices("begin", begin), used.indices("size", size)
    )


@operation("StridedSlice")
def _strided_slice(used: Operation) -> Tensor:
    masks = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    begin, end, dots, new, shrink = (
        int(used.attribute(f"{mask}_mask")) for mask in masks
    )
    op = StridedSlice(begin, end, dots, new, shrink)
    return used.emit(op, *used.tensors())


@operation("Pad", known=(1,))
def _pad(used: Operation) -> Tensor:
    return used.emit(Pad(), used.tensor(), _paddings(used))


@operation("PadV2", known=(1,))
def _pad_with(used: Operation) -> Tensor:
    return used.emit(PadV2(), used.tensor(), _paddings(used), used.tensor(2))


@operation("MirrorPad", known=(1,))
def _mirror_pad(used: Operation) -> Tensor:
    mode = str(used.attribute("mode")).lower()
    return used.emit(MirrorPad(mode), used.tensor(), _paddings(used))


def _paddings(used: Operation) -> Tensor:
    return used.indices("paddings", used.known(1, "padding"))


@operation("Tile", known=(1,))
def _tile(used: Operation) -> Tensor:
    counts = used.numbers(1, "multiples")
    return used.emit(Tile(), used.tensor(), used.indices("multiples", counts))


@operation("Transpose", known=(1,))
def _transpose(used: Operation) -> Tensor:
    return shaping.transpose(used, used.tensor(), used.numbers(1, "order of axes"))


@operation("GatherV2", "ResourceGather", known=(2,))
def _gather(used: Operation) -> Tensor:
    x = used.tensor(0)
    axis = used.numbers(2, "axis")[0] if used.count > 2 else 0
    batch = int(used.attribute("batch_dims"))
    places = used.tensor(1)
    rank = places.type.rank
    op = Gather(axis_of(axis, x.type.rank), axis_of(batch, rank) if batch else 0)
    return used.emit(op, x, places)


@operation("GatherNd")
def _gather_nd(used: Operation) -> Tensor:
    return used.emit(GatherNd(), *used.tensors())


@operation("ScatterNd", known=(2,))
def _scatter_nd(used: Operation) -> Tensor:
    shape = used.indices("shape", used.numbers(2, "shape"))
    return used.emit(ScatterNd(), used.tensor(0), used.tensor(1), shape)


@operation("ReverseV2", known=(1,))
def _reverse(used: Operation) -> Tensor:
    x = used.tensor()
    axes = [axis_of(axis, x.type.rank) for axis in used.numbers(1, "axes")]
    return used.emit(ReverseV2(), x, used.indices("axes", axes))


@operation("OneHot", known=(1,))
def _one_hot(used: Operation) -> Tensor:
    depth = used.indices("depth", used.numbers(1, "depth")[0])
    op = OneHot(int(used.attribute("axis")))
    return used.emit(op, used.tensor(0), depth, used.tensor(2), used.tensor(3))


@operation("TopKV2", known=(1,))
def _top_k(used: Operation) -> Sequence[Tensor]:
    count = used.indices("k", used.numbers(1, "k")[0])
    return used.emit_all(TopKV2(), used.tensor(), count)


@operation("ArgMax", "ArgMin", known=(1,))
def _place_of_extreme(used: Operation) -> Tensor:
    x = used.tensor()
    axis = used.indices("axis", axis_of(used.numbers(1, "axis")[0], x.type.rank))
    kind = ArgMax if used.kind == "ArgMax" else ArgMin
    return used.emit(kind(dtype_of(used.node.outputs[0].dtype)), x, axis)


@operation("Cumsum", known=(1,))
def _running_sum(used: Operation) -> Tensor:
    x = used.tensor()
    axis = used.indices("axis", axis_of(used.numbers(1, "axis")[0], x.type.rank))
    op = Cumsum(bool(used.attribute("exclusive")), bool(used.attribute("reverse")))
    return used.emit(op, x, axis)


@operation("SpaceToBatchND", known=(1, 2))
def _space_to_batch(used: Operation) -> Tensor:
    return used.emit(SpaceToBatchNd(), used.tensor(), *_blocks(used, "paddings"))


@operation("BatchToSpaceND", known=(1, 2))
def _batch_to_space(used: Operation) -> Tensor:
    return used.emit(BatchToSpaceNd(), used.tensor(), *_blocks(used, "crops"))


def _blocks(used: Operation, what: str) -> tuple[Tensor, Tensor]:
    block = used.indices("block", used.numbers(1, "block shape"))
    return block, used.indices(what, used.known(2, what))


@operation("SpaceToDepth", "DepthToSpace")
def _space_and_depth(used: Operation) -> Tensor:
    if used.attribute("data_format") != "NHWC":
        raise Unsupported("it reads channels first", "Build the model channels last.")
    kind = SpaceToDepth if used.kind == "SpaceToDepth" else DepthToSpace
    return used.emit(kind(int(used.attribute("block_size"))), used.tensor())


@operation("ZerosLike", "OnesLike")
def _filled_like(used: Operation) -> Tensor:
    shape = used.shape()
    value = 0 if used.kind == "ZerosLike" else 1
    if min(shape, default=0) < 0:
        raise Unsupported(
            f"the size of its result, {shape}, is not known",
            "Fix the sizes of the inputs.",
        )
    return used.constant("value", np.full(shape, value, used.dtype.numpy))
