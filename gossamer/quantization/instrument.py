"""A quantized model that computes each layer in float, too, from the same inputs.

The difference of both is what the layer itself adds: what its inputs carry already is
in both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.op import acts
from gossamer.ir.rewrite import with_subgraph
from gossamer.ir.types import DType, TensorType
from gossamer.ops.quantize import Dequantize
from gossamer.quantization.names import Names
from gossamer.quantization.recipe import is_real
from gossamer.quantization.stored import real_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Model


@dataclass(frozen=True, slots=True)
class Instrumented:
    """A quantized model with float layers beside its own.

    Attributes:
        model: the quantized model; its tensors keep their places, others follow.
        alone: by tensors of the float model, what their layer alone makes, float32,
            of the inputs that it has in the quantized model.
    """

    model: Model
    alone: Mapping[Tensor, Tensor]


def instrument(
    real: Model,
    quantized: Model,
    pairs: Mapping[Tensor, Tensor],
    *,
    stored_weights: bool = False,
) -> Instrumented:
    """Add to `quantized` the layers of `real`.

    Layers with state, and those that read what is not paired and cannot be computed
    from what is, are left out.

    Args:
        real: the float model.
        quantized: the model made of it.
        pairs: see `paired`.
        stored_weights: compute with the weights as the quantized model stores them,
            so that only the rounding of what the layer gives is left.
    """
    writer = _Writer(quantized.main, pairs, stored_weights=stored_weights)
    for node in real.main.nodes:
        writer.add(node)
    graph = writer.finish()
    return Instrumented(with_subgraph(quantized, 0, graph), writer.alone)


class _Writer:
    """Adds float nodes behind those of a quantized graph."""

    def __init__(
        self,
        graph: Subgraph,
        pairs: Mapping[Tensor, Tensor],
        *,
        stored_weights: bool,
    ) -> None:
        self.alone: dict[Tensor, Tensor] = {}
        self._graph = graph
        self._pairs = pairs
        self._stored_weights = stored_weights
        self._producers = graph.producers()
        self._names = Names(graph)
        self._nodes: list[Node] = []
        self._tensors: dict[Tensor, None] = dict.fromkeys(graph.tensors)
        self._floats: dict[Tensor, Tensor] = {}

    def finish(self) -> Subgraph:
        nodes = (*self._graph.nodes, *self._nodes)
        return replace(self._graph, tensors=tuple(self._tensors), nodes=nodes)

    def add(self, node: Node) -> None:
        """Compute a node of the float model from the quantized model's values."""
        if acts(node.op) or node.op.states() or any(map(_varies, node.inputs)):
            return
        inputs = self._inputs(node)
        if inputs is None:
            return
        outputs = tuple(self._twin(y) for y in node.outputs)
        more = tuple(self._twin(t) for t in node.intermediates)
        self._append(replace(node, inputs=inputs, outputs=outputs, intermediates=more))
        for y, made in zip(node.outputs, outputs, strict=True):
            self._floats.setdefault(y, made)
            if y in self._pairs and is_real(y):
                self.alone[y] = made

    def _inputs(self, node: Node) -> tuple[Tensor | None, ...] | None:
        """What the node is to read; None where something is not there."""
        found: list[Tensor | None] = []
        for index, x in enumerate(node.inputs):
            made = None if x is None else self._read(node, index, x)
            if x is not None and made is None:
                return None
            found.append(made)
        return tuple(found)

    def _read(self, node: Node, index: int, x: Tensor) -> Tensor | None:
        if x.is_constant:
            return self._constant(node, index, x)
        if x in self._pairs:
            return self._as_float(self._pairs[x])
        return self._floats.get(x)

    def _as_float(self, stored: Tensor) -> Tensor:
        """The real numbers of a tensor of the quantized model."""
        if not stored.is_quantized or stored.dtype.is_float:
            return stored
        if stored not in self._floats:
            made = self._twin(stored)
            made = replace(made, type=TensorType(DType.FLOAT32, made.shape))
            self._append(Node(Dequantize(), (stored,), (made,)))
            self._floats[stored] = made
        return self._floats[stored]

    def _constant(self, node: Node, index: int, x: Tensor) -> Tensor:
        if self._stored_weights and is_real(x):
            values = real_values(self._stored_twin(node, index), self._producers)
            if values is not None and values.shape == x.shape:
                return self._renamed(replace(x, data=values))
        if x not in self._floats:
            self._floats[x] = x if x in self._tensors else self._renamed(x)
        return self._floats[x]

    def _renamed(self, constant: Tensor) -> Tensor:
        return replace(constant, name=self._names.unique(f"{constant.name}_float"))

    def _stored_twin(self, node: Node, index: int) -> Tensor | None:
        """The same input of the node that computes the same in the quantized model."""
        twin = self._producers.get(self._pairs.get(node.output, node.output))
        if twin is None or twin.op.name != node.op.name:
            return None
        return twin.optional(index)

    def _twin(self, tensor: Tensor) -> Tensor:
        name = self._names.unique(f"{tensor.name}_float")
        return replace(tensor, name=name, quantization=None)

    def _append(self, node: Node) -> None:
        self._nodes.append(replace(node, version=0))
        mentioned = (*node.inputs, *node.intermediates, *node.outputs)
        self._tensors.update(dict.fromkeys(x for x in mentioned if x is not None))


def _varies(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.is_variable
