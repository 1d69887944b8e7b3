"""A model whose constants are all float32, to quantize from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import QuantizationError
from gossamer.ir.rewrite import substitute, with_nodes
from gossamer.ir.sparse import dense_tensor
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from gossamer.ir.graph import Model, Node, Subgraph, Tensor


def as_float(model: Model) -> Model:
    """The model with float16 constants behind a DEQUANTIZE as float32 ones.

    Sparse constants, behind a DENSIFY or not, are dense ones in it.

    Raises:
        QuantizationError: the model holds integers that stand for real numbers.
    """
    for subgraph in model.subgraphs:
        for tensor in subgraph.tensors:
            if tensor.is_quantized:
                raise QuantizationError(
                    f"tensor '{tensor.name}' is quantized already ({tensor.type}); "
                    "quantization starts from a float model"
                )
    return replace(model, subgraphs=tuple(map(_widened, model.subgraphs)))


def _dense(subgraph: Subgraph) -> Subgraph:
    """The subgraph without sparse constants."""
    dense = {x: dense_tensor(x) for x in subgraph.constants() if x.sparsity}
    outside = {*subgraph.inputs, *subgraph.outputs}
    nodes: list[Node] = []
    for node in subgraph.nodes:
        x = node.inputs[0] if node.inputs else None
        is_dense = node.op.name == "DENSIFY" and x in dense
        if is_dense and x is not None and node.output not in outside:
            dense[node.output] = replace(node.output, data=dense[x].data)
        else:
            nodes.append(node)
    return substitute(with_nodes(subgraph, nodes), dense) if dense else subgraph


def _widened(subgraph: Subgraph) -> Subgraph:
    subgraph = _dense(subgraph)
    outside = {*subgraph.inputs, *subgraph.outputs}
    wide: dict[Tensor, Tensor] = {}
    nodes: list[Node] = []
    for node in subgraph.nodes:
        if _is_stored_half(node) and node.output not in outside:
            data = node.input(0).data
            assert data is not None
            wide[node.output] = replace(node.output, data=data.astype(np.float32))
        else:
            nodes.append(node)
    return substitute(with_nodes(subgraph, nodes), wide)


def _is_stored_half(node: Node) -> bool:
    if node.op.name != "DEQUANTIZE":
        return False
    x = node.input(0)
    return x.dtype is DType.FLOAT16 and x.is_constant
