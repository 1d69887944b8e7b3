"""The debug form of a quantized model: NumericVerify behind each integer layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.ir.graph import Node, Tensor
from gossamer.ir.rewrite import substitute, with_subgraph
from gossamer.ir.types import DType, TensorType
from gossamer.ops.numeric_verify import NumericVerify
from gossamer.quantization.instrument import instrument
from gossamer.quantization.pairs import CONVERSIONS, paired

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from gossamer.ir.graph import Model, Subgraph

VERIFY = "NumericVerify"
"""The operator, and what the names of its outputs begin with."""

_TOLERANCE = 5.0
"""What TensorFlow's converter writes; it has no effect, as failures are not logged."""

_VERIFIED = frozenset({DType.INT8, DType.UINT8, DType.INT16})


def with_verifiers(real: Model, quantized: Model) -> Model:
    """The quantized model with the difference of each layer to the same in float.

    The layer in float reads the quantized model's values and computes with the weights
    as they are stored, so that the difference is what is lost by storing what it
    gives. A difference is named NumericVerify/NAME:INDEX, for the name of the layer in
    the float model and the place of the integers in the quantized one.
    """
    pairs = paired(real, quantized)
    made = instrument(real, quantized, pairs, stored_weights=True)
    graph = made.model.main
    producers = quantized.main.producers()
    places = {tensor: index for index, tensor in enumerate(graph.tensors)}
    nodes: dict[Tensor, Node] = {}
    for tensor, alone in made.alone.items():
        stored = pairs[tensor]
        producer = producers.get(stored)
        if producer is None or producer.op.name in CONVERSIONS:
            continue
        if stored.dtype in _VERIFIED and stored.is_quantized:
            name = f"{VERIFY}/{tensor.name}:{places[stored]}"
            nodes.setdefault(stored, _verifier(stored, alone, name))
    return with_subgraph(made.model, 0, _extended(graph, list(nodes.values())))


def with_real_differences(model: Model) -> Model:
    """The model whose NumericVerify operators give float32, as they do when run.

    TensorFlow's converter writes the type of what they look at into the file.
    """
    changed = {
        y: replace(y, type=TensorType(DType.FLOAT32, y.shape), quantization=None)
        for node in model.main.nodes
        for y in node.outputs
        if node.op.name == VERIFY and y.dtype is not DType.FLOAT32
    }
    return with_subgraph(model, 0, _replaced(model.main, changed), changed)


def _replaced(graph: Subgraph, changed: dict[Tensor, Tensor]) -> Subgraph:
    """The graph with other tensors in the same places."""
    tensors = tuple(changed.get(tensor, tensor) for tensor in graph.tensors)
    return replace(substitute(graph, changed), tensors=tensors)


def layer_of(node: Node, names: AbstractSet[str]) -> str:
    """The layer that a NumericVerify speaks of, by its name in the float model.

    TensorFlow's converter names the integers; these have the layer's name and a digit.

    Args:
        node: the NumericVerify.
        names: of all tensors in the model.
    """
    name = node.output.name.rpartition(":")[0].removeprefix(f"{VERIFY}/")
    layer = name[:-1]
    return layer if name[-1:].isdigit() and layer in names else name


def _verifier(stored: Tensor, real: Tensor, name: str) -> Node:
    type_ = TensorType(DType.FLOAT32, stored.shape)
    output = Tensor(name, type_, signature=stored.signature)
    return Node(NumericVerify(_TOLERANCE), (stored, real), (output,))


def _extended(graph: Subgraph, nodes: list[Node]) -> Subgraph:
    return replace(
        graph,
        nodes=(*graph.nodes, *nodes),
        tensors=(*graph.tensors, *(node.output for node in nodes)),
    )
