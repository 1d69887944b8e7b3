"""A model whose layers have modes of their own, quantized again and again.

The float model is calibrated once; a mix is then a matter of rewriting the graph.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gossamer.errors import QuantizationError
from gossamer.ir.rewrite import with_nodes, with_subgraph
from gossamer.ir.types import DType
from gossamer.quantization.dynamic import dynamic_range
from gossamer.quantization.float16 import float16
from gossamer.quantization.materialize import materialize
from gossamer.quantization.propagate import propagate
from gossamer.quantization.recipe import Choice, Form, choose
from gossamer.quantization.rules import INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.ir.graph import Model, Node, Subgraph, Tensor
    from gossamer.quantization.ranges import Range

FLOAT = "float32"
_TYPES: Mapping[str, DType] = {str(mode): x for mode, x in INTEGER.items()}

_STORED: Mapping[str, Callable[[Model], Model]] = {
    "dynamic": dynamic_range,
    "float16": float16,
}
"""Modes that change how weights are stored, and leave activations in float."""

MODES = (*INTEGER, *_STORED, FLOAT)
"""What a layer of a mixture may have."""

_NOT_CHOSEN = "its mode is another"


class Mixture:
    """Makes models of mixed modes from one float model.

    Args:
        model: the float model, ready to be quantized.
        calibrate: gives the range of every float activation; called once, and only
            if a layer is to be int8.
    """

    def __init__(
        self, model: Model, calibrate: Callable[[], Mapping[Tensor, Range]]
    ) -> None:
        self.model = model
        self._calibrate = calibrate
        self._forms: dict[str, dict[Tensor, Node]] = {}

    @cached_property
    def _ranges(self) -> Mapping[Tensor, Range]:
        return self._calibrate()

    def quantized(self, modes: Mapping[str, str]) -> Model:
        """The model with the mode of each operator, by the name of its output.

        Operators that are not named stay in float32; those without a form in their
        mode do, too.

        Raises:
            QuantizationError: a mode is not known.
        """
        unknown = set(modes.values()) - set(MODES)
        if unknown:
            raise QuantizationError(
                f"the mode '{unknown.pop()}' cannot be mixed; expected one of "
                + ", ".join(MODES)
            )
        graph = self._with_weights(modes)
        mixed = with_subgraph(self.model, 0, graph)
        if not INTEGER.keys() & set(modes.values()):
            return mixed
        chosen = {node: _choice(node, modes) for node in graph.nodes}
        plan = propagate(graph, chosen, self._ranges)
        return materialize(mixed, plan, DType.FLOAT32, DType.FLOAT32)

    def _with_weights(self, modes: Mapping[str, str]) -> Subgraph:
        """The float graph with the nodes of weight modes put in their places."""
        nodes: dict[Node, None] = {}
        for node in self.model.main.nodes:
            form = self._form_of(modes.get(node.output.name, FLOAT))
            for y in node.outputs:
                _pull(form, y, nodes, node)
        return with_nodes(self.model.main, nodes)

    def _form_of(self, mode: str) -> Mapping[Tensor, Node]:
        """What computes each tensor in a mode; nothing for modes without own nodes."""
        if mode not in _STORED:
            return {}
        if mode not in self._forms:
            self._forms[mode] = _STORED[mode](self.model).main.producers()
        return self._forms[mode]


def _choice(node: Node, modes: Mapping[str, str]) -> Choice:
    """The form of a node by the mode that its first output has."""
    dtype = _TYPES.get(modes.get(node.output.name, FLOAT))
    choice = choose(node, dtype or DType.INT8)
    if choice.form is Form.INTEGER and dtype is None:
        return Choice(Form.FLOAT, _NOT_CHOSEN)
    return choice


def _pull(
    form: Mapping[Tensor, Node], y: Tensor, nodes: dict[Node, None], original: Node
) -> None:
    """Add what computes `y` in a form, and the nodes that only the form has.

    Those make the weights that it reads; what is computed from activations is there
    already, under the very same tensors.
    """
    made = form.get(y, original)
    for x in made.inputs:
        helper = None if x is None else form.get(x)
        if helper is None or x in original.inputs:
            continue
        nodes.setdefault(helper)
    nodes.setdefault(made)
