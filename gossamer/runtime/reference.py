"""Run a subgraph by its operators' meaning: slow, exact, and always there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import UnsupportedError
from gossamer.ir.op import CUSTOM_CODE, Op
from gossamer.ir.shapes import infer_shapes
from gossamer.ir.sparse import dense_data
from gossamer.ir.verify_calls import called_subgraphs
from gossamer.runtime.evaluate import blank, run_node
from gossamer.runtime.pieces import interpreted_piece

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Model, Node, Subgraph, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.runtime.pieces import Piece


class ReferenceExecutable:
    """An executable that evaluates node after node in NumPy.

    Inputs and variables keep their memory; all that is computed is a new array on
    each run, whose shape may be one that only running can tell.
    """

    __slots__ = (
        "_drops",
        "_environment",
        "_kept",
        "_made",
        "_subgraph",
        "_values",
        "invoke",
        "moving",
    )

    def __init__(
        self,
        subgraph: Subgraph,
        shapes: Mapping[Tensor, Shape],
        environment: Environment,
        *,
        keep_all: bool,
    ) -> None:
        self._subgraph = subgraph
        self._environment = environment
        self._made = infer_shapes(subgraph, shapes)
        self._kept = _kept(subgraph, keep_all=keep_all)
        self._drops = _last_uses(subgraph, self._kept)
        self._values = _constants(subgraph)
        for tensor in _held(subgraph):
            self._values[tensor] = blank(self.shape(tensor), tensor.dtype)
        computed = {y for node in subgraph.nodes for y in node.outputs}
        self.moving = frozenset(computed - set(_held(subgraph)))
        self.invoke = self._run

    @property
    def is_brief(self) -> bool:
        """Other Python threads may come in while `invoke` runs."""
        return False

    def view(self, tensor: Tensor) -> Array | None:
        value = self._values.get(tensor)
        if value is None and tensor in self._kept:
            value = self._zeros(tensor)
        return value

    def _zeros(self, tensor: Tensor) -> Array | None:
        """What a kept tensor shows before the first run, where its shape is known."""
        shape = self.shape(tensor)
        if min(shape, default=0) < 0:
            return None
        return self._values.setdefault(tensor, blank(shape, tensor.dtype))

    def shape(self, tensor: Tensor) -> Shape:
        value = self._values.get(tensor)
        if value is not None:
            return value.shape
        return self._made.get(tensor, tensor).shape

    def _run(self) -> None:
        for index, node in enumerate(self._subgraph.nodes):
            self._run_node(index, node)
            for tensor in self._drops[index]:
                self._values.pop(tensor, None)

    def pieces(self) -> list[Piece]:
        """Every node on its own, on what the last run left behind."""
        self._kept = frozenset(self._subgraph.tensors)
        self._drops = _last_uses(self._subgraph, self._kept)
        return [
            interpreted_piece(node, partial(self._run_node, index, node))
            for index, node in enumerate(self._subgraph.nodes)
        ]

    def _run_node(self, index: int, node: Node) -> None:
        values = self._values
        inputs = [None if x is None else values[x] for x in node.inputs]
        results = run_node(index, node, inputs, self._environment)
        for tensor, result in zip(node.written, results, strict=True):
            self._store(tensor, result)

    def _store(self, tensor: Tensor, result: Any) -> None:
        """Keep a copy: an operator may return a view of what it was given."""
        if tensor in self.moving:
            self._values[tensor] = np.array(result, tensor.dtype.numpy, order="C")
        else:
            self._values[tensor][...] = result


def require_meaning(model: Model, subgraph: int) -> None:
    """Refuse a subgraph that runs an operator which has no meaning in NumPy.

    Raises:
        UnsupportedError: names the operator and where it stands.
    """
    missing = [
        (index, node)
        for graph in _reachable(model, subgraph)
        for index, node in enumerate(graph.nodes)
        if not _has_meaning(node.op)
    ]
    if not missing:
        return
    index, node = missing[0]
    names = ", ".join(dict.fromkeys(each.op.name for _, each in missing))
    raise UnsupportedError(
        f"{_unresolved(node)} Node number {index} ({node.op.name}) failed to prepare. "
        f"There is no kernel for: {names}"
    )


def _unresolved(node: Node) -> str:
    """What is wrong with an operator without a meaning, and what helps."""
    name = node.op.name
    if node.op.code == CUSTOM_CODE:
        return (
            f"Encountered unresolved custom op: {name}. Say what it computes, before "
            f'the model is read: put @gossamer.custom_operator("{name}") on a function '
            "of NumPy arrays (see docs/custom_operators.md)."
        )
    missing = f"Didn't find op for builtin opcode '{name}' version '{node.version}'."
    if name.startswith("STABLEHLO_"):
        return (
            f"{missing} It is a form between a framework and .tflite, which TensorFlow "
            "Lite has no runtime for either; convert it to builtin operators."
        )
    return f"{missing} Convert the model without it."


def _reachable(model: Model, subgraph: int) -> list[Subgraph]:
    """A subgraph and all that it may call."""
    found = {subgraph: None}
    waiting = [subgraph]
    while waiting:
        for node in model.subgraphs[waiting.pop()].nodes:
            for index in called_subgraphs(node).values():
                if index not in found:
                    found[index] = None
                    waiting.append(index)
    return [model.subgraphs[index] for index in found]


def _has_meaning(op: Op) -> bool:
    kind = type(op)
    return any(
        getattr(kind, name) is not getattr(Op, name)
        for name in ("reference", "integer", "perform")
    )


def _held(subgraph: Subgraph) -> tuple[Tensor, ...]:
    """Tensors whose memory stays: what callers and earlier runs write."""
    variables = [tensor for tensor in subgraph.tensors if tensor.is_variable]
    return tuple(dict.fromkeys([*subgraph.inputs, *variables]))


def _constants(subgraph: Subgraph) -> dict[Tensor, Array]:
    arrays = ((x, dense_data(x)) for x in subgraph.tensors)
    return {x: array for x, array in arrays if array is not None}


def _kept(subgraph: Subgraph, *, keep_all: bool) -> frozenset[Tensor]:
    if keep_all:
        return frozenset(subgraph.tensors)
    return frozenset([*_held(subgraph), *subgraph.outputs, *_constants(subgraph)])


def _last_uses(
    subgraph: Subgraph, kept: frozenset[Tensor]
) -> tuple[tuple[Tensor, ...], ...]:
    """For each node, the tensors that nothing reads after it."""
    last: dict[Tensor, int] = {}
    for index, node in enumerate(subgraph.nodes):
        for tensor in (*node.inputs, *node.outputs):
            if tensor is not None and tensor not in kept:
                last[tensor] = index
    drops: list[list[Tensor]] = [[] for _ in subgraph.nodes]
    for tensor, index in last.items():
        drops[index].append(tensor)
    return tuple(tuple(each) for each in drops)
