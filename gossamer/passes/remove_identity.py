"""Remove nodes that hand on their input as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.build import free_shape
from gossamer.ir.rewrite import substitute, with_nodes
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.broadcast import BroadcastTo
from gossamer.ops.cast import Cast
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.pad import MirrorPad, Pad, PadV2
from gossamer.ops.reduce import Mean, ReduceMax, ReduceMin, ReduceProd, Sum
from gossamer.ops.reshape import Reshape
from gossamer.ops.slice import Slice
from gossamer.ops.split import Split, SplitV
from gossamer.ops.squeeze import Squeeze
from gossamer.ops.strided_slice import StridedSlice
from gossamer.ops.tile import Tile
from gossamer.ops.transpose import Transpose
from gossamer.passes.base import Pass

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.passes.base import Note


def remove_identity(subgraph: Subgraph, note: Note) -> Subgraph:
    """Lead the readers of an identity to its input.

    Where its result is an output of the graph, the node that computes the input
    computes the output itself, so that the output keeps its name.
    """
    moved: dict[Tensor, Tensor] = {}
    kept: list[Node] = []
    for node in subgraph.nodes:
        source = _source(node)
        if source is None:
            kept.append(node)
            continue
        source = _resolve(source, moved)
        reason = _obstacle(subgraph, source, node.output)
        note(node, reason)
        if reason is not None:
            kept.append(node)
        elif node.output in subgraph.outputs:
            moved[source] = node.output
        else:
            moved[node.output] = source
    if not moved:
        return subgraph
    final = {tensor: _resolve(tensor, moved) for tensor in moved}
    return substitute(with_nodes(subgraph, kept), final)


def _resolve(tensor: Tensor, moved: dict[Tensor, Tensor]) -> Tensor:
    while tensor in moved:
        tensor = moved[tensor]
    return tensor


def _obstacle(subgraph: Subgraph, source: Tensor, result: Tensor) -> str | None:
    """Why `source` cannot stand for `result`, if it cannot."""
    if source.is_variable:
        return f"'{source.name}' is a variable, which may change later"
    if not _alike(source, result):
        return f"'{source.name}' has another scale or zero point"
    if result not in subgraph.outputs:
        return None
    if source in subgraph.outputs or source in subgraph.inputs or source.is_constant:
        return f"the output would be '{source.name}' under another name"
    return None


def _alike(first: Tensor, second: Tensor) -> bool:
    if first.quantization is None or second.quantization is None:
        return not first.is_quantized and not second.is_quantized
    return first.quantization.same(second.quantization)


def _source(node: Node) -> Tensor | None:
    """The input that the first and only output repeats, or None."""
    if len(node.outputs) != 1:
        return None
    source = _repeated_input(node)
    if source is None or source.dtype is not node.output.dtype:
        return None
    return source if free_shape(source) == free_shape(node.output) else None


def _repeated_input(node: Node) -> Tensor | None:
    """The input that equal types would make the node an identity of."""
    x = node.inputs[0] if node.inputs else None
    match node.op:
        case Cast() | Squeeze():
            return x
        case Concatenation():
            return x if len(node.inputs) == 1 else None
        case Reshape():
            # One free size follows from the others; two may trade places.
            return x if x is not None and free_shape(x).count(-1) <= 1 else None
        case Transpose():
            order = _constant(node, 1)
            return x if order is not None and order == sorted(order) else None
        case (
            Slice() | Pad() | PadV2() | MirrorPad() | Tile() | BroadcastTo() | SplitV()
        ):
            return _if_static(x)
        case Split():
            return _if_static(node.inputs[1])
        case Mean() | Sum() | ReduceMax() | ReduceMin() | ReduceProd():
            # Of equal shapes, what is folded has size one.
            return x if _constant(node, 1) is not None else None
        case StridedSlice():
            steps = _constant(node, 3)
            return _if_static(x) if steps and set(steps) == {1} else None
        case Mul() | Div() | Add() | Sub():
            return _beside(node, node.op)
        case _:
            return None


def _beside(node: Node, op: Mul | Div | Add | Sub) -> Tensor | None:
    """The operand beside a constant that changes nothing, as in x * 1 and x + 0."""
    if op.fused_activation_function != "none":
        return None
    neutral = 1 if isinstance(op, (Mul, Div)) else 0
    x, y = node.inputs[0], node.inputs[1]
    if _is_all(y, neutral):
        return x
    commutes = isinstance(op, (Add, Mul))
    return y if commutes and _is_all(x, neutral) else None


def _is_all(tensor: Tensor | None, value: int) -> bool:
    if tensor is None or tensor.data is None or tensor.is_quantized:
        return False
    return bool((tensor.data == value).all())


def _if_static(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None or -1 in free_shape(tensor) else tensor


def _constant(node: Node, index: int) -> list[int] | None:
    tensor = node.optional(index)
    if tensor is None or tensor.data is None:
        return None
    return [int(value) for value in tensor.data.ravel()]


REMOVE_IDENTITY = Pass("remove_identity", remove_identity)
