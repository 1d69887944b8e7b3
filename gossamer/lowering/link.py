"""Find what nodes speak of by name or number: variables, and subgraphs to call.

READ_VARIABLE and ASSIGN_VARIABLE are given their variable's own tensor in the place of
its handle; IF and WHILE hold the subgraphs that they run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ir.graph import Node, Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops.bound import BoundIf, BoundWhile, captured
from gossamer.ops.control import CallOnce, If, While, truth
from gossamer.ops.stablehlo_call import StablehloCase, StablehloComposite
from gossamer.ops.variable import AssignVariable, ReadVariable, VarHandle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Subgraph
    from gossamer.ir.quantization import Quantization

Key = tuple[str, str]
"""The names of a variable: its container's, and its own."""


@dataclass(slots=True)
class Linker:
    """The subgraphs of a model, and the variables that its graphs were found to use.

    `types` are those of variables that have memory already; `done` the subgraphs that
    were run by CALL_ONCE.
    """

    subgraphs: Sequence[Subgraph]
    types: Mapping[Key, TensorType] = field(default_factory=dict[Key, TensorType])
    done: frozenset[int] = frozenset()
    variables: dict[Key, Tensor] = field(default_factory=dict[Key, Tensor])
    _handles: dict[Tensor, Key] = field(default_factory=dict[Tensor, Key])

    def name_handle(self, tensor: Tensor, key: Key) -> None:
        self._handles[tensor] = key

    def variable(
        self,
        handle: Tensor,
        type_: TensorType,
        quantization: Quantization | None,
    ) -> Tensor:
        """The tensor of the variable behind a handle, which holds values of a type.

        Raises:
            UnsupportedError: it is not known which variable it is, or the variable
                holds values of several types.
        """
        key = self._handles.get(handle)
        if key is None:
            raise UnsupportedError(
                f"which variable '{handle.name}' stands for depends on data"
            )
        found = self.variables.get(key)
        if found is None:
            if not type_.is_static:
                raise UnsupportedError(f"the shape of variable {key} depends on data")
            known = self.types.get(key, type_)
            found = Tensor("/".join(key), known, None, quantization, is_variable=True)
            self.variables[key] = found
        if found.type != type_ and type_.is_static:
            raise UnsupportedError(
                f"variable '{found.name}' holds {found.type} and is used as {type_}"
            )
        return found


class Specialize(Protocol):
    """See `gossamer.lowering.specialize`: it calls us, and we call it for calls."""

    def __call__(
        self, subgraph: Subgraph, given: Mapping[Tensor, Tensor], linker: Linker, /
    ) -> tuple[Subgraph, dict[Tensor, Tensor]]: ...


def bind(
    node: Node,
    inputs: tuple[Tensor | None, ...],
    moved: dict[Tensor, Tensor],
    linker: Linker,
    specialize: Specialize,
) -> tuple[Node, ...] | None:
    """What takes the place of a node that speaks of things around it; None for others.

    `moved` learns of the node's outputs.
    """
    op = node.op
    if isinstance(op, VarHandle):
        made = replace(node.output, signature=None)
        linker.name_handle(made, op.key)
        moved[node.output] = made
        return ()
    if isinstance(op, CallOnce):
        if op.init_subgraph_index not in linker.done:
            raise UnsupportedError("it is not the first that the graph does")
        return ()
    given = tuple(x for x in inputs if x is not None)
    if isinstance(op, ReadVariable):
        return _bind_read(node, given, moved, linker)
    if isinstance(op, AssignVariable):
        variable = linker.variable(given[0], given[1].type, given[1].quantization)
        return (replace(node, inputs=(variable, given[1])),)
    if isinstance(op, If):
        return _bind_if(node, op, given, moved, linker, specialize)
    if isinstance(op, While):
        return _bind_while(node, op, given, moved, linker, specialize)
    if isinstance(op, StablehloComposite):
        called = op.decomposition_subgraph_index
        return _inlined(node, called, given, moved, linker, specialize)
    if isinstance(op, StablehloCase) and given[0].data is not None:
        called = op.chosen(given[0].data)
        return _inlined(node, called, given[1:], moved, linker, specialize)
    return None


def _inlined(
    node: Node,
    called: int,
    values: tuple[Tensor, ...],
    moved: dict[Tensor, Tensor],
    linker: Linker,
    specialize: Specialize,
) -> tuple[Node, ...]:
    """The nodes of a subgraph in the place of the one that calls it."""
    body = _called(linker.subgraphs[called], values, linker, specialize)
    moved.update(zip(node.outputs, body.outputs, strict=True))
    return body.nodes


def _bind_read(
    node: Node, given: tuple[Tensor, ...], moved: dict[Tensor, Tensor], linker: Linker
) -> tuple[Node, ...]:
    y = node.output
    declared = TensorType(y.dtype, y.signature or y.shape)
    variable = linker.variable(given[0], declared, y.quantization)
    made = replace(y, type=variable.type, signature=None)
    moved[y] = made
    return (replace(node, inputs=(variable,), outputs=(made,)),)


def _bind_if(
    node: Node,
    op: If,
    given: tuple[Tensor, ...],
    moved: dict[Tensor, Tensor],
    linker: Linker,
    specialize: Specialize,
) -> tuple[Node, ...]:
    flag, values = given[0], given[1:]
    if flag.data is not None:
        chosen = op.then_subgraph_index if truth(flag.data) else op.else_subgraph_index
        return _inlined(node, chosen, values, moved, linker, specialize)
    then, otherwise = (
        replace(_called(linker.subgraphs[index], values, linker, specialize), inputs=())
        for index in (op.then_subgraph_index, op.else_subgraph_index)
    )
    for one, two in zip(then.outputs, otherwise.outputs, strict=True):
        _require_same(one, two, "the two branches give")
    outputs = tuple(
        replace(y, type=made.type, signature=None)
        for y, made in zip(node.outputs, then.outputs, strict=True)
    )
    moved.update(zip(node.outputs, outputs, strict=True))
    inputs = (flag, *captured((then, otherwise)))
    return (Node(BoundIf(then, otherwise), inputs, outputs),)


def _called(
    subgraph: Subgraph,
    values: tuple[Tensor, ...],
    linker: Linker,
    specialize: Specialize,
) -> Subgraph:
    """A subgraph that works on the caller's own tensors."""
    given = dict(zip(subgraph.inputs, values, strict=True))
    return specialize(subgraph, given, linker)[0]


def _bind_while(
    node: Node,
    op: While,
    given: tuple[Tensor, ...],
    moved: dict[Tensor, Tensor],
    linker: Linker,
    specialize: Specialize,
) -> tuple[Node, ...]:
    condition = linker.subgraphs[op.cond_subgraph_index]
    body = linker.subgraphs[op.body_subgraph_index]
    same = [y is x for x, y in zip(body.inputs, body.outputs, strict=True)]
    entering = tuple(
        x if constant else replace(x, data=None, signature=None, is_variable=False)
        for x, constant in zip(given, same, strict=True)
    )
    _require_values(entering, same)
    varying = [i for i, constant in enumerate(same) if not constant]
    inner = [
        _only(_called(graph, entering, linker, specialize), entering, varying)
        for graph in (condition, body)
    ]
    bound = BoundWhile(
        replace(inner[0], outputs=_called_outputs(inner[0])),
        replace(inner[1], outputs=tuple(inner[1].outputs[i] for i in varying)),
    )
    for i, y in zip(varying, bound.body.outputs, strict=True):
        _require_same(entering[i], y, "a round takes and gives")
    _require_end(bound)
    for i, y in enumerate(node.outputs):
        moved[y] = (
            given[i] if same[i] else replace(y, type=given[i].type, signature=None)
        )
    outputs = tuple(moved[node.outputs[i]] for i in varying)
    starts = tuple(given[i] for i in varying)
    around = captured(bound.subgraphs)
    return (Node(bound, (*starts, *around), outputs),)


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
