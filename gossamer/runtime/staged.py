"""Run a graph in which shapes depend on data: compiled, as far as they are known.

All nodes whose shapes are known are compiled together as a first stage. Then those run
through their meaning that give something whose shape only data can tell. With that the
shapes of others are known: they are the next stage, which is compiled for just these
shapes and kept for when they come again.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.ir.graph import Subgraph
from gossamer.ir.shapes import infer_shapes
from gossamer.ir.types import TensorType
from gossamer.lowering.link import Linker
from gossamer.lowering.specialize import split
from gossamer.ops.variable import VarHandle
from gossamer.runtime.evaluate import blank, run_node
from gossamer.runtime.native import NativeExecutable
from gossamer.runtime.pieces import interpreted_piece

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.runtime.pieces import Piece
    from gossamer.runtime.state import State

_REMEMBERED = 8
"""Sets of shapes for which a stage is kept compiled."""

Numbered: TypeAlias = "tuple[int, Node]"
"""A node and its index in the graph."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Compiled nodes, then nodes that run through their meaning.

    `following` are the stages that came after this one, by the shapes of the results.
    """

    compiled: NativeExecutable | None
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    waiting: tuple[Numbered, ...]
    later: tuple[Numbered, ...]
    following: OrderedDict[tuple[Shape, ...], Stage] = field(
        default_factory=OrderedDict["tuple[Shape, ...]", "Stage"]
    )


class StagedExecutable:
    """An executable of stages; see above. What it computes moves from run to run."""

    __slots__ = (
        "_constants",
        "_first",
        "_graph",
        "_keep_all",
        "_made",
        "_state",
        "_threads",
        "_values",
        "invoke",
        "moving",
    )

    def __init__(
        self,
        subgraph: Subgraph,
        shapes: Mapping[Tensor, Shape],
        state: State,
        *,
        threads: int = 1,
        keep_all: bool = False,
    ) -> None:
        self._graph = subgraph
        self._state = state
        self._threads = threads
        self._keep_all = keep_all
        self._made = infer_shapes(subgraph, shapes)
        self._constants = {x: x.data for x in subgraph.tensors if x.data is not None}
        self._values: dict[Tensor, Array] = dict(self._constants)
        held = dict.fromkeys(
            [*subgraph.inputs, *(x for x in subgraph.tensors if x.is_variable)]
        )
        for x in held:
            self._values[x] = blank(self.shape(x), x.dtype)
        self.moving = frozenset(
            y for node in subgraph.nodes for y in node.outputs if y not in held
        )
        state.begin(subgraph)
        self._first = self._stage(tuple(enumerate(subgraph.nodes)))
        self.invoke = self._run

    @property
    def is_brief(self) -> bool:
        """Other Python threads may come in while `invoke` runs."""
        return False

    def view(self, tensor: Tensor) -> Array | None:
        """The value of the last run; zeros before, where the shape is known."""
        value = self._values.get(tensor)
        if value is not None or tensor not in self._graph.outputs:
            return value
        shape = self.shape(tensor)
        if min(shape, default=0) < 0:
            return None
        return self._values.setdefault(tensor, blank(shape, tensor.dtype))

    def shape(self, tensor: Tensor) -> Shape:
        """The shape of a tensor's value, -1 where only running can tell."""
        value = self._values.get(tensor)
        if value is not None and tensor.sparsity is None:
            return value.shape
        return self._made.get(tensor, tensor).shape

    def _run(self) -> None:
        stage = self._first
        while True:
            self._compute(stage)
            for index, node in stage.waiting:
                self._interpret(index, node)
            if not stage.later:
                return
            stage = self._after(stage)

    def pieces(self) -> list[Piece]:
        """The pieces of every stage that the last run went through, after one run."""
        self._run()
        found: list[Piece] = []
        stage = self._first
        while True:
            if stage.compiled is not None:
                found += stage.compiled.pieces()
            found += [
                interpreted_piece(node, partial(self._interpret, index, node))
                for index, node in stage.waiting
            ]
            if not stage.later:
                return found
            stage = self._after(stage)

    def _compute(self, stage: Stage) -> None:
        compiled = stage.compiled
        if compiled is None:
            return
        for x in stage.inputs:
            view = compiled.view(x)
            assert view is not None
            view[...] = self._values[x]
        compiled.invoke()
        for y in stage.outputs:
            view = compiled.view(y)
            if view is not None:
                self._values[y] = view
        for x in stage.inputs:
            if x.is_variable:
                self._values[x][...] = compiled.view(x)

    def _interpret(self, index: int, node: Node) -> None:
        inputs = [None if x is None else self._values[x] for x in node.inputs]
        results = run_node(index, node, inputs, self._state)
        for tensor, result in zip(node.written, results, strict=True):
            array = np.array(result, tensor.dtype.numpy, order="C")
            if tensor in self.moving:
                self._values[tensor] = array
            else:
                self._values[tensor][...] = array

    def _after(self, stage: Stage) -> Stage:
        """The stage for the shapes that the waiting nodes gave."""
        shapes = tuple(
            self._values[y].shape for _, node in stage.waiting for y in node.outputs
        )
        found = stage.following.get(shapes)
        if found is None:
            found = self._stage(stage.later)
            stage.following[shapes] = found
            if len(stage.following) > _REMEMBERED:
                stage.following.popitem(last=False)
        stage.following.move_to_end(shapes)
        return found

    def _stage(self, nodes: Sequence[Numbered]) -> Stage:
        """Compile what can be, of the nodes that are left."""
        handles = [
            (index, node)
            for index, node in enumerate(self._graph.nodes)
            if isinstance(node.op, VarHandle)
        ]
        named = [index for index, _ in handles]
        rest = [(index, node) for index, node in nodes if index not in named]
        types = {
            x: TensorType(x.dtype, value.shape)
            for x, value in self._values.items()
            if x not in self._constants
        }
        linker = Linker(self._state.subgraphs, self._state.types(), self._state.done)
        parts = split([*handles, *rest], types, linker)
        read = _read([node for _, node in (*parts.waiting, *parts.later)])
        wanted = read | set(self._graph.outputs)
        made = {y for node in parts.ready for y in node.outputs}
        outputs = tuple(made if self._keep_all else made & wanted)
        needed = _read(parts.ready) - made
        inputs = tuple(x for x in needed if x in types)
        graph = Subgraph(
            self._graph.name,
            tuple(dict.fromkeys((*inputs, *needed, *made))),
            inputs,
            outputs,
            parts.ready,
        )
        compiled = None
        if any(not isinstance(node.op, VarHandle) for node in parts.ready):
            compiled = NativeExecutable(
                graph,
                {x: types[x].shape for x in inputs},
                state=self._state,
                threads=self._threads,
            )
        return Stage(compiled, inputs, outputs, parts.waiting, parts.later)


def _read(nodes: Sequence[Node]) -> set[Tensor]:
    return {x for node in nodes for x in node.inputs if x is not None}
