"""Make the steps of a softmax or its logarithm one operator.

exp(x - max(x)) / sum(exp(x - max(x)))       =  softmax(x)
x - max(x) - log(sum(exp(x - max(x))))       =  log_softmax(x)

What is subtracted before makes no difference; without it, the operator is the same
and cannot overflow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gossamer.ir.build import free_shape
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Div, Sub
from gossamer.ops.log_softmax import LogSoftmax
from gossamer.ops.reduce import ReduceMax, Sum
from gossamer.ops.softmax import Softmax
from gossamer.ops.unary import Exp, Log
from gossamer.passes.base import Pass, Skip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.passes.base import Note

_Producers: TypeAlias = "Mapping[Tensor, Node]"


def fuse_softmax(subgraph: Subgraph, note: Note) -> Subgraph:
    """Fuse every softmax along the last axis; what it leaves unused is dead."""
    producers = subgraph.producers()
    made: list[Node] = []
    changed = False
    for node in subgraph.nodes:
        joined = _joined(node, producers)
        if isinstance(joined, Skip):
            note(node, joined.reason)
        elif joined is not None:
            note(node, None)
            changed = True
            made.append(joined)
            continue
        made.append(node)
    return with_nodes(subgraph, made) if changed else subgraph


def _joined(node: Node, producers: _Producers) -> Node | Skip | None:
    op = node.op
    if not isinstance(op, Div | Sub) or node.output.dtype is not DType.FLOAT32:
        return None
    if node.output.is_quantized or op.fused_activation_function != "none":
        return None
    found = _softmax(node, producers) if isinstance(op, Div) else _log(node, producers)
    if found is None:
        return None
    powers, total = found
    axis = _axis(total)
    if isinstance(axis, Skip):
        return axis
    source = _unshifted(powers.input(0), axis, producers)
    if free_shape(source) != free_shape(node.output):
        return None
    joined = Softmax(1.0) if isinstance(op, Div) else LogSoftmax()
    return replace(node, op=joined, inputs=(source,), version=0)


def _softmax(node: Node, producers: _Producers) -> tuple[Node, Node] | None:
    """The EXP and the SUM of a division of one by the other."""
    powers = _made_by(Exp, node.input(0), producers)
    total = _made_by(Sum, node.input(1), producers)
    if powers is None or total is None or total.input(0) is not powers.output:
        return None
    return powers, total


def _log(node: Node, producers: _Producers) -> tuple[Node, Node] | None:
    """The EXP and the SUM of a logarithm that is subtracted."""
    log = _made_by(Log, node.input(1), producers)
    total = None if log is None else _made_by(Sum, log.input(0), producers)
    powers = None if total is None else _made_by(Exp, total.input(0), producers)
    if total is None or powers is None or powers.input(0) is not node.input(0):
        return None
    return powers, total


def _made_by(
    kind: type[Exp | Log | Sum | Sub | ReduceMax],
    tensor: Tensor,
    producers: _Producers,
) -> Node | None:
    node = producers.get(tensor)
    return node if node is not None and isinstance(node.op, kind) else None


def _axis(total: Node) -> int | Skip:
    """The axis of the sum, if SOFTMAX can stand for it."""
    op, axes = total.op, total.input(1).data
    assert isinstance(op, Sum)
    rank = total.input(0).type.rank
    if axes is None:
        return Skip("the axis of its sum is computed")
    summed = op.axes(rank, axes)
    if not op.keep_dims:
        return Skip("its sum does not keep the axis")
    if summed != (rank - 1,):
        return Skip(f"it is along axes {list(summed)}; the operator is along the last")
    return rank - 1


def _unshifted(x: Tensor, axis: int, producers: _Producers) -> Tensor:
    """`x` before its greatest elements along the axis were subtracted."""
    shifted = _made_by(Sub, x, producers)
    if shifted is None:
        return x
    most = _made_by(ReduceMax, shifted.input(1), producers)
    if most is None or most.input(0) is not shifted.input(0):
        return x
    op, axes = most.op, most.input(1).data
    assert isinstance(op, ReduceMax)
    if axes is None or not op.keep_dims or op.axes(axis + 1, axes) != (axis,):
        return x
    return shifted.input(0)


FUSE_SOFTMAX = Pass("fuse_softmax", fuse_softmax)
