"""Run a subgraph through the operators' meaning: the oracle and constant folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import evaluate as evaluate_node
from gossamer.ir.sparse import dense_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array


def evaluate(subgraph: Subgraph, inputs: Mapping[Tensor, Array]) -> dict[Tensor, Array]:
    """Every tensor's value, given the inputs' values.

    Variables begin blank and end as what the last node made them.

    Args:
        subgraph: the graph; its free dimensions take the sizes of the inputs.
        inputs: one array per tensor of `subgraph.inputs`; variables that are among
            them begin as their array.

    Raises:
        GraphError: an input is missing, or a node reads what nothing computed.
    """
    values: dict[Tensor, Array] = {}
    for tensor in subgraph.tensors:
        data = dense_data(tensor)
        if data is not None:
            values[tensor] = data
    for tensor in subgraph.inputs:
        if tensor not in inputs:
            raise GraphError(f"no value is given for the input '{tensor.name}'")
        values[tensor] = np.asarray(inputs[tensor])
    for tensor in subgraph.tensors:
        if tensor.is_variable and tensor not in values:
            blank = np.full(tensor.shape, tensor.blank, tensor.dtype.numpy)
            values[tensor] = np.asarray(inputs.get(tensor, blank))
    for node in subgraph.nodes:
        missing = [x.name for x in node.inputs if x is not None and x not in values]
        if missing:
            raise GraphError(f"{node.op.name} reads '{missing[0]}' before it is there")
        arrays = [None if x is None else values[x] for x in node.inputs]
        results = evaluate_node(node, arrays)
        values.update(zip(node.written, results, strict=True))
    return values
