"""Fix all shapes of a subgraph for given input shapes, and fold what is then known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ir.op import acts, evaluate
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.shapes import fixed_states, infer_node
from gossamer.ir.sparse import dense_tensor
from gossamer.ir.types import TensorType
from gossamer.lowering.bind import Binder
from gossamer.lowering.link import Linker
from gossamer.ops.bound import changes_state
from gossamer.ops.hashtable import Hashtable
from gossamer.ops.variable import VarHandle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.ir.types import Array, Shape

_FOLDED_BYTES = 1 << 26
"""Results up to this size are computed ahead; larger ones are left to run time."""


def specialize(
    subgraph: Subgraph,
    shapes: Mapping[Tensor, Shape],
    *,
    keep_all: bool = False,
    linker: Linker | None = None,
) -> tuple[Subgraph, dict[Tensor, Tensor]]:
    """The subgraph with every shape inferred anew, and where each tensor went.

    Args:
        subgraph: the graph as the file has it.
        shapes: shapes of inputs that differ from the file's.
        keep_all: keep nodes that no output depends on.
        linker: finds the subgraphs and variables that nodes speak of.

    Raises:
        GraphError: an operator cannot take the shapes that reach it.
        UnsupportedError: a shape depends on data.
    """
    given = {
        x: replace(
            x, type=TensorType(x.dtype, tuple(shapes.get(x, x.shape))), signature=None
        )
        for x in subgraph.inputs
    }
    return _specialize(subgraph, given, linker or Linker(()), keep_all=keep_all)


def _specialize(
    subgraph: Subgraph,
    given: Mapping[Tensor, Tensor],
    linker: Linker,
    *,
    keep_all: bool = False,
) -> tuple[Subgraph, dict[Tensor, Tensor]]:
    """The subgraph with `given` in the place of its inputs."""
    moved = dict(given)
    moved.update((x, dense_tensor(x)) for x in subgraph.tensors if x.sparsity)
    nodes: list[Node] = []
    for index, node in enumerate(subgraph.nodes):
        try:
            nodes += _specialized(node, moved, linker)
        except (GraphError, UnsupportedError) as error:
            where = f"Node number {index} ({node.op.name}) failed to prepare"
            raise type(error)(f"{where}: {error}") from error
    fixed = replace(
        subgraph,
        inputs=tuple(moved[x] for x in subgraph.inputs),
        outputs=tuple(moved.get(y, y) for y in subgraph.outputs),
    )
    return with_nodes(fixed, nodes if keep_all else _needed(fixed, nodes)), moved


def _specialized(
    node: Node, moved: dict[Tensor, Tensor], linker: Linker
) -> tuple[Node, ...]:
    """What takes the place of a node; `moved` learns of its outputs."""
    inputs = tuple(None if x is None else moved.get(x, x) for x in node.inputs)
    states = fixed_states(node, inputs)
    if states:
        moved.update(states)
        inputs = tuple(None if x is None else states.get(x, x) for x in inputs)
    linked = Binder(moved, linker, _specialize).bind(node, inputs)
    if linked is not None:
        return linked
    moved.update(infer_node(node, inputs))
    made = replace(node, inputs=inputs, outputs=tuple(moved[y] for y in node.outputs))
    _require_static(made)
    if made.outputs and all(y.is_constant for y in made.outputs):
        return ()
    known = _known(made)
    if known is None:
        return (made,)
    for old, new, array in zip(node.outputs, made.outputs, known, strict=True):
        moved[old] = replace(new, data=array)
    return ()


def _require_static(node: Node) -> None:
    for tensor in node.outputs:
        if not tensor.type.is_static:
            raise UnsupportedError(
                f"the shape of '{tensor.name}', made by {node.op.name}, depends on data"
            )


def _known(node: Node) -> tuple[Array, ...] | None:
    """The node's results where all that it reads is constant."""
    if sum(y.type.nbytes for y in node.outputs) > _FOLDED_BYTES or not node.inputs:
        return None
    if node.op.states() or not node.outputs or acts(node.op):
        return None
    arrays: list[Array | None] = []
    for x in node.inputs:
        if x is not None and x.data is None:
            return None
        arrays.append(None if x is None else x.data)
    return evaluate(node, arrays)


def _needed(subgraph: Subgraph, nodes: list[Node]) -> list[Node]:
    """Nodes that some output or some state depends on."""
    wanted = set(subgraph.outputs)
    kept: list[Node] = []
    for node in reversed(nodes):
        if changes_state(node) or any(y in wanted for y in node.outputs):
            kept.append(node)
            wanted.update(x for x in node.inputs if x is not None)
    return kept[::-1]


@dataclass(frozen=True, slots=True)
class Split:
    """Nodes by whether their shapes are known: `ready` can be compiled together.

    `waiting` have all that they read once those have run, and give what only data can
    tell; `later` depend on them.
    """

    ready: tuple[Node, ...]
    waiting: tuple[tuple[int, Node], ...]
    later: tuple[tuple[int, Node], ...]


def split(
    nodes: Sequence[tuple[int, Node]],
    types: Mapping[Tensor, TensorType],
    linker: Linker,
) -> Split:
    """Divide nodes, each with its index in the graph, by what is known before a run.

    Args:
        nodes: in an order in which they can run.
        types: the types of the tensors that are computed already.
        linker: see `specialize`.

    Raises:
        GraphError: an operator cannot take the shapes that reach it.
    """
    moved = {x: replace(x, type=type_, signature=None) for x, type_ in types.items()}
    ready: list[Node] = []
    waiting: list[tuple[int, Node]] = []
    later: list[tuple[int, Node]] = []
    unknown: set[Tensor] = set()
    for index, node in nodes:
        in_turn = _may_touch_state(node) and _is_stateful(waiting, later)
        if any(x in unknown for x in node.inputs) or in_turn:
            later.append((index, node))
        elif _is_known(index, node, moved, linker):
            ready.append(node)
            continue
        else:
            waiting.append((index, node))
        unknown.update(node.outputs)
    return Split(tuple(ready), tuple(waiting), tuple(later))


def _is_stateful(*groups: list[tuple[int, Node]]) -> bool:
    """Whether one of the nodes may read or write state, which is done in order."""
    return any(
        _may_touch_state(node) and not isinstance(node.op, VarHandle | Hashtable)
        for group in groups
        for _, node in group
    )


def _may_touch_state(node: Node) -> bool:
    op = node.op
    return op.declares_outputs or bool(op.states()) or acts(op)


def _is_known(
    index: int, node: Node, moved: dict[Tensor, Tensor], linker: Linker
) -> bool:
    """Whether a node can be compiled; `moved` learns of its outputs."""
    tensors = (*node.inputs, *node.outputs)
    if any(x is not None and x.dtype.numpy.hasobject for x in tensors):
        return False
    try:
        _specialized(node, moved, linker)
    except UnsupportedError:
        return False
    except GraphError as error:
        raise GraphError(
            f"Node number {index} ({node.op.name}) failed to prepare: {error}"
        ) from error
    return True
