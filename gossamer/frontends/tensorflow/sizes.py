"""Vectors of sizes that a graph computes from shapes, as far as they are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.types import Array, Shape

Sizes: TypeAlias = "list[int | None]"
"""A vector's numbers; one of a scalar; None for what is known only at run time."""

Known: TypeAlias = Callable[[Any], "Array | None"]
Shapes: TypeAlias = Callable[[Any], "Shape | None"]


def sizes_of(tensor: Any, known: Known, shape_of: Shapes) -> Sizes | None:
    """The numbers of an integer scalar or vector, None where nothing is known.

    Args:
        tensor: a symbolic tensor.
        known: the value of a tensor that no input changes, else None.
        shape_of: a tensor's shape, with -1 for free sizes.
    """
    value = known(tensor)
    if value is not None:
        return None if value.ndim > 1 else [int(x) for x in value.reshape(-1)]
    node = tensor.op
    if node.type == "Shape":
        shape = shape_of(node.inputs[0])
        return None if shape is None else [None if dim < 0 else dim for dim in shape]
    if node.type == "Unpack":
        vector = sizes_of(node.inputs[0], known, shape_of)
        return None if vector is None else [vector[tensor.value_index]]
    rule = _RULES.get(node.type)
    if rule is None:
        return None
    inputs = [sizes_of(x, known, shape_of) for x in node.inputs]
    return rule(node, inputs)


def _same(_node: Any, inputs: Sequence[Sizes | None]) -> Sizes | None:
    return inputs[0]


def _joined(node: Any, inputs: Sequence[Sizes | None]) -> Sizes | None:
    vectors = inputs if node.type == "Pack" else inputs[:-1]
    counts = [_count(x) for x in node.inputs]
    parts: Sizes = []
    for vector, count in zip(vectors, counts, strict=False):
        if vector is None and count is None:
            return None
        parts += vector if vector is not None else [None] * (count or 0)
    return parts


def _count(tensor: Any) -> int | None:
    """How many numbers a scalar or vector holds."""
    return tensor.shape.num_elements()


def _product(_node: Any, inputs: Sequence[Sizes | None]) -> Sizes | None:
    vector = inputs[0]
    if vector is None or None in vector:
        return [None]
    return [math.prod(size for size in vector if size is not None)]


def _gathered(_node: Any, inputs: Sequence[Sizes | None]) -> Sizes | None:
    vector, places = inputs[0], inputs[1]
    if vector is None or places is None:
        return None
    return [None if place is None else vector[place] for place in places]


def _cut(node: Any, inputs: Sequence[Sizes | None]) -> Sizes | None:
    """StridedSlice of a vector."""
    vector, *ends = inputs
    if vector is None or any(end is None or None in end for end in ends):
        return None
    begin, end, step = (part[0] for part in ends if part)
    if node.get_attr("shrink_axis_mask"):
        return [vector[begin]] if begin is not None else None
    first = None if node.get_attr("begin_mask") else begin
    last = None if node.get_attr("end_mask") else end
    return vector[first:last:step]


def _pairwise(node: Any, inputs: Sequence[Sizes | None]) -> Sizes | None:
    left, right = inputs
    if left is None or right is None:
        return None
    length = max(len(left), len(right))
    pairs = zip(_stretched(left, length), _stretched(right, length), strict=True)
    function = _ARITHMETIC[node.type]
    return [None if a is None or b is None else function(a, b) for a, b in pairs]


def _stretched(vector: Sizes, length: int) -> Sizes:
    return vector * length if len(vector) == 1 else vector


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "AddV2": lambda a, b: a + b,
    "FloorDiv": lambda a, b: a // b if b else 0,
    "Maximum": max,
    "Minimum": min,
    "Mul": lambda a, b: a * b,
    "Sub": lambda a, b: a - b,
}

_RULES: dict[str, Callable[[Any, Sequence[Sizes | None]], Sizes | None]] = {
    **dict.fromkeys(_ARITHMETIC, _pairwise),
    "Cast": _same,
    "ConcatV2": _joined,
    "ExpandDims": _same,
    "GatherV2": _gathered,
    "Identity": _same,
    "Pack": _joined,
    "Prod": _product,
    "Reshape": _same,
    "Squeeze": _same,
    "StridedSlice": _cut,
}


def as_target(sizes: Sizes, shape: Shape | None) -> Shape:
    """The target of a reshape: what is known of it, by value or by static shape."""
    given = np.array([-1 if size is None else size for size in sizes], np.int64)
    if shape is not None and len(shape) == len(given):
        static = np.array(shape, np.int64)
        given = np.where((given < 0) & (static >= 0), static, given)
    return tuple(int(size) for size in given)
