"""Write the integer model down: integer tensors, constants, QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.quantization import Quantization
from gossamer.ir.rewrite import with_nodes, with_subgraph
from gossamer.ir.types import DType, TensorType
from gossamer.ops.quantize import Dequantize, Quantize
from gossamer.quantization.constants import (
    WeightOptions,
    integer_constant,
    integer_weights,
)
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
    model: Model,
    plan: Plan,
    input_type: DType,
    output_type: DType,
    *,
    options: WeightOptions | None = None,
    index: int = 0,
) -> Model:
    """The model with a subgraph that runs on integers as `plan` says.

    Args:
        model: the float model that the plan was made for.
        plan: see `propagate`.
        input_type: FLOAT32, INT8, UINT8 or INT16, for every float graph input.
        output_type: the same for the outputs.
        options: how weights are made.
        index: of the subgraph.
    """
    graph = model.subgraphs[index]
    ends = (input_type, output_type)
    writer = _Writer(graph, plan, ends, options or WeightOptions())
    inputs = {x: writer.input(x) for x in graph.inputs}
    for node in graph.nodes:
        writer.node(node)
    outputs = {y: writer.output(y) for y in graph.outputs}
    bare = Subgraph(
        graph.name,
        (),
        tuple(inputs[x] for x in graph.inputs),
        tuple(outputs[y] for y in graph.outputs),
        (),
    )
    signatures = tuple(
        replace(
            signature,
            inputs={k: inputs[t] for k, t in signature.inputs.items()},
            outputs={k: outputs[t] for k, t in signature.outputs.items()},
        )
        if signature.subgraph == index
        else signature
        for signature in model.signatures
    )
    made = with_subgraph(model, index, with_nodes(bare, writer.nodes))
    return replace(made, signatures=signatures)


class _Writer:
    """Rewrites nodes in order, keeping both forms of each tensor that were needed.

    A tensor of the float model stands here for the real value itself; `_integer`
    and `_real` tell which tensor of the new model holds it as integers, of the type
    that the plan says, and as float32.
    """

    def __init__(
        self,
        subgraph: Subgraph,
        plan: Plan,
        ends: tuple[DType, DType],
        options: WeightOptions,
    ) -> None:
        self.nodes: list[Node] = []
        self._plan, self._options = plan, options
        self._input_type, self._output_type = ends
        self._integer: dict[Tensor, Tensor] = {}
        self._real: dict[Tensor, Tensor] = {}
        self._conversions: dict[tuple[Tensor, DType, float, int], Tensor] = {}
        self._names = Names(subgraph)
        # Their own names go to the tensors that a caller sees, not to integer ones.
        self._seen_outside = {
            *(x for x in subgraph.inputs if not self._is_own(x, self._input_type)),
            *(y for y in subgraph.outputs if not self._is_own(y, self._output_type)),
        }

    def _is_own(self, tensor: Tensor, dtype: DType) -> bool:
        return self._plan.types.get(tensor) is dtype

    def input(self, tensor: Tensor) -> Tensor:
        """The graph input of the new model that brings `tensor`."""
        if not is_real(tensor) or self._input_type is DType.FLOAT32:
            self._real[tensor] = tensor
            return tensor
        dtype = self._plan.types[tensor]
        made = self._quantized_twin(tensor, dtype, self._own(tensor))
        self._integer[tensor] = made
        if dtype is self._input_type:
            return made
        outside = self._outside(tensor, self._input_type)
        self._convert(Quantize(), outside, made)
        return outside

    def output(self, tensor: Tensor) -> Tensor:
        """The graph output of the new model that gives `tensor`."""
        if not is_real(tensor) or tensor.is_constant:
            return tensor
        if self._output_type is DType.FLOAT32:
            return self._as_real(tensor)
        dtype = self._plan.types[tensor]
        if dtype is DType.INT16 and self._output_type is DType.UINT8:
            made = self._as_integer(tensor, DType.INT8, None)
        else:
            made = self._as_integer(tensor, dtype, self._own(tensor))
        if dtype is self._output_type:
            return made
        return self._convert(Quantize(), made, self._outside(tensor, self._output_type))

    def _outside(self, tensor: Tensor, dtype: DType) -> Tensor:
        """What a caller sees of `tensor`, in a type that it is not produced in."""
        is_byte = dtype in (DType.INT8, DType.UINT8)
        quantization = self._plan.typed[tensor, DType.INT8 if is_byte else dtype]
        if dtype is DType.UINT8:
            scale, zero_point = quantization.pair()
            quantization = Quantization.per_tensor(scale, zero_point + UINT8_SHIFT)
        type_ = TensorType(dtype, tensor.shape)
        return replace(tensor, type=type_, quantization=quantization)

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
        dtype = self._plan.dtype(node)
        inputs = self._integer_inputs(node, dtype)
        outputs = [
            self._quantized_twin(y, dtype, self._own(y)) if is_real(y) else y
            for y in node.outputs
        ]
        self._integer.update(
            (old, new)
            for old, new in zip(node.outputs, outputs, strict=True)
            if is_real(old)
        )
        op = self._options.apply(node, dtype)
        ends = {"inputs": tuple(inputs), "outputs": tuple(outputs)}
        self.nodes.append(replace(node, op=op, version=0, **ends))

    def _integer_inputs(self, node: Node, dtype: DType) -> list[Tensor | None]:
        constants = self._weights(node, dtype)
        inputs: list[Tensor | None] = []
        for index, x in enumerate(node.inputs):
            if index in constants:
                inputs.append(constants[index])
            elif x is None or not is_real(x):
                inputs.append(x)
            elif x.is_constant:
                tied = index in tied_inputs(node)
                wanted = self._own(node.output) if tied else None
                inputs.append(integer_constant(x, dtype, wanted))
            else:
                wanted = self._plan.wanted(node, index)
                inputs.append(self._as_integer(x, dtype, wanted))
        added = [constants[i] for i in sorted(constants) if i >= len(inputs)]
        return [*inputs, *added]

    def _weights(self, node: Node, dtype: DType) -> dict[int, Tensor]:
        """Weights and bias of `node` as integers, by input index."""
        rule = node.op.weights
        if rule is None or weight_input(node) is None:
            return {}
        scale = self._scale(data_input(node), dtype)
        made = integer_weights(node, scale, dtype, self._options)
        if made is None:
            return {}
        found = {rule.input: made.weights}
        if made.bias is not None and rule.bias is not None:
            found[rule.bias] = made.bias
        return found

    def _scale(self, tensor: Tensor, dtype: DType) -> float:
        """The scale that a node of a type reads its data in."""
        if tensor.data is not None:
            return constant_quantization(tensor.data, dtype).pair()[0]
        return self._plan.typed[tensor, dtype].pair()[0]

    def _own(self, tensor: Tensor) -> Quantization:
        return self._plan.quantization[tensor]

    def _quantized_twin(
        self, tensor: Tensor, dtype: DType, quantization: Quantization
    ) -> Tensor:
        """A new integer tensor for `tensor`, under its name where that is free."""
        taken = tensor in self._seen_outside or tensor in self._real
        made = f"{tensor.name}_{dtype.title}"
        name = self._names.unique(made) if taken else tensor.name
        type_ = TensorType(dtype, tensor.shape)
        return replace(tensor, name=name, type=type_, quantization=quantization)

    def _as_integer(
        self, tensor: Tensor, dtype: DType, wanted: Quantization | None
    ) -> Tensor:
        """The tensor that holds `tensor` as integers, in the wanted quantization."""
        quantization = wanted or self._plan.typed[tensor, dtype]
        made = self._integer.get(tensor)
        if (
            made is not None
            and made.dtype is dtype
            and quantization.same(made.quantization)
        ):
            return made
        source = made or self._real[tensor]
        key = (source, dtype, *quantization.pair())
        if key not in self._conversions:
            type_ = TensorType(dtype, tensor.shape)
            name = self._names.unique(f"{tensor.name}_{dtype.title}")
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
