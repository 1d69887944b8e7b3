"""Shape rules that many operators share; a size of -1 is not known yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.types import DType, TensorType
from gossamer.ops.broadcasting import broadcast_shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array, Shape

LARGEST_SIZE = 2**31 - 1
"""The largest size of a dimension: the file format holds sizes in int32."""

MOST_ELEMENTS = 2**56
"""Beyond it NumPy cannot even describe an array, not even one without elements."""

LARGEST_RANK = 32
"""The most dimensions that any NumPy takes."""

MOST_OUTPUTS = 65_536
"""The most outputs of one SPLIT, SPLIT_V or UNPACK, whatever a file claims."""

INDEX_TYPES = (DType.INT32, DType.INT64)


def operands(
    op: Op, inputs: Sequence[Tensor | None], least: int, most: int | None = None
) -> tuple[Tensor, ...]:
    """The inputs, none left out, after checking how many there are."""
    most = least if most is None else most
    if not least <= len(inputs) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise GraphError(f"{op.name}: {len(inputs)} inputs are given, not {wanted}")
    present = tuple(x for x in inputs if x is not None)
    if len(present) < len(inputs):
        raise GraphError(f"{op.name}: an input that it requires is left out")
    return present


def made(op: Op, dtype: DType, *shapes: Iterable[int]) -> tuple[TensorType, ...]:
    """One output type per shape, after checking that its sizes can exist."""
    types: list[TensorType] = []
    for shape in shapes:
        sizes = tuple(int(size) for size in shape)
        if len(sizes) > LARGEST_RANK:
            raise GraphError(f"{op.name}: the output has {len(sizes)} dimensions")
        wrong = [size for size in sizes if not -1 <= size <= LARGEST_SIZE]
        if wrong:
            raise GraphError(f"{op.name}: an output dimension has the size {wrong[0]}")
        if product(size for size in sizes if size > 0) > MOST_ELEMENTS:
            raise GraphError(f"{op.name}: no memory holds an output of {list(sizes)}")
        types.append(TensorType(dtype, sizes))
    return tuple(types)


def known(op: Op, tensor: Tensor, what: str) -> tuple[int, ...] | None:
    """The whole numbers that a constant holds, or None where it is computed.

    Raises:
        GraphError: the tensor's elements are not int32 or int64.
    """
    if tensor.dtype not in INDEX_TYPES:
        raise GraphError(
            f"{op.name}: {what} '{tensor.name}' is {tensor.dtype.title}, "
            "not int32 or int64"
        )
    if tensor.data is None:
        return None
    if tensor.data.shape != tensor.shape:
        raise GraphError(
            f"{op.name}: {what} '{tensor.name}' holds {tensor.data.size} values, "
            f"but its type is {tensor.type}"
        )
    return tuple(int(value) for value in tensor.data.ravel())


def known_scalar(op: Op, tensor: Tensor, what: str) -> int | None:
    """The one whole number that a constant holds, or None where it is computed."""
    values = known(op, tensor, what)
    if values is None:
        return None
    if len(values) != 1:
        raise GraphError(
            f"{op.name}: {what} '{tensor.name}' has {len(values)} elements, not 1"
        )
    return values[0]


def known_vector(
    op: Op, tensor: Tensor, what: str, length: int | None = None
) -> tuple[int, ...] | None:
    """A constant's whole numbers in one dimension, `length` of them where given."""
    vector_length(op, tensor, what, length)
    return known(op, tensor, what)


def vector_length(op: Op, tensor: Tensor, what: str, length: int | None = None) -> int:
    """The number of elements of a one-dimensional tensor.

    Raises:
        GraphError: it has another rank, another length or one not known yet.
    """
    if len(tensor.shape) != 1:
        raise GraphError(
            f"{op.name}: {what} '{tensor.name}' has {len(tensor.shape)} dimensions, "
            "not 1"
        )
    size = tensor.shape[0]
    if size < 0 and length is None:
        raise GraphError(
            f"{op.name}: the length of {what} '{tensor.name}' is not known, so the "
            "rank of the output is not"
        )
    if length is not None and size not in (-1, length):
        raise GraphError(
            f"{op.name}: {what} '{tensor.name}' has {size} elements, not {length}"
        )
    if size > LARGEST_RANK:
        raise GraphError(f"{op.name}: {what} '{tensor.name}' has {size} elements")
    return size if length is None else length


def within(op: Op, axis: int, rank: int) -> int:
    """`axis` counted from the front; it may be given from the back, below 0."""
    if not -rank <= axis < rank:
        raise GraphError(f"{op.name}: axis {axis} is not in a tensor of rank {rank}")
    return axis + rank if axis < 0 else axis


def same_type(op: Op, tensors: Sequence[Tensor]) -> DType:
    """The one element type of all `tensors`."""
    first = tensors[0].dtype
    for tensor in tensors:
        if tensor.dtype is not first:
            raise GraphError(
                f"{op.name}: '{tensors[0].name}' is {first.title} but "
                f"'{tensor.name}' is {tensor.dtype.title}; they must be alike"
            )
    return first


def same_size(op: Op, first: int, second: int) -> int:
    """The size that both dimensions have; one that is not known takes the other's."""
    if first < 0 or second < 0:
        return max(first, second)
    if first != second:
        raise GraphError(f"{op.name}: the sizes {first} and {second} differ")
    return first


def broadcast(op: Op, *shapes: Shape) -> Shape:
    """The shape to which all `shapes` stretch, as NumPy does it."""
    common: Shape = ()
    for shape in shapes:
        common = broadcast_shapes(op, common, shape)
    return common


def product(sizes: Iterable[int]) -> int:
    """The number of elements, in Python's unbounded integers."""
    return math.prod(sizes)


def integers(array: Any) -> tuple[int, ...]:
    """The whole numbers of an array, in order."""
    values: Array = np.asarray(array)
    return tuple(int(value) for value in values.ravel())


def scalar(op: Op, array: Any, what: str) -> int:
    """The one whole number of an array."""
    values = integers(array)
    if len(values) != 1:
        raise GraphError(f"{op.name}: {what} has {len(values)} elements, not 1")
    return values[0]
