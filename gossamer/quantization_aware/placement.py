"""Where a model's tensors are rounded: there where its integer form keeps them.

The model is converted as it is, and what of it the converter leaves apart, after it has
folded and fused, is what an integer model stores. A convolution before a normalization
and a clamp is not rounded then, since these become part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras.convert import Seen, from_keras
from gossamer.ir.op import Fixed, Free, SameAsInput
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.passes.base import run
from gossamer.passes.pipeline import CANONICALIZE
from gossamer.quantization.ranges import representable
from gossamer.quantization.recipe import is_real, tied_inputs, weight_input
from gossamer.quantization_aware.channels import rounded_places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.quantization.ranges import Range


@dataclass(slots=True)
class Placement:
    """What of a layer is rounded beside its weights.

    Attributes:
        inputs: which of its tensor arguments.
        before_activation: whether what its activation is given.
        outputs: which of its outputs, with the range where the operator defines it.
    """

    inputs: set[int] = field(default_factory=set[int])
    before_activation: bool = False
    outputs: dict[int, Range | None] = field(default_factory=dict[int, "Range | None"])


def placements(model: Any, chosen: Callable[[Any], bool]) -> dict[int, Placement]:
    """What is rounded of each chosen layer of a float model, by its identity.

    Args:
        model: a built model.
        chosen: whether a layer is to be on integers.

    Raises:
        ConversionError: the model, or parts of it, have no conversion.
    """
    seen: list[Seen] = []
    made = from_keras(model, seen=seen.extend)
    graph = run(made, CANONICALIZE).main
    calls = [each for each in seen if chosen(each.layer)]
    return _Search(graph, calls).found()


class _Search:
    """Finds who must round what in a converted model."""

    def __init__(self, graph: Subgraph, calls: Sequence[Seen]) -> None:
        self._calls = calls
        self._producers = {y.name: node for node in graph.nodes for y in node.outputs}
        self._readers = _by_name(graph.consumers())
        inputs = {x.name for x in graph.inputs if is_real(x)}
        self._kept = inputs | {
            y.name for node in graph.nodes for y in node.outputs if is_real(y)
        }
        self._owned = {y.name for call in calls for y in call.outputs}
        self._made: dict[int, Placement] = {}
        self._rounded: set[str] = set()

    def found(self) -> dict[int, Placement]:
        """The placement of every layer that has anything to round."""
        for call in self._calls:
            self._outputs(call)
        for call in self._calls:
            self._inside(call)
        for call in self._calls:
            self._inputs(call)
        return self._made

    def _of(self, call: Seen) -> Placement:
        return self._made.setdefault(id(call.layer), Placement())

    def _outputs(self, call: Seen) -> None:
        given = {x.name for x in call.inputs}
        for index, y in enumerate(call.outputs):
            if y.name in given or y.name not in self._kept or y.name in self._rounded:
                continue
            if self._needs(y.name):
                self._of(call).outputs[index] = self._pinned(y.name)
                self._rounded.add(y.name)

    def _inside(self, call: Seen) -> None:
        """Before an activation that is not fused; behind what is fused onwards."""
        prefix = f"{call.path}/"
        ends = {y.name for y in call.outputs}
        inner = [
            name
            for name in self._kept - ends
            if name.startswith(prefix) and self._needs(name)
        ]
        if not inner:
            return
        if not ends & self._kept:
            self._of(call).outputs.setdefault(0, None)
        elif _has_activation(call.layer) and not self._is_product(call.outputs[0].name):
            self._of(call).before_activation = True

    def _inputs(self, call: Seen) -> None:
        """What a layer reads that nobody has rounded."""
        if id(call.layer) not in self._made and not rounded_places(call.layer):
            return
        for index, x in enumerate(call.inputs):
            if x.name not in self._kept or self._is_joined(x.name):
                continue
            if not self._is_rounded(x.name):
                self._of(call).inputs.add(index)

    def _needs(self, name: str) -> bool:
        """Whether a tensor has a range that neither its source nor its reader has."""
        node = self._producers.get(name)
        if node is None:
            return False
        rule = node.op.output_quantization
        if isinstance(rule, SameAsInput) and len(_moved(node)) == 1:
            return False
        if not isinstance(rule, (Free, Fixed, SameAsInput)):
            return False
        return not self._is_joined(name)

    def _is_joined(self, name: str) -> bool:
        """Whether all that read a tensor give it their range."""
        readers = self._readers.get(name, [])
        return bool(readers) and all(map(self._gives_range, readers))

    def _gives_range(self, reader: Node) -> bool:
        """Whether a node joins tensors, whose range is that of the chosen layer's."""
        return len(_moved(reader)) > 1 and reader.output.name in self._owned

    def _pinned(self, name: str) -> Range | None:
        rule = self._producers[name].op.output_quantization
        if not isinstance(rule, Fixed):
            return None
        return representable(Quantization.per_tensor(*rule.int8), DType.INT8)

    def _is_rounded(self, name: str) -> bool:
        """Whether a tensor is rounded, or what it was moved from."""
        if name in self._rounded:
            return True
        node = self._producers.get(name)
        if node is None or not isinstance(node.op.output_quantization, SameAsInput):
            return False
        sources = _moved(node)
        return bool(sources) and all(self._is_rounded(x.name) for x in sources)

    def _is_product(self, name: str) -> bool:
        """Whether a tensor is a product with weights, moved or not."""
        node = self._producers[name]
        while isinstance(node.op.output_quantization, SameAsInput):
            sources = _moved(node)
            if len(sources) != 1 or sources[0].name not in self._producers:
                return False
            node = self._producers[sources[0].name]
        return weight_input(node) is not None


def _by_name(readers: Mapping[Tensor, list[Node]]) -> dict[str, list[Node]]:
    return {tensor.name: nodes for tensor, nodes in readers.items()}


def _moved(node: Node) -> list[Tensor]:
    """The inputs that have the scale of the output, constants left out."""
    inputs = [node.input(index) for index in tied_inputs(node)]
    return [x for x in inputs if not x.is_constant]


def _has_activation(layer: Any) -> bool:
    function = getattr(layer, "activation", None)
    return callable(function) and getattr(function, "__name__", "") != "linear"
