"""Store constants that are mostly zeros without these.

    op(x, w) = op(x, DENSIFY(sparse w))

An engine makes them dense once, when it prepares the model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.ir.graph import Node, Tensor
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.sparse_encoding import best_layout, encoded
from gossamer.ir.types import DType
from gossamer.ops.densify import Densify
from gossamer.passes.base import Pass, Skip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.ir.graph import Subgraph
    from gossamer.passes.base import Note

    _Readers: TypeAlias = Mapping[Tensor, list[Node]]
    _Refusal: TypeAlias = Callable[[Tensor, Node, _Readers], str]

BREAK_EVEN = 0.9
"""A constant is stored sparse where it takes at most this share of its bytes."""

RECORDS = 512
"""Bytes that the operator and the second tensor take, with their names."""

_DENSIFIED = (DType.FLOAT32, DType.FLOAT16, DType.INT8)
"""Elements that LiteRT's DENSIFY takes."""

_WEIGHTS = {
    "BATCH_MATMUL": 1,
    "CONV_2D": 1,
    "CONV_3D": 1,
    "DEPTHWISE_CONV_2D": 1,
    "EMBEDDING_LOOKUP": 1,
    "FULLY_CONNECTED": 1,
    "GATHER": 0,
    "TRANSPOSE_CONV": 1,
}
"""The input that may come from a DENSIFY."""

_REFUSED = {
    (DType.FLOAT32, "CONV_2D"),
    (DType.FLOAT32, "FULLY_CONNECTED"),
    (DType.INT8, "FULLY_CONNECTED"),
}
"""Types of x with which LiteRT's default engine does not prepare int8 weights."""

_WIDENED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_ACTIVATIONS = ("none", "relu", "relu6", "relu_n1_to_1")
"""What that engine runs with weights behind a DENSIFY and a DEQUANTIZE.

Where it leaves a reader of these to other code, that reads what nobody computed.
"""


def store_sparse(subgraph: Subgraph, note: Note) -> Subgraph:
    """Put a DENSIFY before the constants that are smaller without their zeros.

    Those stay that LiteRT's default engine would not run.
    """
    return _stored(subgraph, note, _refusal)


def store_all_sparse(subgraph: Subgraph, note: Note) -> Subgraph:
    """The same where only LiteRT's reference kernels run it, and this runtime."""
    return _stored(subgraph, note, lambda _tensor, _node, _readers: "")


def _stored(subgraph: Subgraph, note: Note, refuse: _Refusal) -> Subgraph:
    readers = subgraph.consumers()
    made: dict[Tensor, Node] = {}
    for tensor in subgraph.constants():
        uses = readers.get(tensor, [])
        if tensor in subgraph.outputs or not _may(tensor, uses):
            continue
        node = _densified(tensor)
        if node is None:
            continue
        reason = next(filter(None, (refuse(tensor, use, readers) for use in uses)), "")
        reason = node.reason if isinstance(node, Skip) else reason
        note(uses[0], reason or None)
        if isinstance(node, Node) and not reason:
            made[tensor] = node
    return _with(subgraph, made) if made else subgraph


def _may(tensor: Tensor, uses: list[Node]) -> bool:
    """Whether all that read a constant take it from an operator too."""
    if tensor.dtype not in _DENSIFIED or tensor.sparsity or tensor.is_variable:
        return False
    quantization = tensor.quantization
    if quantization is not None and (quantization.blockwise or quantization.multi_axis):
        return False
    return bool(uses) and all(_takes(node, tensor) for node in uses)


def _takes(node: Node, tensor: Tensor) -> bool:
    index = 0 if node.op.name == "DEQUANTIZE" else _WEIGHTS.get(node.op.name)
    return all(place == index for place, x in enumerate(node.inputs) if x is tensor)


def _refusal(tensor: Tensor, node: Node, readers: _Readers) -> str:
    """Why LiteRT's default engine does not run a node with densified weights."""
    if node.op.name == "DEQUANTIZE":
        uses = readers.get(node.output, [])
        if all(_is_widened(use, node.output) for use in uses):
            return ""
        return "LiteRT reads densified weights behind a DEQUANTIZE in few operators"
    if tensor.dtype is not DType.INT8 or tensor is node.inputs[0]:
        return ""
    if (node.input(0).dtype, node.op.name) not in _REFUSED:
        return ""
    return "LiteRT's default engine takes no densified int8 weights here"


def _is_widened(node: Node, weights: Tensor) -> bool:
    if node.op.name not in _WIDENED or not _takes(node, weights):
        return False
    return getattr(node.op, "fused_activation_function", "") in _ACTIVATIONS


def _densified(tensor: Tensor) -> Node | Skip | None:
    """A DENSIFY that computes a constant; None where this has few zeros."""
    data = tensor.data
    assert data is not None
    most = BREAK_EVEN * data.nbytes - RECORDS
    zeros = data.size - np.count_nonzero(data)
    if data.nbytes - zeros * data.itemsize > most:
        return None
    best = best_layout(data)
    if best is None or best[1] > most:
        share = f"{zeros / data.size:.0%} of its weights are zeros"
        return Skip(f"{share}, which saves too little")
    values, sparsity = encoded(data, best[0])
    stored = replace(
        tensor, name=f"{tensor.name}/sparse", data=values, sparsity=sparsity
    )
    return Node(Densify(), (stored,), (replace(tensor, data=None),))


def _with(subgraph: Subgraph, made: dict[Tensor, Node]) -> Subgraph:
    """The subgraph with a DENSIFY before the first node that reads its result."""
    nodes: list[Node] = []
    done: set[Tensor] = set()
    for node in subgraph.nodes:
        for x in dict.fromkeys(node.inputs):
            if x is not None and x in made and x not in done:
                done.add(x)
                nodes.append(made[x])
        inputs = tuple(
            made[x].output if x is not None and x in made else x for x in node.inputs
        )
        nodes.append(replace(node, inputs=inputs) if inputs != node.inputs else node)
    return with_nodes(subgraph, nodes)


STORE_SPARSE = Pass("store_sparse", store_sparse)
STORE_ALL_SPARSE = Pass("store_all_sparse", store_all_sparse)
