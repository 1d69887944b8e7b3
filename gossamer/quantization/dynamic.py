"""Dynamic range: int8 weights, float activations that kernels quantize as they run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.op import option_fields
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import DType, TensorType
from gossamer.ops.quantize import Dequantize
from gossamer.quantization.constants import hybrid_weights
from gossamer.quantization.names import Names
from gossamer.quantization.recipe import (
    HYBRID,
    LOOKUPS,
    MINIMUM_WEIGHTS,
    describe,
    is_real,
    weight_input,
)
from gossamer.quantization.recurrent import hybrid_cell

if TYPE_CHECKING:
    from gossamer.ir.graph import Model
    from gossamer.ir.op import Op
    from gossamer.quantization.recipe import Log

ASYMMETRIC = "asymmetric_quantize_inputs"
"""The option by which a hybrid kernel gives each row of its input a zero point."""


def dynamic_range(model: Model, log: Log = None) -> Model:
    """The model with its large constant weights as int8; no samples are needed.

    Weights of 1024 and more elements become int8 with a scale per channel. Operators
    with a hybrid kernel read them as they are and quantize their float input on the
    fly; others get them through a DEQUANTIZE. Tables that rows are looked up in stay
    int8 up to the rows found.

    Args:
        model: a float model; every subgraph is treated.
        log: told which operators keep float weights, and why.
    """
    subgraphs = tuple(_shrink(subgraph, log) for subgraph in model.subgraphs)
    return replace(model, subgraphs=subgraphs)


@dataclass(slots=True)
class _State:
    """What has been written so far; weights that are shared are made once."""

    names: Names
    nodes: list[Node] = field(default_factory=list["Node"])
    weights: dict[tuple[Tensor, int | None], Tensor] = field(
        default_factory=dict["tuple[Tensor, int | None]", "Tensor"]
    )
    real: dict[Tensor, Tensor] = field(default_factory=dict["Tensor", "Tensor"])

    def int8(self, tensor: Tensor, axis: int | None) -> Tensor:
        """The constant as int8, with a scale for each index along `axis`."""
        if (tensor, axis) not in self.weights:
            self.weights[tensor, axis] = hybrid_weights(tensor, axis)
        return self.weights[tensor, axis]

    def dequantized(self, tensor: Tensor) -> Tensor:
        """What a DEQUANTIZE makes of int8 weights."""
        if tensor not in self.real:
            type_ = TensorType(DType.FLOAT32, tensor.shape)
            made = Tensor(self.names.unique(f"{tensor.name}_float32"), type_)
            self.nodes.append(Node(Dequantize(), (tensor,), (made,)))
            self.real[tensor] = made
        return self.real[tensor]


def _shrink(subgraph: Subgraph, log: Log) -> Subgraph:
    state = _State(Names(subgraph))
    for node in subgraph.nodes:
        if node.op.name in LOOKUPS:
            _add_lookup(node, state)
        elif node.op.cell_weights:
            op = _with_asymmetric_inputs(node.op)
            state.nodes.append(hybrid_cell(node, op, state.int8, log))
        elif node.op.weights is not None:
            _add_weighted(node, state, log)
        else:
            state.nodes.append(node)
    return with_nodes(subgraph, state.nodes)


def _add_weighted(node: Node, state: _State, log: Log) -> None:
    """A node with weights: hybrid where there is such a kernel."""
    weights, rule = weight_input(node), node.op.weights
    assert rule is not None
    reason = _reason_to_keep(weights)
    if weights is None or reason:
        if log is not None:
            log(f"{describe(node)} keeps its float weights: {reason}")
        state.nodes.append(node)
        return
    made = state.int8(weights, rule.axis)
    if node.op.name in HYBRID:
        op = _with_asymmetric_inputs(node.op)
        state.nodes.append(_with_input(replace(node, op=op), rule.input, made))
    else:
        real = state.dequantized(made)
        state.nodes.append(_with_input(node, rule.input, real))


def _add_lookup(node: Node, state: _State) -> None:
    """A lookup in an int8 table: only the rows found become float."""
    index = LOOKUPS[node.op.name]
    table = node.optional(index)
    if table is None or not table.is_constant or not is_real(table):
        state.nodes.append(node)
        return
    if _reason_to_keep(table):
        state.nodes.append(node)
        return
    made = state.int8(table, None)
    found = _with_input(node, index, made)
    if node.op.name in HYBRID:
        state.nodes.append(found)
        return
    output = node.output
    rows = replace(
        output,
        name=state.names.unique(f"{output.name}_int8"),
        type=TensorType(DType.INT8, output.shape),
        quantization=made.quantization,
    )
    found = replace(found, outputs=(rows,))
    state.nodes += [found, Node(Dequantize(), (rows,), (output,))]


def _reason_to_keep(weights: Tensor | None) -> str:
    """Why weights stay in float, or an empty string."""
    if weights is None:
        return "they are not a dense float constant"
    size = weights.type.size
    if size < MINIMUM_WEIGHTS:
        return f"{size} elements, fewer than {MINIMUM_WEIGHTS}"
    return "they are sparse" if weights.sparsity is not None else ""


def _with_asymmetric_inputs(op: Op) -> Op:
    names = {option.name for option in option_fields(op)}
    if ASYMMETRIC not in names:
        return op
    changes: dict[str, Any] = {ASYMMETRIC: True}
    return cast("Op", replace(cast("Any", op), **changes))


def _with_input(node: Node, index: int, tensor: Tensor) -> Node:
    """The node reading another tensor; its version is to be derived anew."""
    inputs = (*node.inputs[:index], tensor, *node.inputs[index + 1 :])
    return replace(node, inputs=inputs, version=0)
