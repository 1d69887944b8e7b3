"""Weights as int8 or int4 beside float activations.

Where there is a kernel for it, integers are multiplied by activations that are
quantized as the model runs (dynamic range); else weights become float32 again first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.op import option_fields
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.types import DType, TensorType
from gossamer.ops.quantize import Dequantize
from gossamer.ops.reshape import Reshape
from gossamer.quantization.constants import (
    WeightOptions,
    as_constant,
    blockwise_weights,
    hybrid_weights,
)
from gossamer.quantization.names import Names
from gossamer.quantization.recipe import (
    HYBRID,
    HYBRID_INT4,
    LOOKUPS,
    MINIMUM_WEIGHTS,
    describe,
    is_real,
    weight_input,
)
from gossamer.quantization.recurrent import hybrid_cell
from gossamer.quantization.rules import INT4, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Model
    from gossamer.ir.op import Op
    from gossamer.quantization.recipe import Log

ASYMMETRIC = "asymmetric_quantize_inputs"
"""The option by which a hybrid kernel gives each row of its input a zero point."""

DYNAMIC = frozenset({"dynamic", "dynamic_int4"})
"""The modes in which activations are quantized as the model runs."""

STORING = DYNAMIC | {"weight_int8", "weight_int4"}
"""The modes that are made here."""

_DYNAMIC = Rule("", "dynamic")


def dynamic_range(model: Model, log: Log = None) -> Model:
    """The model with its large constant weights as int8; no samples are needed.

    Args:
        model: a float model; every subgraph is treated.
        log: told which operators keep float weights, and why.
    """
    return stored_weights(model, lambda _: _DYNAMIC, log)


def stored_weights(
    model: Model,
    rule_of: Callable[[Node], Rule | None],
    log: Log = None,
    options: WeightOptions | None = None,
) -> Model:
    """The model with large constant weights as int8 or int4, as rules say.

    Weights of 1024 and more elements get a scale per channel or per block. In the
    dynamic modes, operators with a hybrid kernel read them as they are and quantize
    their float input on the fly; others, and all in the weight modes, get them through
    a DEQUANTIZE. Tables that rows are looked up in stay integers up to the rows found.

    Args:
        model: a model; nodes on float activations are treated, in every subgraph.
        rule_of: the rule of a node; one of another mode, or None, leaves it as it is.
        log: told which operators keep float weights, and why.
        options: whether weights have a scale for each channel.
    """
    chosen = options or WeightOptions()
    subgraphs = tuple(_shrink(graph, rule_of, log, chosen) for graph in model.subgraphs)
    return replace(model, subgraphs=subgraphs)


@dataclass(slots=True)
class _State:
    """What has been written so far; weights that are shared are made once."""

    names: Names
    options: WeightOptions
    nodes: list[Node] = field(default_factory=list["Node"])
    weights: dict[tuple[Tensor, int | None, DType, int], Tensor] = field(
        default_factory=dict["tuple[Tensor, int | None, DType, int]", "Tensor"]
    )
    real: dict[Tensor, Tensor] = field(default_factory=dict["Tensor", "Tensor"])

    def stored(
        self, tensor: Tensor, axis: int | None, dtype: DType, block: int = 0
    ) -> Tensor:
        """The constant as integers, with a scale for each index along `axis`.

        With a block size it has a scale for each block of the last dimension.
        """
        key = (tensor, axis, dtype, block)
        if key not in self.weights:
            self.weights[key] = (
                blockwise_weights(tensor, block, self.names.unique)
                if block
                else hybrid_weights(tensor, axis, dtype)
            )
        return self.weights[key]

    def dequantized(self, tensor: Tensor) -> Tensor:
        """What a DEQUANTIZE makes of integer weights."""
        if tensor not in self.real:
            type_ = TensorType(DType.FLOAT32, tensor.shape)
            made = Tensor(self.names.unique(f"{tensor.name}_float32"), type_)
            self.nodes.append(Node(Dequantize(), (tensor,), (made,)))
            self.real[tensor] = made
        return self.real[tensor]

    def reshaped(self, tensor: Tensor, like: Tensor) -> Tensor:
        """`tensor` in the shape of another, which it is then named after."""
        sizes = np.array(like.shape, np.int32)
        name = self.names.unique(f"{like.name}_shape")
        shape = Tensor(name, TensorType(DType.INT32, sizes.shape), sizes)
        type_ = TensorType(DType.FLOAT32, like.shape)
        made = Tensor(self.names.unique(f"{like.name}_whole"), type_)
        self.nodes.append(Node(Reshape(), (tensor, shape), (made,)))
        return made


def _shrink(
    subgraph: Subgraph,
    rule_of: Callable[[Node], Rule | None],
    log: Log,
    options: WeightOptions,
) -> Subgraph:
    state = _State(Names(subgraph), options)
    for node in subgraph.nodes:
        rule = rule_of(node)
        if rule is None or rule.mode not in STORING:
            state.nodes.append(node)
        elif node.op.name in LOOKUPS:
            _add_lookup(node, rule, state)
        elif node.op.cell_weights:
            _add_cell(node, rule, state, log)
        elif node.op.weights is not None:
            _add_weighted(node, rule, state, log)
        else:
            state.nodes.append(node)
    return with_nodes(subgraph, state.nodes)


def _add_cell(node: Node, rule: Rule, state: _State, log: Log) -> None:
    """A recurrent layer: its kernels take weights of 8 bits, and no DEQUANTIZE."""
    if rule.mode not in DYNAMIC:
        if log is not None:
            log(f"{describe(node)} keeps its float weights: {rule.mode} has no cells")
        state.nodes.append(node)
        return

    def int8(tensor: Tensor, axis: int | None) -> Tensor:
        return state.stored(tensor, axis, DType.INT8)

    op = _with_asymmetric_inputs(node.op)
    state.nodes.append(hybrid_cell(node, op, int8, log))


def _add_weighted(node: Node, rule: Rule, state: _State, log: Log) -> None:
    """A node with weights: hybrid where the mode and a kernel allow it."""
    weights, place = weight_input(node), node.op.weights
    assert place is not None
    reason = _reason_to_keep(weights)
    if weights is None or reason:
        if log is not None and not node.input(place.input).is_quantized:
            log(f"{describe(node)} keeps its float weights: {reason}")
        state.nodes.append(node)
        return
    if _is_hybrid(node, rule, weights):
        dtype = DType.INT4 if rule.mode in INT4 else DType.INT8
        block = rule.block_size if _has_blocks(node, weights, rule) else 0
        axis = place.axis if state.options.is_per_channel(node) else None
        made = state.stored(weights, axis, dtype, block)
        op = _with_asymmetric_inputs(node.op)
        state.nodes.append(_with_input(replace(node, op=op), place.input, made))
    else:
        real = _real_weights(node, weights, rule, state)
        state.nodes.append(_with_input(node, place.input, real))


def _is_hybrid(node: Node, rule: Rule, weights: Tensor) -> bool:
    if rule.mode == "dynamic":
        return node.op.name in HYBRID
    if rule.mode != "dynamic_int4" or node.op.name not in HYBRID_INT4:
        return False
    # The kernel for blocks knows no activation.
    activation = getattr(node.op, "fused_activation_function", "none")
    return not _has_blocks(node, weights, rule) or activation == "none"


def _has_blocks(node: Node, weights: Tensor, rule: Rule) -> bool:
    """Whether the rows of a node's weights divide into blocks."""
    place = node.op.weights
    if not rule.block_size or place is None or place.axis != 0:
        return False
    return weights.shape[-1] % rule.block_size == 0


def _real_weights(node: Node, weights: Tensor, rule: Rule, state: _State) -> Tensor:
    """The weights through a DEQUANTIZE.

    Blocks are rows of their own there, with a RESHAPE behind: so every reader of the
    format takes them.
    """
    place = node.op.weights
    assert place is not None
    dtype = DType.INT4 if rule.mode in INT4 else DType.INT8
    if not _has_blocks(node, weights, rule):
        axis = place.axis if state.options.is_per_channel(node) else None
        return state.dequantized(state.stored(weights, axis, dtype))
    key = (weights, -1, dtype, rule.block_size)
    if key not in state.weights:
        assert weights.data is not None
        rows = weights.data.reshape(-1, rule.block_size)
        apart = as_constant(replace(weights, signature=None), weights.dtype, rows)
        stored = hybrid_weights(apart, 0, dtype)
        state.weights[key] = state.reshaped(state.dequantized(stored), weights)
    return state.weights[key]


def _add_lookup(node: Node, rule: Rule, state: _State) -> None:
    """A lookup in an integer table: only the rows found become float."""
    index = LOOKUPS[node.op.name]
    table = node.optional(index)
    if table is None or not table.is_constant or not is_real(table):
        state.nodes.append(node)
        return
    if _reason_to_keep(table):
        state.nodes.append(node)
        return
    if node.op.name in HYBRID:
        # With int4, each row has its scale; TensorFlow's int8 tables have one.
        is_int4 = rule.mode in INT4
        dtype = DType.INT4 if is_int4 else DType.INT8
        made = state.stored(table, 0 if is_int4 else None, dtype)
        state.nodes.append(_with_input(node, index, made))
        return
    # GATHER has one scale for the table, for which 4 bits are too few.
    made = state.stored(table, None, DType.INT8)
    output = node.output
    rows = replace(
        output,
        name=state.names.unique(f"{output.name}_int8"),
        type=TensorType(DType.INT8, output.shape),
        quantization=made.quantization,
    )
    found = replace(_with_input(node, index, made), outputs=(rows,))
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
