"""Make a sum that is divided by the number of its elements a mean.

sum(x, axes) / n  =  mean(x, axes)
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.build import free_shape
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Div, Mul
from gossamer.ops.reduce import Mean, Sum
from gossamer.passes.base import Pass, Skip
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.passes.base import Note

TOLERANCE = 1e-6
"""How far a factor may be from one over the number of elements, relative to it."""


def fuse_mean(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fuse every DIV or MUL by a constant that makes a SUM a mean."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    op, total = node.op, producer.op
    if not isinstance(op, Div | Mul) or not isinstance(total, Sum):
        return None
    if node.output.dtype is not DType.FLOAT32 or node.output.is_quantized:
        return None
    factor = _factor(node, producer.output)
    axes = producer.input(1).data
    if factor is None or axes is None:
        return None
    shape = free_shape(producer.input(0))
    sizes = [shape[axis] for axis in total.axes(len(shape), axes)]
    if any(size < 0 for size in sizes):
        return Skip("the number of elements that are summed is free")
    if not math.isclose(factor * math.prod(sizes), 1, rel_tol=TOLERANCE):
        return Skip(f"the sum of {math.prod(sizes)} elements is multiplied by {factor}")
    if op.fused_activation_function != "none":
        return Skip(f"{op.name} has a fused activation")
    if free_shape(node.output) != free_shape(producer.output):
        return Skip("the constant gives the result another shape")
    return replace(producer, op=Mean(total.keep_dims), outputs=node.outputs)


def _factor(node: Node, total: Tensor) -> float | None:
    """The number that the sum is multiplied by, None where there is not one."""
    left, right = node.input(0), node.input(1)
    other = right if left is total else left
    if other.data is None or other.data.size != 1 or other.is_quantized:
        return None
    value = float(np.asarray(other.data).reshape(()))
    if isinstance(node.op, Mul):
        return value
    return 1 / value if left is total and value else None


FUSE_MEAN = Pass("fuse_mean", fuse_mean)
