"""Sizes that are symbols, computed from the shapes of the inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.jax import framework
from gossamer.frontends.parts.slicing import cut
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Add, Mul, Sub
from gossamer.ops.floor_div import FloorDiv, FloorMod
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op


@dataclass(slots=True)
class Sizes:
    """Where each symbol can be read, and the expressions computed so far."""

    emitter: Emitter
    places: dict[str, tuple[Tensor, int]] = field(
        default_factory=dict[str, tuple["Tensor", int]]
    )
    made: dict[str, Tensor] = field(default_factory=dict[str, "Tensor"])

    def learn(self, x: Tensor, shape: Sequence[Any]) -> None:
        """Note the symbols that stand alone in the shape of an input."""
        for axis, dim in enumerate(shape):
            if not framework.is_size(dim):
                self.places.setdefault(str(dim), (x, axis))

    def place(self, dim: Any) -> tuple[Tensor, int]:
        """The tensor and the axis that have a symbol as their size.

        Raises:
            Unsupported: it is an expression of symbols.
        """
        if str(dim) in self.places:
            return self.places[str(dim)]
        raise Unsupported(
            f"it collects rows of the size {dim}, which is no size of an input",
            "Give that size as a number.",
        )

    def tensor(self, dim: Any) -> Tensor:
        """An expression of symbols as an int32 without dimensions.

        Raises:
            Unsupported: it names a symbol that no input has as its size.
        """
        title = str(dim)
        if title not in self.made:
            self.made[title] = (
                self._read(*self.places[title])
                if title in self.places
                else self._computed(dim)
            )
        return self.made[title]

    def _read(self, x: Tensor, axis: int) -> Tensor:
        return cut(self.emitter, self.emitter.emit(Shape(DType.INT32), x), [axis])

    def _computed(self, dim: Any) -> Tensor:
        symbols = {
            name: _Size(self.emitter, self.tensor_of(name)) for name in self.places
        }
        try:
            return framework.size_by(dim, symbols).tensor
        except Exception as error:
            raise Unsupported(
                f"the size {dim} cannot be computed from the inputs' shapes",
                "Give that size as a number.",
            ) from error

    def tensor_of(self, name: str) -> Tensor:
        """The size of a symbol."""
        if name not in self.made:
            self.made[name] = self._read(*self.places[name])
        return self.made[name]


class _Size:
    """A size with the arithmetic that JAX's expressions of symbols use."""

    __array_ufunc__ = None  # so that NumPy's numbers leave the operation to this class

    def __init__(self, emitter: Emitter, tensor: Tensor) -> None:
        self.emitter = emitter
        self.tensor = tensor

    def _with(self, op: Op, other: Any, *, swapped: bool = False) -> _Size:
        right = (
            other.tensor
            if isinstance(other, _Size)
            else self.emitter.constant("number", np.int32(other))
        )
        operands = (right, self.tensor) if swapped else (self.tensor, right)
        return _Size(self.emitter, self.emitter.emit(op, *operands))

    def __add__(self, other: Any) -> _Size:
        return self._with(Add(), other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> _Size:
        return self._with(Sub(), other)

    def __mul__(self, other: Any) -> _Size:
        return self._with(Mul(), other)

    __rmul__ = __mul__

    def __divmod__(self, other: Any) -> tuple[_Size, _Size]:
        return self._with(FloorDiv(), other), self._with(FloorMod(), other)

    def max(self, other: Any) -> _Size:
        return self._with(Maximum(), other)

    def min(self, other: Any) -> _Size:
        return self._with(Minimum(), other)
