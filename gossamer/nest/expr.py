"""Values of the loop language: typed, each assigned once.

A value is a scalar or a vector of a machine type, or a pointer. Whole numbers known
while the nest is built are plain `int`s; arithmetic on them never reaches the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class Kind:
    """A machine type: `base` is i1, i8, i16, i32, i64, f16, f32, f64 or ptr."""

    base: str
    lanes: int = 1

    @property
    def is_float(self) -> bool:
        return self.base[0] == "f"

    @property
    def is_vector(self) -> bool:
        return self.lanes > 1

    @property
    def element(self) -> Kind:
        return Kind(self.base)

    @property
    def bytes(self) -> int:
        """Bytes of one element in memory."""
        return _BYTES[self.base]

    def of(self, lanes: int) -> Kind:
        return Kind(self.base, lanes)

    def __str__(self) -> str:
        return self.base if self.lanes == 1 else f"{self.base}x{self.lanes}"


_BYTES = {
    "i1": 1,
    "i8": 1,
    "i16": 2,
    "i32": 4,
    "i64": 8,
    "f16": 2,
    "f32": 4,
    "f64": 8,
    "ptr": 8,
}

I1 = Kind("i1")
I8 = Kind("i8")
I16 = Kind("i16")
I32 = Kind("i32")
I64 = Kind("i64")
F16 = Kind("f16")
F32 = Kind("f32")
F64 = Kind("f64")
PTR = Kind("ptr")


class Value:
    """A value of a nest; `constant` is its number where it is known."""

    __slots__ = ("constant", "kind", "nest", "number")

    def __init__(
        self,
        nest: Nest,
        kind: Kind,
        number: int,
        constant: float | None = None,
    ) -> None:
        self.nest = nest
        self.kind = kind
        self.number = number
        self.constant = constant

    def __add__(self, other: Operand) -> Value:
        return self.nest.binary("add", self, other)

    def __radd__(self, other: Operand) -> Value:
        return self.nest.binary("add", self, other)

    def __sub__(self, other: Operand) -> Value:
        return self.nest.binary("sub", self, other)

    def __rsub__(self, other: Operand) -> Value:
        return self.nest.binary("sub", self.nest.like(other, self.kind), self)

    def __mul__(self, other: Operand) -> Value:
        return self.nest.binary("mul", self, other)

    def __rmul__(self, other: Operand) -> Value:
        return self.nest.binary("mul", self, other)

    def __truediv__(self, other: Operand) -> Value:
        return self.nest.binary("div", self, other)

    def __floordiv__(self, other: Operand) -> Value:
        """Unsigned division of whole numbers."""
        return self.nest.binary("udiv", self, other)

    def __mod__(self, other: Operand) -> Value:
        """Unsigned remainder of whole numbers."""
        return self.nest.binary("urem", self, other)

    def __and__(self, other: Operand) -> Value:
        return self.nest.binary("and", self, other)

    def __or__(self, other: Operand) -> Value:
        return self.nest.binary("or", self, other)

    def __xor__(self, other: Operand) -> Value:
        return self.nest.binary("xor", self, other)

    def __lshift__(self, other: Operand) -> Value:
        return self.nest.binary("shl", self, other)

    def __rshift__(self, other: Operand) -> Value:
        """Arithmetic shift: the sign is kept."""
        return self.nest.binary("ashr", self, other)

    def __neg__(self) -> Value:
        return self.nest.like(0, self.kind) - self

    def __repr__(self) -> str:
        if self.constant is not None:
            return f"{self.constant}:{self.kind}"
        return f"%{self.number}:{self.kind}"


Operand: TypeAlias = Value | int | float
