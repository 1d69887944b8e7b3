"""Write the integer model down: int8 tensors, constants, QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.quantization import Quantization
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import DType, TensorType
from gossamer.ops.quantize import Dequantize, Quantize
from gossamer.quantization.constants import int8_constant, integer_weights
from gossamer.quantization.names import Names
from gossamer.quantization.ranges import constant_quantization
from gossamer.quantization.recipe import (
    Form,
    data_input,
    is_real,
    tied_inputs,
    weight_input,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Model
    from gossamer.ir.op import Op
    from gossamer.quantization.propagate import Plan

UINT8_SHIFT = 128
"""uint8 holds the same real numbers as int8 with the zero point moved by this."""


def materialize(
    model: Model, plan: Plan, input_type: DType, output_type: DType
) -> Model:
    """The model whose main subgraph runs on integers as `plan` says.

    Args:
        model: the float model that the plan was made for.
        plan: see `propagate`.
        input_type: FLOAT32, INT8 or UINT8, for every float graph input.
        output_type: the same for the outputs.
    """
    writer = _Writer(model.main, plan, input_type, output_type)
    inputs = {x: writer.input(x) for x in model.main.inputs}
    for node in model.main.nodes:
        writer.node(node)
    outputs = {y: writer.output(y) for y in model.main.outputs}
    subgraph = with_nodes(
        Subgraph(
            model.main.name,
            (),
            tuple(inputs[x] for x in model.main.inputs),
            tuple(outputs[y] for y in model.main.outputs),
            (),
        ),
        writer.nodes,
    )
    signatures = tuple(
        replace(
            signature,
            inputs={k: inputs[t] for k, t in signature.inputs.items()},
            outputs={k: outputs[t] for k, t in signature.outputs.items()},
        )
        if signature.subgraph == 0
        else signature
        for signature in model.signatures
    )
    return replace(
        model, subgraphs=(subgraph, *model.subgraphs[1:]), signatures=signatures
    )


class _Writer:
    """Rewrites nodes in order, keeping both forms of each tensor that were needed.

    A tensor of the float model stands here for the real value itself; `_integer`
    and `_real` tell which tensor of the new model holds it as int8 and as float32.
    """

    def __init__(
        self, subgraph: Subgraph, plan: Plan, input_type: DType, output_type: DType
    ) -> None:
        self.nodes: list[Node] = []
        self._plan = plan
        self._input_type, self._output_type = input_type, output_type
        self._integer: dict[Tensor, Tensor] = {}
        self._real: dict[Tensor, Tensor] = {}
        self._conversions: dict[tuple[Tensor, DType, float, int], Tensor] = {}
        self._names = Names(subgraph)
        # Their own names go to the tensors that a caller sees, not to the int8 ones.
        self._seen_outside = {
            *(subgraph.inputs if input_type is not DType.INT8 else ()),
            *(subgraph.outputs if output_type is not DType.INT8 else ()),
        }

    def input(self, tensor: Tensor) -> Tensor:
        """The graph input of the new model that brings `tensor`."""
        if not is_real(tensor) or self._input_type is DType.FLOAT32:
            self._real[tensor] = tensor
            return tensor
        made = self._quantized_twin(tensor, self._own(tensor))
        if self._input_type is DType.INT8:
            self._integer[tensor] = made
            return made
        outside = replace(tensor, **_uint8(made))
        self._integer[tensor] = self._convert(Quantize(), outside, made)
        return outside

    def output(self, tensor: Tensor) -> Tensor:
        """The graph output of the new model that gives `tensor`."""
        if not is_real(tensor) or tensor.is_constant:
            return tensor
        if self._output_type is DType.FLOAT32:
            return self._as_real(tensor)
        made = self._as_integer(tensor, self._own(tensor))
        if self._output_type is DType.INT8:
            return made
        return self._convert(Quantize(), made, replace(tensor, **_uint8(made)))

    def node(self, node: Node) -> None:
        """Add `node` in the form that the plan gives it."""
        match self._plan.form(node):
            case Form.INTEGER:
                self._add_integer(node)
            case Form.FLOAT:
                self._add_as_is(node, self._as_real)
            case Form.UNCHANGED:
                self._add_as_is(node, self._as_it_comes)

    def _add_as_is(self, node: Node, form: Callable[[Tensor], Tensor]) -> None:
        inputs = tuple(
            form(x) if x is not None and is_real(x) and not x.is_variable else x
            for x in node.inputs
        )
        same = all(new is old for new, old in zip(inputs, node.inputs, strict=True))
        self.nodes.append(node if same else replace(node, inputs=inputs, version=0))
        self._real.update((y, y) for y in node.outputs)

    def _add_integer(self, node: Node) -> None:
        inputs = self._integer_inputs(node)
        outputs = [self._integer_output(y) if is_real(y) else y for y in node.outputs]
        self._integer.update(
            (old, new)
            for old, new in zip(node.outputs, outputs, strict=True)
            if is_real(old)
        )
        self.nodes.append(
            replace(node, inputs=tuple(inputs), outputs=tuple(outputs), version=0)
        )

    def _integer_inputs(self, node: Node) -> list[Tensor | None]:
        constants = self._weights(node)
        inputs: list[Tensor | None] = []
        for index, x in enumerate(node.inputs):
            if index in constants:
                inputs.append(constants[index])
            elif x is None or not is_real(x):
                inputs.append(x)
            elif x.is_constant:
                tied = index in tied_inputs(node)
                wanted = self._own(node.output) if tied else None
                inputs.append(int8_constant(x, wanted))
            else:
                inputs.append(self._as_integer(x, self._plan.wanted(node, index)))
        return inputs

    def _weights(self, node: Node) -> dict[int, Tensor]:
        """Weights and bias of `node` as integers, by input index."""
        rule = node.op.weights
        if rule is None or weight_input(node) is None:
            return {}
        scale, _ = self._own(data_input(node)).pair()
        made = integer_weights(node, scale)
        if made is None:
            return {}
        found = {rule.input: made.weights}
        if made.bias is not None and rule.bias is not None:
            found[rule.bias] = made.bias
        return found

    def _own(self, tensor: Tensor) -> Quantization:
        if tensor.data is not None:
            return constant_quantization(tensor.data)
        return self._plan.quantization[tensor]

    def _integer_output(self, tensor: Tensor) -> Tensor:
        return self._quantized_twin(tensor, self._own(tensor))

    def _quantized_twin(self, tensor: Tensor, quantization: Quantization) -> Tensor:
        """A new int8 tensor for `tensor`, under its name where that is free."""
        taken = tensor in self._seen_outside or tensor in self._real
        name = self._names.unique(f"{tensor.name}_int8") if taken else tensor.name
        type_ = TensorType(DType.INT8, tensor.shape)
        return replace(tensor, name=name, type=type_, quantization=quantization)

    def _as_integer(self, tensor: Tensor, wanted: Quantization | None) -> Tensor:
        """The int8 tensor that holds `tensor`, in the wanted quantization."""
        quantization = wanted or self._own(tensor)
        made = self._integer.get(tensor)
        if made is not None and quantization.same(made.quantization):
            return made
        source = made or self._real[tensor]
        key = (source, DType.INT8, *quantization.pair())
        if key not in self._conversions:
            type_ = TensorType(DType.INT8, tensor.shape)
            name = self._names.unique(f"{tensor.name}_int8")
            twin = replace(tensor, name=name, type=type_, quantization=quantization)
            self._conversions[key] = self._convert(Quantize(), source, twin)
        return self._conversions[key]

    def _as_real(self, tensor: Tensor) -> Tensor:
        """The float32 tensor that holds `tensor`."""
        if tensor.is_constant:
            return tensor
        if tensor not in self._real:
            outside = tensor in self._seen_outside
            name = (
                tensor.name if outside else self._names.unique(f"{tensor.name}_float32")
            )
            twin = replace(tensor, name=name, quantization=None)
            self._real[tensor] = self._convert(
                Dequantize(), self._integer[tensor], twin
            )
        return self._real[tensor]

    def _as_it_comes(self, tensor: Tensor) -> Tensor:
        """Whichever tensor holds `tensor` already."""
        if tensor.is_constant:
            return tensor
        return self._integer.get(tensor) or self._real[tensor]

    def _convert(self, op: Op, source: Tensor, target: Tensor) -> Tensor:
        self.nodes.append(Node(op, (source,), (target,)))
        return target


def _uint8(tensor: Tensor) -> dict[str, object]:
    """The fields that make an int8 tensor's uint8 counterpart."""
    assert tensor.quantization is not None
    scale, zero_point = tensor.quantization.pair()
    return {
        "type": TensorType(DType.UINT8, tensor.shape),
        "quantization": Quantization.per_tensor(scale, zero_point + UINT8_SHIFT),
    }
