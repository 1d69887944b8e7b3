"""What becomes of each operator: the rules that choose, in one place."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gossamer.ir.op import Fixed, NotQuantized, SameAsInput
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.ir.op import Op

Log: TypeAlias = "Callable[[str], None] | None"
"""Where to tell what was left in float, and why; None for nowhere."""

MINIMUM_WEIGHTS = 1024
"""Dynamic range leaves smaller constants in float: they gain nothing."""

HYBRID = frozenset(
    {
        "BATCH_MATMUL",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "EMBEDDING_LOOKUP",
        "FULLY_CONNECTED",
    }
)
"""Operators with a kernel for int8 constants beside float activations."""

HYBRID_INT4 = frozenset({"EMBEDDING_LOOKUP", "FULLY_CONNECTED"})
"""Those that take int4, too."""

LOOKUPS = {"GATHER": 0, "EMBEDDING_LOOKUP": 1}
"""Operators that pick rows of a table: the input that holds it."""

SHAPE_READERS = frozenset({"SHAPE", "RANK"})
"""Operators that look at a tensor's shape only: any element type will do."""

VALUE_READERS = frozenset(
    {
        "ARG_MAX",
        "ARG_MIN",
        "EQUAL",
        "NOT_EQUAL",
        "LESS",
        "LESS_EQUAL",
        "GREATER",
        "GREATER_EQUAL",
    }
)
"""Operators that read int8 and answer with something that is not quantized."""


ONLY_INT8 = frozenset(
    {
        "DEPTH_TO_SPACE",
        "DYNAMIC_UPDATE_SLICE",
        "ELU",
        "HARD_SWISH",
        "L2_NORMALIZATION",
        "LOG_SOFTMAX",
        "ONE_HOT",
        "PRELU",
        "RELU_0_TO_1",
        "RELU_N1_TO_1",
        "SPACE_TO_DEPTH",
        "SQUARED_DIFFERENCE",
        "SVDF",
    }
)
"""Operators that TFLite's kernels compute on int8 but not on int16."""


class Form(enum.Enum):
    """How a node will run in the integer model."""

    INTEGER = enum.auto()
    """On int8 or int16 tensors."""
    FLOAT = enum.auto()
    """In float, between DEQUANTIZE and QUANTIZE."""
    UNCHANGED = enum.auto()
    """As it is: it reads no real numbers, or only their shape."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A node's form, and why it is not INTEGER where it could have been.

    `dtype` is the type of its activations, INT8 or INT16, where it is INTEGER.
    """

    form: Form
    reason: str = ""
    dtype: DType = DType.INT8


def choose(node: Node, dtype: DType = DType.INT8) -> Choice:
    """The form of `node` in an integer model with activations of a type."""
    if node.op.name in SHAPE_READERS or not any(_real_tensors(node)):
        return Choice(Form.UNCHANGED)
    reason = _reason_for_float(node, dtype)
    if reason:
        return Choice(Form.FLOAT, reason)
    return Choice(Form.INTEGER, dtype=dtype)


def choices(subgraph: Subgraph) -> dict[Node, Choice]:
    """The form of every node."""
    return {node: choose(node) for node in subgraph.nodes}


def is_real(tensor: Tensor | None) -> bool:
    """Whether a tensor holds float32: what quantization turns into integers."""
    return tensor is not None and tensor.dtype is DType.FLOAT32


def weight_input(node: Node) -> Tensor | None:
    """The constant float weights of `node`, by its operator's rule."""
    rule = node.op.weights
    tensor = None if rule is None else node.optional(rule.input)
    if tensor is None or not tensor.is_constant or tensor.sparsity is not None:
        return None
    return tensor if is_real(tensor) else None


def bias_input(node: Node) -> Tensor | None:
    """The bias of `node`, by its operator's rule."""
    rule = node.op.weights
    if rule is None or rule.bias is None:
        return None
    return node.optional(rule.bias)


def data_input(node: Node) -> Tensor:
    """The activation that the weights of `node` are multiplied by."""
    rule = node.op.weights
    apart = () if rule is None else (rule.input, rule.bias)
    return next(
        x
        for index, x in enumerate(node.inputs)
        if x is not None and is_real(x) and index not in apart
    )


def tied_inputs(node: Node) -> tuple[int, ...]:
    """The inputs that must have the scale and zero point of the outputs."""
    rule = node.op.output_quantization
    if not isinstance(rule, SameAsInput):
        return ()
    indices = range(len(node.inputs)) if rule.inputs is None else rule.inputs
    return tuple(i for i in indices if is_real(node.optional(i)))


def describe(node: Node) -> str:
    """An operator by its kind and the name of its output, for messages."""
    names = ", ".join(f"'{y.name}'" for y in node.outputs)
    return f"{node.op.name} {names}"


def _real_tensors(node: Node) -> Iterator[Tensor]:
    for tensor in (*node.inputs, *node.outputs):
        if tensor is not None and is_real(tensor):
            yield tensor


def has_integer_form(op: Op | type[Op], dtype: DType) -> bool:
    """Whether an operator computes on activations of a type, INT8 or INT16."""
    if op.name in VALUE_READERS:
        return dtype is DType.INT8
    rule = op.output_quantization
    if isinstance(rule, NotQuantized):
        return False
    if dtype is DType.INT8:
        return True
    is_pinned_elsewhere = isinstance(rule, Fixed) and rule.int16 is None
    return op.name not in ONLY_INT8 and not is_pinned_elsewhere


def _reason_for_float(node: Node, dtype: DType) -> str:
    """Why `node` cannot run on integers of a type, or an empty string."""
    if not has_integer_form(node.op, dtype):
        return f"{node.op.name} has no {dtype.title} form"
    if node.op.name in VALUE_READERS:
        return ""
    if any(x.is_variable for x in _real_tensors(node)):
        return "it keeps a float variable"
    return _reason_of_weights(node)


def _reason_of_weights(node: Node) -> str:
    rule = node.op.weights
    if rule is None or rule.axis is None:
        return ""
    if weight_input(node) is None:
        return f"its weights '{node.input(rule.input).name}' are not a dense constant"
    bias = bias_input(node)
    if bias is not None and not bias.is_constant:
        return f"its bias '{bias.name}' is not constant"
    return ""
