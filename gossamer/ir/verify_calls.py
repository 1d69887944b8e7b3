"""Operators that call subgraphs: the indices, what is passed, and no recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.errors import GraphError
from gossamer.ir.op import Builtin, option_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Model, Node

_INDEX_FIELDS = frozenset(
    {"subgraph", "branch_subgraph_indices", "called_computations"}
)
_INDEX_ENDING = "_subgraph_index"

MAX_CALL_DEPTH = 64
"""How many subgraphs may be inside one another while a model runs."""


def verify_calls(model: Model) -> None:
    """Check every call of a subgraph in `model`.

    Raises:
        GraphError: a call leads nowhere, passes the wrong number of tensors, or leads
            back to the subgraph it is in.
    """
    calls: list[list[int]] = []
    for index, subgraph in enumerate(model.subgraphs):
        called: dict[int, None] = {}
        for node in subgraph.nodes:
            targets = called_subgraphs(node)
            where = f"{node.op.name} in subgraph {index} '{subgraph.name}'"
            _require_range(where, targets, len(model.subgraphs))
            _require_arity(where, node, targets, model)
            called.update(dict.fromkeys(targets.values()))
        calls.append(list(called))
    _require_no_recursion(calls)


def called_subgraphs(node: Node) -> dict[str, int]:
    """The indices of the subgraphs that `node` may run, by the option's name."""
    found: dict[str, int] = {}
    for name, value in _options(node).items():
        if name not in _INDEX_FIELDS and not name.endswith(_INDEX_ENDING):
            continue
        if isinstance(value, int):
            found[name] = value
        else:
            indices: tuple[int, ...] = value
            found.update({f"{name}[{i}]": x for i, x in enumerate(indices)})
    return found


def _options(node: Node) -> Mapping[str, Any]:
    if isinstance(node.op, Builtin):
        return node.op.fields
    return {
        field.name: getattr(node.op, field.name) for field in option_fields(node.op)
    }


def _require_range(where: str, targets: Mapping[str, int], count: int) -> None:
    for name, index in targets.items():
        if not 0 <= index < count:
            raise GraphError(
                f"{where} has {name} {index}; the model has subgraphs 0 to {count - 1}"
            )


def _require_arity(
    where: str, node: Node, targets: Mapping[str, int], model: Model
) -> None:
    inputs, outputs = len(node.inputs), len(node.outputs)
    match node.op.name:
        case "IF":
            expected = dict.fromkeys(targets, (inputs - 1, outputs))
        case "WHILE":
            expected = dict.fromkeys(targets, (inputs, outputs))
            expected["cond_subgraph_index"] = (inputs, 1)
        case "CALL_ONCE":
            expected = dict.fromkeys(targets, (0, 0))
        case "STABLEHLO_SCATTER" | "STABLEHLO_REDUCE_WINDOW":
            expected = dict.fromkeys(targets, (2, 1))
        case "STABLEHLO_CASE":
            expected = dict.fromkeys(targets, (inputs - 1, outputs))
        case "STABLEHLO_COMPOSITE":
            expected = dict.fromkeys(targets, (inputs, outputs))
        case _:
            return
    for name, index in targets.items():
        subgraph = model.subgraphs[index]
        found = (len(subgraph.inputs), len(subgraph.outputs))
        if found != expected[name]:
            raise GraphError(
                f"{where} runs subgraph {index} ({name}) of {found[0]} inputs and "
                f"{found[1]} outputs; it must have {expected[name][0]} and "
                f"{expected[name][1]}"
            )


def _require_no_recursion(calls: list[list[int]]) -> None:
    """Depth first, without recursion of ours; `depth` counts subgraphs inside."""
    depth: dict[int, int] = {}
    for start in range(len(calls)):
        path = {} if start in depth else {start: iter(calls[start])}
        while path:
            index = next(reversed(path))
            target = next((t for t in path[index] if t not in depth), None)
            if target is None:
                inside = max((depth[called] for called in calls[index]), default=0)
                depth[index] = inside + 1
                _require_depth(index, depth[index])
                del path[index]
            elif target in path:
                raise GraphError(
                    f"subgraph {index} calls subgraph {target}, which leads back to "
                    f"subgraph {index}; a subgraph cannot call itself"
                )
            else:
                path[target] = iter(calls[target])


def _require_depth(index: int, depth: int) -> None:
    if depth > MAX_CALL_DEPTH:
        raise GraphError(
            f"subgraph {index} starts a chain of {depth} calls; at most "
            f"{MAX_CALL_DEPTH} are supported"
        )
