"""What a model holds, as plain data: `gossamer inspect --json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ir.build import free_shape
from gossamer.ir.work import multiplications, stored_bytes

if TYPE_CHECKING:
    from gossamer.ir.graph import Model, Node, Signature, Subgraph, Tensor
    from gossamer.ir.quantization import Quantization
    from gossamer.sizes import FileSizes


def summary(model: Model, sizes: FileSizes) -> dict[str, Any]:
    """Everything about a model, in types that JSON has.

    Args:
        model: the model.
        sizes: bytes of its file.
    """
    return {
        "bytes": sizes.file,
        "gzip_bytes": sizes.gzip,
        "version": model.version,
        "description": model.description,
        "metadata": {name: len(data) for name, data in model.metadata.items()},
        "signatures": [_signature(each) for each in model.signatures],
        "subgraphs": [_subgraph(each) for each in model.subgraphs],
    }


def _signature(signature: Signature) -> dict[str, Any]:
    return {
        "key": signature.key,
        "subgraph": signature.subgraph,
        "inputs": {name: x.name for name, x in signature.inputs.items()},
        "outputs": {name: y.name for name, y in signature.outputs.items()},
    }


def _subgraph(subgraph: Subgraph) -> dict[str, Any]:
    positions = {tensor: index for index, tensor in enumerate(subgraph.tensors)}
    nodes = [_node(node, index, positions) for index, node in enumerate(subgraph.nodes)]
    return {
        "name": subgraph.name,
        "inputs": [positions[x] for x in subgraph.inputs],
        "outputs": [positions[y] for y in subgraph.outputs],
        "constant_bytes": sum(stored_bytes(x) for x in subgraph.constants()),
        "multiplications": sum(node["multiplications"] for node in nodes),
        "totals": _totals(nodes),
        "operators": nodes,
        "tensors": [_tensor(x, index) for x, index in positions.items()],
    }


def _node(node: Node, index: int, positions: dict[Tensor, int]) -> dict[str, Any]:
    inputs = [x for x in node.inputs if x is not None]
    return {
        "index": index,
        "operator": node.op.name,
        "version": node.version,
        "inputs": [-1 if x is None else positions[x] for x in node.inputs],
        "outputs": [positions[y] for y in node.outputs],
        "constant_bytes": sum(stored_bytes(x) for x in inputs),
        "multiplications": multiplications(node),
    }


def _totals(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Counts and sums by operator, the most frequent first."""
    totals: dict[str, dict[str, Any]] = {}
    for node in nodes:
        total = totals.setdefault(
            node["operator"],
            {
                "operator": node["operator"],
                "count": 0,
                "constant_bytes": 0,
                "multiplications": 0,
            },
        )
        total["count"] += 1
        total["constant_bytes"] += node["constant_bytes"]
        total["multiplications"] += node["multiplications"]
    return sorted(totals.values(), key=lambda total: -total["count"])


def _tensor(tensor: Tensor, index: int) -> dict[str, Any]:
    return {
        "index": index,
        "name": tensor.name,
        "type": tensor.dtype.title,
        "shape": list(tensor.shape),
        "shape_signature": list(free_shape(tensor)),
        "kind": kind(tensor),
        "bytes": stored_bytes(tensor) if tensor.is_constant else tensor.type.nbytes,
        "quantization": _quantization(tensor.quantization),
    }


def kind(tensor: Tensor) -> str:
    """What a tensor is: a constant, a variable, or computed (inputs too)."""
    if tensor.is_constant:
        return "constant"
    return "variable" if tensor.is_variable else "computed"


def _quantization(quantization: Quantization | None) -> dict[str, Any] | None:
    if quantization is None or not quantization.is_set:
        return None
    return {
        "scales": [float(scale) for scale in quantization.scale],
        "zero_points": [int(point) for point in quantization.zero_point],
        "axis": quantization.axis,
    }
