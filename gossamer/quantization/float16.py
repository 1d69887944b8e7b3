"""Float16 weights: constants at half the size, computed with in float32."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.rewrite import substitute, with_nodes
from gossamer.ir.types import Array, DType
from gossamer.ops.quantize import Dequantize
from gossamer.quantization.constants import as_constant
from gossamer.quantization.names import Names
from gossamer.quantization.recipe import is_real

if TYPE_CHECKING:
    from gossamer.ir.graph import Model
    from gossamer.quantization.recipe import Log

LARGEST = float(np.finfo(np.float16).max)
"""65504: larger magnitudes are held at it."""


def float16(model: Model, log: Log = None) -> Model:
    """The model with float constants of two and more elements stored as float16.

    Each goes through a DEQUANTIZE, which readers run once or fuse away.

    Args:
        model: a float model; every subgraph is treated.
        log: told of constants with magnitudes beyond float16, which are clipped.
    """
    subgraphs = tuple(_halve(subgraph, log) for subgraph in model.subgraphs)
    return replace(model, subgraphs=subgraphs)


def _halve(subgraph: Subgraph, log: Log) -> Subgraph:
    outside = {*subgraph.inputs, *subgraph.outputs}
    read = [t for t in subgraph.constants() if _is_worth_it(t) and t not in outside]
    names = Names(subgraph)
    real: dict[Tensor, Tensor] = {}
    nodes: list[Node] = []
    for tensor in read:
        assert tensor.data is not None
        stored = as_constant(tensor, DType.FLOAT16, _clipped(tensor, log), None)
        name = names.unique(f"{tensor.name}_float32")
        real[tensor] = replace(tensor, name=name, data=None, quantization=None)
        nodes.append(Node(Dequantize(), (stored,), (real[tensor],)))
    changed = substitute(subgraph, real)
    return with_nodes(changed, (*nodes, *changed.nodes))


def _is_worth_it(tensor: Tensor) -> bool:
    return is_real(tensor) and tensor.type.size > 1 and tensor.sparsity is None


def _clipped(tensor: Tensor, log: Log) -> Array:
    assert tensor.data is not None
    beyond = int(np.count_nonzero(np.abs(tensor.data) > LARGEST))
    if beyond and log is not None:
        log(f"'{tensor.name}': {beyond} values beyond {LARGEST:.0f} are clipped to it")
    return np.clip(tensor.data, -LARGEST, LARGEST).astype(np.float16)
