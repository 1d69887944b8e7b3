"""Compute what depends on constants only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import GossamerError
from gossamer.ir.graph import Tensor
from gossamer.ir.op import Builtin, Custom, acts, evaluate
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import TensorType
from gossamer.ops.fill import Fill
from gossamer.ops.shape import Rank, Shape
from gossamer.passes.base import Pass, Skip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Subgraph
    from gossamer.ir.types import Array
    from gossamer.passes.base import Note

MOST_GROWTH = 64 * 1024
"""Bytes by which a folded result may be larger than the constants it came from."""

MOST_FILLED = 4 * 1024
"""The same for one value everywhere, which takes no time to make."""


def fold_constants(subgraph: Subgraph, note: Note) -> Subgraph:
    """Replace nodes on constants by constants that hold what they compute.

    SHAPE and RANK count as such where their input's sizes are fixed. Results much
    larger than their inputs stay nodes, as does what computes a graph's output.
    """
    folded: dict[Tensor, Tensor] = {}
    kept: list[Node] = []
    for original in subgraph.nodes:
        node = _with_inputs(original, folded)
        results = _fold(node, subgraph)
        if isinstance(results, tuple):
            note(node, None)
            folded.update(zip(node.outputs, results, strict=True))
            continue
        if results is not None:
            note(node, results.reason)
        kept.append(node)
    return with_nodes(subgraph, kept) if folded else subgraph


def _with_inputs(node: Node, folded: dict[Tensor, Tensor]) -> Node:
    """The node reading folded constants in place of what they stand for."""
    if not any(x in folded for x in node.inputs if x is not None):
        return node
    inputs = tuple(None if x is None else folded.get(x, x) for x in node.inputs)
    return replace(node, inputs=inputs)


def _fold(node: Node, subgraph: Subgraph) -> tuple[Tensor, ...] | Skip | None:
    """The constants that the node computes; None where it reads computed values."""
    arrays = _arrays(node)
    if arrays is None:
        return None
    match node.op:
        case Builtin() | Custom():
            return Skip(f"what {node.op.name} computes is not known here")
        case op if acts(op):
            return Skip(f"what {node.op.name} computes depends on state")
        case _:
            pass
    if not node.outputs or any(y in subgraph.outputs for y in node.outputs):
        return Skip("it computes an output of the graph")
    too_large = _growth(node)
    if too_large is not None:
        return too_large
    return _computed(node, arrays)


def _arrays(node: Node) -> list[Array | None] | None:
    if isinstance(node.op, Shape | Rank):
        x = node.inputs[0] if node.inputs else None
        if x is None or (x.signature is not None and -1 in x.signature):
            return None
        # Only the sizes are read: a view of one element needs no memory.
        return [np.broadcast_to(np.zeros((), np.int8), x.shape)]
    arrays: list[Array | None] = []
    for x in node.inputs:
        if x is not None and (x.data is None or x.is_variable or x.sparsity):
            return None
        arrays.append(None if x is None else x.data)
    return arrays


def _growth(node: Node) -> Skip | None:
    """Declines results of unknown size, and those far larger than their inputs."""
    try:
        types = node.op.infer(*node.inputs)
    except GossamerError as error:
        return Skip(str(error))
    if not all(type_.is_static for type_ in types):
        return Skip("the size of its result is not known")
    before = sum(
        x.data.nbytes for x in node.inputs if x is not None and x.data is not None
    )
    after = sum(type_.nbytes for type_ in types)
    most = MOST_FILLED if isinstance(node.op, Fill) else MOST_GROWTH
    if after > before + most:
        return Skip(f"its result has {after} bytes, its constants {before}")
    return None


def _computed(node: Node, arrays: Sequence[Array | None]) -> tuple[Tensor, ...] | Skip:
    # A constant that a file declares may be of any kind, so an operator's meaning may
    # fail on it in any way; the node then stays and fails where it is run.
    try:
        with np.errstate(all="ignore"):
            results = evaluate(node, arrays)
    except (
        GossamerError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        return Skip(f"it cannot be computed: {error}")
    constants: list[Tensor] = []
    for y, result in zip(node.outputs, results, strict=True):
        array = np.asarray(result)
        if array.dtype != y.dtype.numpy:
            return Skip(f"its result is {array.dtype}, not {y.dtype.title}")
        type_ = TensorType(y.dtype, tuple(array.shape))
        constants.append(Tensor(y.name, type_, array, y.quantization))
    return tuple(constants)


FOLD_CONSTANTS = Pass("fold_constants", fold_constants)
