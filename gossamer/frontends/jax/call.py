"""One step of a JAX function, as the conversion rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gossamer.frontends.emitter import Emitter, dims
from gossamer.frontends.jax import framework
from gossamer.frontends.jax.steps import Known, Value, sizes
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType, TensorType
from gossamer.ops.broadcast import BroadcastTo
from gossamer.ops.pack import Pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.frontends.jax.steps import Step
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array, Shape


class Walk(Protocol):
    """What a rule may ask of the conversion that calls it."""

    def tensor(self, value: Value) -> Tensor:
        """The tensor of a computed value; its shape may be smaller (see `Call`)."""
        ...

    def size(self, dim: Any) -> Tensor:
        """A size that is a symbol, as an int32 without dimensions."""
        ...

    def place(self, dim: Any) -> int | tuple[Tensor, int]:
        """A size as a number, or where a symbol is the size of a tensor.

        Raises:
            Unsupported: it is an expression of symbols.
        """
        ...

    def name_of(self, array: Any) -> str | None:
        """The name that the user gave a weight."""
        ...

    def inline(
        self, place: Emitter, jaxpr: Any, operands: Sequence[Tensor | Known]
    ) -> list[Tensor]:
        """Convert a jaxpr where `place` puts its nodes; returns what it returns."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Call(Emitter):
    """A step with its operands as tensors, and where its nodes go.

    JAX spells every broadcast out, and operators broadcast by themselves. So a tensor
    may have ones, or no dimension, where the value in JAX is stretched: `loose` is
    the tensor as it is, `wide` has the whole shape.
    """

    step: Step
    walk: Walk

    @property
    def params(self) -> Mapping[str, Any]:
        return self.step.params

    @property
    def x(self) -> Tensor:
        """The first operand in its whole shape."""
        return self.wide(0)

    def shape(self, index: int = 0) -> Shape:
        """The whole shape of an operand, with -1 where it is free."""
        return sizes(self.step.operands[index])

    def result_shape(self, index: int = 0) -> Shape:
        return sizes(self.step.results[index])

    @property
    def dtype(self) -> DType:
        """The element type of the first result."""
        return framework.dtype_of(self.step.results[0].dtype)

    def operand_dtype(self, index: int = 0) -> DType:
        return framework.dtype_of(self.step.operands[index].dtype)

    def array(self, value: Any) -> Array:
        return framework.to_numpy(value)

    def is_known(self, index: int) -> bool:
        return isinstance(self.step.operands[index], Known)

    def known(self, index: int) -> Array | None:
        """An operand that is known, in its whole shape."""
        operand = self.step.operands[index]
        if not isinstance(operand, Known):
            return None
        return framework.to_numpy(operand.full())

    def number(self, index: int) -> float | None:
        """An operand that is one known number, however it is stretched."""
        operand = self.step.operands[index]
        if not isinstance(operand, Known) or np.size(operand.array) != 1:
            return None
        return float(framework.to_numpy(operand.array).reshape(()))

    def loose(self, index: int, dtype: DType | None = None) -> Tensor:
        """An operand as a tensor that broadcasts to its shape."""
        operand = self.step.operands[index]
        if isinstance(operand, Value):
            tensor = self.walk.tensor(operand)
            return tensor if dtype is None else self.cast(tensor, dtype)
        return self._constant(operand, operand.array, dtype)

    def wide(self, index: int, dtype: DType | None = None) -> Tensor:
        """An operand as a tensor of its whole shape."""
        operand = self.step.operands[index]
        if isinstance(operand, Value):
            return self.stretch(self.loose(index, dtype), operand.shape)
        if all(framework.is_size(dim) for dim in operand.shape):
            return self._constant(operand, operand.full(), dtype)
        return self.stretch(self.loose(index, dtype), operand.shape)

    def _constant(self, operand: Known, array: Any, dtype: DType | None) -> Tensor:
        name = self.walk.name_of(operand.origin)
        wanted = dtype or framework.dtype_of(operand.dtype)
        value = framework.to_numpy(array)
        if value.dtype != wanted.numpy:
            return self.constant(name or "constant", value.astype(wanted.numpy))
        if name is None and value.size > 1:
            return self.weight("constant", array)
        return self.constant(name or "constant", value)

    def constant(self, name: str, value: Any) -> Tensor:
        """A constant; a name that begins with `/` is the whole name."""
        if name.startswith("/"):
            return self.builder.constant(name[1:], self.array(value))
        return Emitter.constant(self, name, value)

    def stretch(self, x: Tensor, shape: Sequence[Any]) -> Tensor:
        """`x` broadcast to a shape of numbers and symbols."""
        wanted = framework.sizes_of(shape)
        given = dims(x)
        if len(given) == len(wanted) and all(
            one == other or one < 0 or (other < 0 and one != 1)
            for one, other in zip(given, wanted, strict=True)
        ):
            return x
        if -1 not in wanted:
            return self.emit(BroadcastTo(), x, self.indices("shape", wanted))
        return self.emit_as(wanted, BroadcastTo(), x, self.sizes(shape))

    def sizes(self, shape: Sequence[Any]) -> Tensor:
        """A shape of numbers and symbols as an int32 vector."""
        if all(framework.is_size(dim) for dim in shape):
            return self.indices("shape", [int(dim) for dim in shape])
        parts = [
            self.indices("size", int(dim))
            if framework.is_size(dim)
            else self.walk.size(dim)
            for dim in shape
        ]
        return self.emit(Pack(len(parts), 0), *parts)

    def emit_as(
        self, shape: Shape, op: Op, *inputs: Tensor, dtype: DType | None = None
    ) -> Tensor:
        """Add a node whose result is known to have `shape`, in the first type."""
        title = f"{self.path}/{op.name.lower()}"
        types = (TensorType(dtype or inputs[0].dtype, shape),)
        return self.builder.nodes(op, *inputs, names=(title,), types=types)[0]

    def require(self, holds: object, reason: str, remedy: str) -> None:
        """Raise unless something holds.

        Raises:
            Unsupported: it does not.
        """
        if not holds:
            raise Unsupported(reason, remedy)
