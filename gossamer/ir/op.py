"""The operator: one frozen record that states all there is to know about it.

An operator is declared with `@operator` on a subclass of `Op`; its fields are the
fields of the schema's option table, with the schema's names and defaults:

    @operator("SOFTMAX", code=25, options="SoftmaxOptions")
    class Softmax(Op):
        beta: float = 1.0

An operator outside the schema is declared with `@custom_operator` in the same way.
Serialization, verification, constant folding, quantization and the tests are derived
from the record, so that nothing about an operator is written down twice.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    TypeAlias,
    TypeVar,
    cast,
    dataclass_transform,
)

import numpy as np

from gossamer.errors import FormatError, GraphError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


CUSTOM_CODE = 32
"""The schema's builtin code of every custom operator."""


@dataclass(frozen=True, slots=True)
class Free:
    """The output gets a range of its own from calibration."""


@dataclass(frozen=True, slots=True)
class SameAsInput:
    """Input and output share one scale: the operator only moves values.

    `inputs` are the indices of the data inputs that share it with the output.
    """

    inputs: tuple[int, ...] | None = (0,)


@dataclass(frozen=True, slots=True)
class Fixed:
    """The output's scale and zero point are part of the operator's definition."""

    int8: tuple[float, int]
    int16: tuple[float, int] | None = None


@dataclass(frozen=True, slots=True)
class NotQuantized:
    """There is no integer form: the operator stays in float."""


QuantizationRule: TypeAlias = Free | SameAsInput | Fixed | NotQuantized


@dataclass(frozen=True, slots=True)
class WeightRule:
    """Which input holds weights, the axis of their channels, and the bias.

    `axis` None means one scale for the whole tensor; `bias` None means no bias input.
    """

    input: int
    axis: int | None
    bias: int | None


class Op:
    """Base of every operator; see the module's docstring for how to declare one."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def name(self) -> str:
            """The schema's name, such as CONV_2D; set by `@operator`."""
            ...

        @property
        def code(self) -> int:
            """The schema's number; set by `@operator`."""
            ...

        @property
        def options(self) -> str | None:
            """The schema's option table, or None where there is none."""
            ...

    output_quantization: ClassVar[QuantizationRule] = NotQuantized()
    weights: ClassVar[WeightRule | None] = None
    cell_weights: ClassVar[tuple[int, ...]] = ()
    """Inputs with the weights of a recurrent cell: a hybrid kernel takes all that are
    there in int8, with one scale each, or none."""
    only_reshapes: ClassVar[bool] = False
    """Whether the output is the first input's elements with another shape."""
    updates: ClassVar[tuple[int, ...]] = ()
    """Indices of the inputs that are state: variables that a run overwrites.

    `reference` and `integer` return their new values after the outputs; a kernel
    writes their memory.
    """
    in_place: ClassVar[bool] = False
    """Whether the output may lie in the first input's memory: see `lower_within`."""
    declares_outputs: ClassVar[bool] = False
    """Whether the types of the outputs are what the file says, and no rule tells."""
    chooses_type: ClassVar[bool] = False
    """Whether the file says the output's element type, whatever `infer` gives."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Fields by the schema's names of options, for those called otherwise here."""

    def states(self) -> tuple[int, ...]:
        """`updates`, or what takes its place where the options decide it."""
        return self.updates

    def batch(self, *inputs: Tensor | None) -> int:
        """How many sequences the inputs hold: the size of a state whose first is free.

        -1 where that is not known.
        """
        return -1

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        """The types of the outputs, from the inputs' types and constant data.

        A dimension that cannot be known yet is -1.

        Raises:
            GraphError: the inputs do not fit the operator.
        """
        raise UnsupportedError(f"{self.name} has no shape rule")

    def infer_node(self, node: Node) -> tuple[TensorType, ...]:
        """`infer` where the output tensor's element type has a say in its shape."""
        return self.infer(*node.inputs)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        """The meaning, in NumPy, on arrays (None for an input left out).

        For real numbers and plain integers; quantized tensors: see `integer`.
        """
        raise UnsupportedError(f"{self.name} has no reference")

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """The meaning on quantized tensors, bit for bit as the reference kernels.

        The default goes through real numbers: dequantize, `reference`, quantize.
        """
        return through_real_numbers(self, node, *inputs)

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        """Run one node, with all that lies around it; see `evaluate`."""
        return evaluate(node, inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """The steps that compute `node` on `target`; None if there is no kernel.

        All shapes are known. A node without a kernel runs through its meaning.
        """
        return None

    def lower_within(self, node: Node, target: Target) -> Sequence[Step] | None:
        """`lower` for an output that lies in the memory of the first input.

        Only for operators that are `in_place`.
        """
        return None

    def version(self, node: Node) -> int:
        """The least operator version that a reader needs for `node`."""
        return 1

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A custom operator with the options of a file; the default takes none.

        Raises:
            FormatError: the bytes are not this operator's options.
        """
        if data:
            raise FormatError(f"{cls.name} has {len(data)} bytes of options, not none")
        return cls()

    def to_bytes(self) -> bytes:
        """A custom operator's options, the very bytes that `from_bytes` was given."""
        return b""

    def __str__(self) -> str:
        return self.name


def through_real_numbers(op: Op, node: Node, *inputs: Any) -> tuple[Array, ...]:
    """Run `op` on dequantized inputs and quantize what it gives."""
    real = [
        tensor.quantization.dequantize(array)
        if tensor is not None and tensor.is_quantized and tensor.quantization
        else array
        for tensor, array in zip(node.inputs, inputs, strict=True)
    ]
    results = op.reference(*real)
    return tuple(
        tensor.quantization.quantize(array, tensor.dtype)
        if tensor.is_quantized and tensor.quantization and tensor.dtype.is_integer
        else np.asarray(array, tensor.dtype.numpy)
        for tensor, array in zip(node.written, results, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Builtin(Op):
    """A builtin operator without a class of its own, kept for reading and writing.

    `fields` are the options of its table `table` as the schema names them.
    """

    builtin_name: str
    builtin_code: int
    table: str | None
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.builtin_name

    @property
    def code(self) -> int:
        return self.builtin_code

    @property
    def options(self) -> str | None:
        return self.table


@dataclass(frozen=True, slots=True)
class Custom(Op):
    """An operator outside the schema that no class is declared for."""

    custom_code: str
    data: bytes = b""

    @property
    def name(self) -> str:
        return self.custom_code

    @property
    def code(self) -> int:
        return CUSTOM_CODE

    def to_bytes(self) -> bytes:
        return self.data


_by_name: dict[str, type[Op]] = {}
_by_code: dict[int, type[Op]] = {}


OpClass = TypeVar("OpClass", bound=Op)


@dataclass_transform(frozen_default=True)
def operator(
    name: str, *, code: int, options: str | None = None
) -> Callable[[type[OpClass]], type[OpClass]]:
    """Declare a class as the operator `name`, number `code` of the schema.

    `options` is the schema's option table, whose fields the class must mirror.
    """

    def declare(cls: type[OpClass]) -> type[OpClass]:
        made = dataclass(frozen=True, slots=True)(cls)
        for attribute, value in (("name", name), ("code", code), ("options", options)):
            setattr(made, attribute, value)
        if name in _by_name or code in _by_code:
            raise ValueError(f"operator {name} (code {code}) is declared twice")
        _by_name[name] = made
        _by_code[code] = made
        return made

    return declare


def registered() -> Mapping[str, type[Op]]:
    """Every declared operator by name; import `gossamer.ops` to have them all."""
    return _by_name


def operator_of_code(code: int) -> type[Op] | None:
    """The declared operator with the schema's number `code`."""
    return _by_code.get(code)


def option_fields(op: Op | type[Op]) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of an operator's record, in the schema's order."""
    return dataclasses.fields(cast("Any", op))  # `operator` made it a dataclass


def require(condition: bool, op: Op, message: str) -> None:  # noqa: FBT001
    """Raise `GraphError` naming `op` unless `condition` holds."""
    if not condition:
        raise GraphError(f"{op.name}: {message}")


def acts(op: Op) -> bool:
    """Whether an operator does more than compute: its results depend on state."""
    return type(op).perform is not Op.perform


def evaluate(node: Node, inputs: Sequence[Any]) -> tuple[Array, ...]:
    """Run one node on arrays by its meaning, quantized or not.

    Returns a value for each tensor of `node.written`.
    """
    quantized = any(
        tensor is not None and tensor.is_quantized
        for tensor in (*node.inputs, *node.outputs)
    )
    if quantized or type(node.op).reference is Op.reference:
        return node.op.integer(node, *inputs)
    return node.op.reference(*inputs)
