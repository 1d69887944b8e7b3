"""Float16 weights: constants at half the size, computed with in float32."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import Array, DType
from gossamer.ops.quantize import Dequantize
from gossamer.quantization.constants import as_constant
from gossamer.quantization.names import Names
from gossamer.quantization.recipe import is_real

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Model
    from gossamer.quantization.recipe import Log

LARGEST = float(np.finfo(np.float16).max)
"""65504: larger magnitudes are held at it."""


def _everywhere(node: Node) -> bool:  # noqa: ARG001 - the signature of `applies`
    return True


def float16(
    model: Model, log: Log = None, applies: Callable[[Node], bool] = _everywhere
) -> Model:
    """The model with float constants of two and more elements stored as float16.

    Each goes through a DEQUANTIZE, which readers run once or fuse away.

    Args:
        model: a float model; every subgraph is treated.
        log: told of constants with magnitudes beyond float16, which are clipped.
        applies: tells whose constants are meant; others keep theirs.
    """
    subgraphs = tuple(_halve(graph, log, applies) for graph in model.subgraphs)
    return replace(model, subgraphs=subgraphs)


def _halve(subgraph: Subgraph, log: Log, applies: Callable[[Node], bool]) -> Subgraph:
    outside = {*subgraph.inputs, *subgraph.outputs}
    meant = {node for node in subgraph.nodes if applies(node)}
    wanted = {x for node in meant for x in node.inputs}
    read = [
        t
        for t in subgraph.constants()
        if t in wanted and t not in outside and _is_worth_it(t)
    ]
    names = Names(subgraph)
    real: dict[Tensor, Tensor] = {}
    nodes: list[Node] = []
    for tensor in read:
        assert tensor.data is not None
        stored = as_constant(tensor, DType.FLOAT16, _clipped(tensor, log), None)
        name = names.unique(f"{tensor.name}_float32")
        real[tensor] = replace(tensor, name=name, data=None, quantization=None)
        nodes.append(Node(Dequantize(), (stored,), (real[tensor],)))
    nodes += [_reading(n, real) if n in meant else n for n in subgraph.nodes]
    return with_nodes(subgraph, nodes)


def _reading(node: Node, real: dict[Tensor, Tensor]) -> Node:
    """The node on what a DEQUANTIZE makes of its constants."""
    inputs = tuple(None if x is None else real.get(x, x) for x in node.inputs)
    return replace(node, inputs=inputs)


def _is_worth_it(tensor: Tensor) -> bool:
    return is_real(tensor) and tensor.type.size > 1 and tensor.sparsity is None


def _clipped(tensor: Tensor, log: Log) -> Array:
    assert tensor.data is not None
    beyond = int(np.count_nonzero(np.abs(tensor.data) > LARGEST))
    if beyond and log is not None:
        log(f"'{tensor.name}': {beyond} values beyond {LARGEST:.0f} are clipped to it")
    return np.clip(tensor.data, -LARGEST, LARGEST).astype(np.float16)
