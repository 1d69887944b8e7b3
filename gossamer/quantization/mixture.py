"""A model whose layers have modes of their own, quantized again and again.

The float model is calibrated once; a mix is then a matter of rewriting the graph.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gossamer.ir.types import DType
from gossamer.quantization.dynamic import stored_weights
from gossamer.quantization.float16 import float16
from gossamer.quantization.materialize import materialize
from gossamer.quantization.propagate import propagate
from gossamer.quantization.recipe import Choice, Form, choose
from gossamer.quantization.rules import INTEGER, Rule, rule_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.ir.graph import Model, Node, Subgraph, Tensor
    from gossamer.quantization.ranges import Range

FLOAT = "float32"
"""The mode of a layer that stays as it is."""


class Mixture:
    """Makes models of mixed modes from one float model.

    Args:
        model: the float model, ready to be quantized.
        calibrate: gives the range of every float activation; called once, and only
            if a layer's activations are to be integers.
    """

    def __init__(
        self, model: Model, calibrate: Callable[[], Mapping[Tensor, Range]]
    ) -> None:
        self.model = model
        self._calibrate = calibrate

    @cached_property
    def _ranges(self) -> Mapping[Tensor, Range]:
        return self._calibrate()

    def quantized(self, modes: Mapping[str, str]) -> Model:
        """The model with the mode of each operator, by the name of its output.

        Operators that are not named stay in float32; those without a form in their
        mode do, too. Inputs and outputs stay float32.

        Raises:
            QuantizationError: a mode is not known.
        """
        known = {mode: rule_of("", mode) for mode in (*modes.values(), FLOAT)}

        def rule(node: Node) -> Rule:
            return known[modes.get(node.output.name, FLOAT)]

        model, graph = self.model, self.model.main
        if any(each.is_integer for each in known.values()):
            plan = propagate(graph, integer_choices(graph, rule), self._ranges)
            model = materialize(model, plan, DType.FLOAT32, DType.FLOAT32)
        model = float16(model, None, lambda node: rule(node).mode == "float16")
        return stored_weights(model, rule)


def integer_choices(
    graph: Subgraph, rule: Callable[[Node], Rule]
) -> dict[Node, Choice]:
    """The form of every node, on integers where its rule says so and it can be."""
    chosen: dict[Node, Choice] = {}
    for node in graph.nodes:
        dtype = INTEGER.get(rule(node).mode)
        choice = choose(node, dtype or DType.INT8)
        if dtype is None and choice.form is Form.INTEGER:
            choice = Choice(Form.FLOAT, "its mode is another")
        chosen[node] = choice
    return chosen
