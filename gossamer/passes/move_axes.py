"""Bring TRANSPOSE and RESHAPE behind what they do not matter to, where they cancel.

relu(transpose(x)) = transpose(relu(x)), and transpose(transpose(x, p), q) = x where
q undoes p; the same for axes of size one that are taken away and put back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import TensorType
from gossamer.ops.arithmetic import Arithmetic
from gossamer.ops.binary import Binary
from gossamer.ops.cast import Cast
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.expand_dims import ExpandDims
from gossamer.ops.fully_connected import FullyConnected
from gossamer.ops.hard_swish import HardSwish
from gossamer.ops.l2_normalization import L2Normalization
from gossamer.ops.log_softmax import LogSoftmax
from gossamer.ops.maximum import Choice
from gossamer.ops.pad import MirrorPad, Pad, PadV2
from gossamer.ops.reduce import Reduce
from gossamer.ops.relu import Clamp, LeakyRelu, PRelu
from gossamer.ops.reshape import Reshape
from gossamer.ops.sigmoid import Curve
from gossamer.ops.softmax import Softmax
from gossamer.ops.squeeze import Squeeze
from gossamer.ops.transpose import Transpose
from gossamer.ops.unary import Unary
from gossamer.passes.base import Pass
from gossamer.passes.view import View, nodes_of, viewed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array
    from gossamer.passes.base import Note

_LAYOUT = (Transpose, Reshape, Squeeze, ExpandDims)
_BY_ELEMENT = (
    Arithmetic | Binary | Cast | Choice | Clamp | Curve | HardSwish | LeakyRelu
) | (PRelu | Unary)
_BY_ROW = Softmax | LogSoftmax | L2Normalization
_MOST_AXES_OF_ROWS = 4


def move_axes(subgraph: Subgraph, note: Note) -> Subgraph:
    """Move all layout operators down, and keep the result where fewer are left."""
    walk = _Walk()
    for node in subgraph.nodes:
        walk.add(node)
    for output in subgraph.outputs:
        walk.compute(output)
    before, after = _layouts(subgraph.nodes), _layouts(walk.nodes)
    if sum(after) >= sum(before) or after[0] > before[0]:
        return subgraph
    for node in walk.moved:
        note(node, None)
    return with_nodes(subgraph, walk.nodes)


def _layouts(nodes: Sequence[Node]) -> tuple[int, int]:
    """How many nodes move data, and how many others only change the shape."""
    moving = sum(isinstance(node.op, Transpose) for node in nodes)
    return moving, sum(isinstance(node.op, _LAYOUT) for node in nodes) - moving


@dataclass(slots=True)
class _Walk:
    """The graph made anew, where a view is computed when something reads it."""

    nodes: list[Node] = field(default_factory=list["Node"])
    moved: list[Node] = field(default_factory=list["Node"])
    views: dict[Tensor, View] = field(default_factory=dict["Tensor", View])
    computed: set[Tensor] = field(default_factory=set["Tensor"])

    def add(self, node: Node) -> None:
        if self._is_view(node) or self._is_moved(node):
            return
        inputs = tuple(None if x is None else self._real(x) for x in node.inputs)
        self.nodes.append(replace(node, inputs=inputs))

    def compute(self, tensor: Tensor) -> None:
        """Add the nodes that compute `tensor`, if it is a view so far."""
        if tensor in self.views and tensor not in self.computed:
            self.computed.add(tensor)
            self.nodes.extend(nodes_of(self.views[tensor], tensor))

    def _real(self, tensor: Tensor) -> Tensor:
        """What a node may read for `tensor`."""
        view = self.views.get(tensor)
        if view is not None and view.is_whole:
            return view.source
        self.compute(tensor)
        return tensor

    def _is_view(self, node: Node) -> bool:
        """Whether the node moves axes, which is noted and not done."""
        x = node.optional(0)
        if not isinstance(node.op, _LAYOUT) or x is None or not _is_plain(x):
            return False
        base = self.views.get(x) or View(x, tuple(range(len(x.shape))))
        made = viewed(base, node)
        if made is not None:
            self.views[node.output] = made
        return made is not None

    def _is_moved(self, node: Node) -> bool:
        """Whether the node could be done on the sources of its inputs."""
        views = [self.views[x] for x in node.inputs if x in self.views]
        if not views or len(node.outputs) != 1 or not _is_plain(node.output):
            return False
        view = views[0]
        computed = [x for x in node.inputs if x is not None and not x.is_constant]
        if len(computed) != len(views) or not all(map(view.matches, views)):
            return False
        made = _moved(node, view)
        if made is None:
            return False
        op, constants, result = made
        inputs = [
            self.views[x].source if x in self.views else constant
            for x, constant in zip(node.inputs, constants, strict=True)
        ]
        self.nodes.append(
            replace(
                node, op=op, inputs=tuple(inputs), outputs=(result.source,), version=0
            )
        )
        self.views[node.output] = result
        self.moved.append(node)
        return True


def _is_plain(tensor: Tensor) -> bool:
    return not (tensor.is_constant or tensor.is_variable or tensor.is_quantized)


def _moved(node: Node, view: View) -> tuple[Op, Sequence[Tensor | None], View] | None:
    """The operator, its inputs and its result's view, on sources of that view."""
    op, result = node.op, view.of_same_axes
    match op:
        case _ if isinstance(op, _BY_ELEMENT):
            constants = [_spread(x, view) for x in node.inputs]
            if any(x is None for x in constants):
                return None
            return op, constants, result(node.output)
        case Concatenation():
            axis = view.axes[op.axis]
            return replace(op, axis=axis), node.inputs, result(node.output)
        case Pad() | PadV2() | MirrorPad():
            return _padding(node, view)
        case Reduce():
            return _reduction(node, op, view)
        case _ if isinstance(op, _BY_ROW) or (
            isinstance(op, FullyConnected) and op.keep_num_dims
        ):
            if not view.keeps_last or view.rank > _MOST_AXES_OF_ROWS:
                return None
            return op, node.inputs, result(node.output)
        case _:
            return None


def _spread(x: Tensor | None, view: View) -> Tensor | None:
    """A constant of an element-wise operator, for the sources; None if it cannot be."""
    if x is None or x.data is None or x.data.size == 1:
        return x
    if x.data.ndim > len(view.axes) or x.is_quantized:
        return None
    return _constant(x, view.spread(x.data))


def _padding(node: Node, view: View) -> tuple[Op, Sequence[Tensor | None], View] | None:
    widths = node.input(1)
    if widths.data is None:
        return None
    wide = np.zeros((view.rank, 2), widths.data.dtype)
    wide[list(view.axes)] = widths.data.reshape(-1, 2)
    inputs = (node.inputs[0], _constant(widths, wide), *node.inputs[2:])
    return node.op, inputs, view.of_same_axes(node.output)


def _reduction(
    node: Node, op: Reduce, view: View
) -> tuple[Op, Sequence[Tensor | None], View] | None:
    where = node.input(1)
    if where.data is None:
        return None
    gone = op.axes(len(view.axes), where.data)
    axes = {view.axes[axis] for axis in gone}
    if not op.keep_dims:
        axes |= view.missing
    places = np.asarray(sorted(axes), where.data.dtype)
    inputs = (node.inputs[0], _constant(where, places))
    if op.keep_dims:
        return op, inputs, view.of_same_axes(node.output)
    return op, inputs, view.reduced(axes, node.output)


def _constant(x: Tensor, data: Array) -> Tensor:
    return replace(x, data=data, type=TensorType(x.dtype, tuple(data.shape)))


MOVE_AXES = Pass("move_axes", move_axes)
