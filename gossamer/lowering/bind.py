"""Give nodes what they speak of by name or number: variables, and subgraphs to call.

READ_VARIABLE and ASSIGN_VARIABLE are given their variable's own tensor in the place of
its handle; IF and WHILE hold the subgraphs that they run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ir.graph import Node
from gossamer.ir.types import DType, TensorType
from gossamer.ops.bound import BoundIf, BoundWhile, captured
from gossamer.ops.control import CallOnce, If, While, truth
from gossamer.ops.stablehlo_call import StablehloCase, StablehloComposite
from gossamer.ops.variable import AssignVariable, ReadVariable, VarHandle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.lowering.link import Linker

Nodes = tuple[Node, ...]


class Specialize(Protocol):
    """See `gossamer.lowering.specialize`: it calls us, and we call it for calls."""

    def __call__(
        self, subgraph: Subgraph, given: Mapping[Tensor, Tensor], linker: Linker, /
    ) -> tuple[Subgraph, dict[Tensor, Tensor]]: ...


@dataclass(frozen=True, slots=True)
class Binder:
    """What takes the place of nodes that speak of things around them.

    `moved` learns of the outputs of each such node.
    """

    moved: dict[Tensor, Tensor]
    linker: Linker
    specialize: Specialize

    def bind(self, node: Node, inputs: tuple[Tensor | None, ...]) -> Nodes | None:
        """The nodes in the place of `node`; None where it speaks of nothing."""
        op = node.op
        if isinstance(op, VarHandle):
            self._name(node, op)
            return ()
        if isinstance(op, CallOnce):
            self._require_done(op)
            return ()
        given = tuple(x for x in inputs if x is not None)
        if isinstance(op, ReadVariable):
            return self._read(node, given)
        if isinstance(op, AssignVariable):
            value = given[1]
            held = self.linker.variable(given[0], value.type, value.quantization)
            return (replace(node, inputs=(held, value)),)
        if isinstance(op, If):
            return self._choose(node, op, given)
        if isinstance(op, While):
            return self._repeat(node, op, given)
        if isinstance(op, StablehloComposite):
            return self._inline(node, op.decomposition_subgraph_index, given)
        if isinstance(op, StablehloCase) and given[0].data is not None:
            return self._inline(node, op.chosen(given[0].data), given[1:])
        return None

    def _name(self, node: Node, op: VarHandle) -> None:
        made = replace(node.output, signature=None)
        self.linker.name_handle(made, op.key)
        self.moved[node.output] = made

    def _require_done(self, op: CallOnce) -> None:
        if op.init_subgraph_index not in self.linker.done:
            raise UnsupportedError("it is not the first that the graph does")

    def _read(self, node: Node, given: tuple[Tensor, ...]) -> Nodes:
        y = node.output
        declared = TensorType(y.dtype, y.signature or y.shape)
        variable = self.linker.variable(given[0], declared, y.quantization)
        made = replace(y, type=variable.type, signature=None)
        self.moved[y] = made
        return (replace(node, inputs=(variable,), outputs=(made,)),)

    def _called(self, index: int, values: tuple[Tensor, ...]) -> Subgraph:
        """A subgraph that works on the caller's own tensors."""
        subgraph = self.linker.subgraphs[index]
        given = dict(zip(subgraph.inputs, values, strict=True))
        return self.specialize(subgraph, given, self.linker)[0]

    def _inline(self, node: Node, index: int, values: tuple[Tensor, ...]) -> Nodes:
        """The nodes of a subgraph in the place of the one that calls it."""
        body = self._called(index, values)
        self.moved.update(zip(node.outputs, body.outputs, strict=True))
        return body.nodes

    def _choose(self, node: Node, op: If, given: tuple[Tensor, ...]) -> Nodes:
        flag, values = given[0], given[1:]
        branches = (op.then_subgraph_index, op.else_subgraph_index)
        if flag.data is not None:
            return self._inline(node, branches[not truth(flag.data)], values)
        then, otherwise = (
            replace(self._called(index, values), inputs=()) for index in branches
        )
        for one, two in zip(then.outputs, otherwise.outputs, strict=True):
            _require_same(one, two, "the two branches give")
        outputs = tuple(
            replace(y, type=made.type, signature=None)
            for y, made in zip(node.outputs, then.outputs, strict=True)
        )
        self.moved.update(zip(node.outputs, outputs, strict=True))
        inputs = (flag, *captured((then, otherwise)))
        return (Node(BoundIf(then, otherwise), inputs, outputs),)

    def _repeat(self, node: Node, op: While, given: tuple[Tensor, ...]) -> Nodes:
        body = self.linker.subgraphs[op.body_subgraph_index]
        same = [y is x for x, y in zip(body.inputs, body.outputs, strict=True)]
        varying = [i for i, constant in enumerate(same) if not constant]
        bound = self._rounds(op, given, same, varying)
        for i, y in enumerate(node.outputs):
            self.moved[y] = (
                given[i] if same[i] else replace(y, type=given[i].type, signature=None)
            )
        outputs = tuple(self.moved[node.outputs[i]] for i in varying)
        starts = tuple(given[i] for i in varying)
        return (Node(bound, (*starts, *captured(bound.subgraphs)), outputs),)

    def _rounds(
        self, op: While, given: tuple[Tensor, ...], same: list[bool], varying: list[int]
    ) -> BoundWhile:
        """Condition and body on the tensors that a round is entered with."""
        entering = tuple(
            x if constant else replace(x, data=None, signature=None, is_variable=False)
            for x, constant in zip(given, same, strict=True)
        )
        _require_values(entering, same)
        condition, body = (
            _only(self._called(index, entering), entering, varying)
            for index in (op.cond_subgraph_index, op.body_subgraph_index)
        )
        bound = BoundWhile(
            replace(condition, outputs=_called_outputs(condition)),
            replace(body, outputs=tuple(body.outputs[i] for i in varying)),
        )
        for i, y in zip(varying, bound.body.outputs, strict=True):
            _require_same(entering[i], y, "a round takes and gives")
        _require_end(bound)
        return bound


def _only(
    subgraph: Subgraph, entering: tuple[Tensor, ...], varying: list[int]
) -> Subgraph:
    return replace(subgraph, inputs=tuple(entering[i] for i in varying))


def _called_outputs(condition: Subgraph) -> tuple[Tensor, ...]:
    flag = condition.outputs[0]
    if flag.dtype is not DType.BOOL or flag.type.size != 1:
        raise UnsupportedError(f"its condition gives {flag.type}, not one bool")
    return (flag,)


def _require_values(entering: tuple[Tensor, ...], same: list[bool]) -> None:
    for x, constant in zip(entering, same, strict=True):
        if x.dtype is DType.RESOURCE and not constant:
            raise UnsupportedError(f"'{x.name}' is another variable in each round")


def _require_end(bound: BoundWhile) -> None:
    flag = bound.condition.outputs[0]
    if flag.data is not None and truth(flag.data):
        raise GraphError("its condition always holds, so that it never ends")


def _require_same(one: Tensor, two: Tensor, what: str) -> None:
    if one.type != two.type:
        raise UnsupportedError(f"{what} {one.type} and {two.type}")
