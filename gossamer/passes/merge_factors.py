"""Multiply once where values are multiplied with and divided by constants in a row.

x * a * b  =  x * (a b)      x * a / b  =  x * (a / b)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.build import free_shape
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops.arithmetic import Div, Mul
from gossamer.passes.base import Pass, Skip
from gossamer.passes.join import join_with_producers

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph
    from gossamer.ir.types import Array
    from gossamer.passes.base import Note


def merge_factors(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fuse every MUL and DIV by a constant with the one before it."""
    return join_with_producers(subgraph, _rule, note)


def _rule(node: Node, producer: Node) -> Node | Skip | None:
    second, first = _factor(node), _factor(producer)
    if first is None or second is None:
        return None
    x, other = producer.input(1 - first), node.input(1 - second)
    if other is not producer.output:
        return None
    op, before = node.op, producer.op
    assert isinstance(op, Mul | Div)
    assert isinstance(before, Mul | Div)
    if before.fused_activation_function != "none":
        return Skip(f"{before.name} has a fused activation in between")
    with np.errstate(all="ignore"):
        factor = _value(producer, first) * _value(node, second)
    if not np.all(np.isfinite(factor)):
        return Skip("the product of the constants is not finite")
    if len(factor.shape) > len(free_shape(x)):
        return Skip("the constants give the result another shape")
    data = np.asarray(factor, np.float32)
    kind = TensorType(DType.FLOAT32, tuple(data.shape))
    constant = Tensor(f"{node.output.name}/factor", kind, data)
    made = Mul(op.fused_activation_function)
    return replace(node, op=made, inputs=(x, constant), version=0)


def _factor(node: Node) -> int | None:
    """Which input is a constant factor or divisor; None where there is none."""
    if not isinstance(node.op, Mul | Div) or node.output.dtype is not DType.FLOAT32:
        return None
    if node.output.is_quantized:
        return None
    places = (1,) if isinstance(node.op, Div) else (1, 0)
    for index in places:
        tensor = node.input(index)
        if tensor.data is not None and not tensor.is_quantized and not tensor.sparsity:
            return index
    return None


def _value(node: Node, index: int) -> Array:
    """What a node multiplies by, in float64."""
    data = node.input(index).data
    assert data is not None
    value = data.astype(np.float64)
    if isinstance(node.op, Mul):
        return value
    with np.errstate(all="ignore"):
        return 1 / value


MERGE_FACTORS = Pass("merge_factors", merge_factors)
