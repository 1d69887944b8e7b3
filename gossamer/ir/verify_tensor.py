"""A tensor on its own: sizes, data, quantization, sparsity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from gossamer.ir.graph import DimensionMetadata, Sparsity, Tensor
    from gossamer.ir.quantization import Blockwise, MultiAxis, Quantization
    from gossamer.ir.types import DType

MAX_RANK = 8
"""The largest number of dimensions of a tensor."""

MAX_ELEMENTS = 2**31 - 1
"""The largest number of elements of a tensor: indices are int32."""

MAX_BYTES = 2**33
"""The largest number of bytes that a tensor may take in memory."""


def verify_tensor(tensor: Tensor, members: AbstractSet[Tensor]) -> None:
    """Check one tensor; `members` are the tensors of its subgraph.

    Raises:
        GraphError: its shape cannot be held, or its parts do not fit it.
    """
    _verify_shape(tensor)
    for variant in tensor.variants:
        _require_rank(tensor, len(variant.shape))
    _verify_data(tensor)
    if tensor.sparsity is not None:
        _verify_sparsity(tensor, tensor.sparsity)
    if tensor.quantization is not None:
        _verify_quantization(tensor, tensor.quantization, members)


def _verify_shape(tensor: Tensor) -> None:
    _require_rank(tensor, tensor.type.rank)
    if min(tensor.shape, default=0) < 0:
        raise _wrong(
            tensor, "sizes must not be negative; a free size is 1 in the shape"
        )
    if tensor.type.size > MAX_ELEMENTS or tensor.type.nbytes > MAX_BYTES:
        raise _wrong(
            tensor,
            f"{tensor.type.size} elements are more than can be held "
            f"({MAX_ELEMENTS} elements, {MAX_BYTES} bytes)",
        )
    if not tensor.signature:
        return
    if len(tensor.signature) != tensor.type.rank or min(tensor.signature) < -1:
        raise _wrong(
            tensor,
            f"the shape signature {list(tensor.signature)} must have as many sizes as "
            "the shape, each -1 or more",
        )


def _require_rank(tensor: Tensor, rank: int) -> None:
    if rank > MAX_RANK:
        raise _wrong(tensor, f"{rank} dimensions are more than {MAX_RANK}")


def _verify_data(tensor: Tensor) -> None:
    data = tensor.data
    if data is None:
        return
    if data.dtype != tensor.dtype.numpy:
        raise _wrong(tensor, f"its data is an array of {data.dtype}")
    if tensor.sparsity is None and data.shape != tensor.shape:
        raise _wrong(tensor, f"its data is an array of shape {list(data.shape)}")
    if tensor.is_variable:
        raise _wrong(tensor, "it is a variable and a constant at once")


def _verify_quantization(
    tensor: Tensor, quantization: Quantization, members: AbstractSet[Tensor]
) -> None:
    scale, zero_point = quantization.scale, quantization.zero_point
    if zero_point.size and scale.size not in (0, zero_point.size):
        raise _wrong(
            tensor,
            f"its quantization has {scale.size} scales and {zero_point.size} zero "
            "points; there must be as many",
        )
    if scale.size > 1:
        _verify_axis(tensor, quantization)
    if not np.all(np.isfinite(scale) & (scale >= 0)):
        raise _wrong(tensor, "its scales must be finite and not negative")
    _verify_zero_points(tensor, quantization)
    if quantization.blockwise is not None:
        _verify_blockwise(tensor, quantization.blockwise, members)
    if quantization.multi_axis is not None:
        _verify_multi_axis(tensor, quantization.multi_axis, members)


def _verify_axis(tensor: Tensor, quantization: Quantization) -> None:
    axis, count = quantization.axis, quantization.scale.size
    if not 0 <= axis < tensor.type.rank:
        raise _wrong(tensor, f"its {count} scales are along axis {axis}")
    if tensor.shape[axis] != count:
        raise _wrong(
            tensor,
            f"its {count} scales are along axis {axis}, which has size "
            f"{tensor.shape[axis]}",
        )


def _verify_zero_points(tensor: Tensor, quantization: Quantization) -> None:
    if not quantization.zero_point.size or not tensor.dtype.is_integer:
        return
    low, high = _limits(tensor.dtype)
    least = int(quantization.zero_point.min())
    greatest = int(quantization.zero_point.max())
    if least < low or greatest > high:
        raise _wrong(
            tensor,
            f"its zero points go from {least} to {greatest}, outside {low} to {high}",
        )


def _limits(dtype: DType) -> tuple[int, int]:
    if np.iinfo(dtype.numpy).min == 0:
        return 0, (1 << dtype.bits) - 1
    return -(1 << (dtype.bits - 1)), (1 << (dtype.bits - 1)) - 1


def _verify_blockwise(
    tensor: Tensor, blockwise: Blockwise, members: AbstractSet[Tensor]
) -> None:
    scales = blockwise.scales
    if scales is None or scales not in members:
        raise _wrong(tensor, "its blockwise quantization has no tensor of scales")
    blocks = _block_count(tensor, blockwise)
    for kind, given in (("scales", scales), ("zero points", blockwise.zero_points)):
        if given is None:
            continue
        if given not in members or given.data is None or given.sparsity is not None:
            raise _wrong(tensor, f"its {kind} '{given.name}' are not a constant")
        if given.type.size != blocks:
            raise _wrong(
                tensor,
                f"its {kind} '{given.name}' are {given.type.size} for {blocks} blocks",
            )
    if not scales.dtype.is_float:
        raise _wrong(tensor, f"its scales '{scales.name}' are {scales.dtype.title}")


def _block_count(tensor: Tensor, blockwise: Blockwise) -> int:
    sizes = blockwise.block_shape
    if not sizes:
        sizes = (*(1 for _ in tensor.shape[1:]), blockwise.block_size)
    fits = len(sizes) == tensor.type.rank and all(
        size > 0 and dim % size == 0
        for size, dim in zip(sizes, tensor.shape, strict=True)
    )
    if not fits:
        raise _wrong(tensor, f"blocks of {list(sizes)} do not divide its shape")
    count = 1
    for size, dim in zip(sizes, tensor.shape, strict=True):
        count *= dim // size
    return count


def _verify_multi_axis(
    tensor: Tensor, multi_axis: MultiAxis, members: AbstractSet[Tensor]
) -> None:
    axes = multi_axis.axes
    if len(set(axes)) != len(axes) or not set(axes) <= set(range(tensor.type.rank)):
        raise _wrong(tensor, f"its scales are along the axes {list(axes)}")
    for given in (multi_axis.scales, multi_axis.zero_points):
        if given is not None and (given not in members or not given.is_constant):
            raise _wrong(tensor, f"its scales '{given.name}' are not a constant")


def _verify_sparsity(tensor: Tensor, sparsity: Sparsity) -> None:
    """Walk the levels, counting the values that are stored at each."""
    sizes = _level_sizes(tensor, sparsity)
    count = 1
    for level, (dimension, size) in enumerate(
        zip(sparsity.dimensions, sizes, strict=True)
    ):
        if dimension.segments is None or dimension.indices is None:
            if dimension.dense_size != size:
                raise _wrong(
                    tensor,
                    f"level {level} of its sparsity has size {dimension.dense_size}, "
                    f"expected {size}",
                )
            count *= size
            _require_count(tensor, count)
        else:
            count = _compressed(tensor, level, dimension, size, count)
    if tensor.data is not None and tensor.data.size < count:
        raise _wrong(
            tensor, f"its sparsity speaks of {count} values, {tensor.data.size} stored"
        )


def _require_count(tensor: Tensor, count: int) -> None:
    if count > MAX_ELEMENTS:
        raise _wrong(tensor, "its sparsity speaks of more values than can be held")


def _level_sizes(tensor: Tensor, sparsity: Sparsity) -> list[int]:
    """The size of each level in the order in which they are traversed."""
    rank, blocks = tensor.type.rank, len(sparsity.block_map)
    levels = rank + blocks
    if blocks > rank:
        raise _wrong(tensor, f"its sparsity has {blocks} block axes")
    if sorted(sparsity.traversal_order) != list(range(levels)):
        raise _wrong(
            tensor,
            f"the traversal order {list(sparsity.traversal_order)} of its sparsity "
            f"must hold 0 to {levels - 1} once each",
        )
    if len(sparsity.dimensions) != levels:
        raise _wrong(
            tensor, f"its sparsity has {len(sparsity.dimensions)} levels, not {levels}"
        )
    sizes = list(tensor.shape)
    for place, axis in enumerate(sparsity.block_map):
        level = sparsity.traversal_order.index(rank + place)
        size = sparsity.dimensions[level].dense_size
        if not 0 <= axis < rank or size <= 0 or sizes[axis] % size:
            raise _wrong(tensor, f"blocks of {size} do not divide axis {axis}")
        sizes[axis] //= size
        sizes.append(size)
    return [sizes[level] for level in sparsity.traversal_order]


def _compressed(
    tensor: Tensor, level: int, dimension: DimensionMetadata, size: int, count: int
) -> int:
    """How many values there are below a compressed level of `count` rows."""
    segments = np.array(dimension.segments, np.int64)
    indices = np.array(dimension.indices, np.int64)
    rising = segments.size == count + 1 and bool(np.all(np.diff(segments) >= 0))
    if not rising or segments[0] != 0 or segments[-1] != indices.size:
        raise _wrong(
            tensor,
            f"the segments of level {level} of its sparsity must be {count + 1} "
            f"numbers that rise from 0 to its {indices.size} indices",
        )
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        raise _wrong(
            tensor,
            f"the indices of level {level} of its sparsity leave 0 to {size - 1}",
        )
    return int(indices.size)


def _wrong(tensor: Tensor, reason: str) -> GraphError:
    return GraphError(
        f"tensor '{tensor.name}' of shape {list(tensor.shape)} and type "
        f"{tensor.dtype.title}: {reason}"
    )
