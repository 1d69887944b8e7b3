"""Elements as they lie in memory, and the lanes in which kernels compute with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.nest.expr import F32, I1, I32, I64, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

_LEAST_BIT = 16
"""Where the last bit of a bfloat16 lies in the float32 that it is the front of."""
_QUIET = 0x7FC0
"""A bfloat16 that is not a number."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element type: its kind in memory, and the wider one to compute in.

    Integers in memory that are computed as floats are bfloat16: a float's first half.
    Bytes that are computed as i1 are true where they are not 0.
    """

    memory: Kind
    computed: Kind
    signed: bool = True

    @property
    def stored(self) -> Element:
        """The same in memory, computed as it is stored."""
        return Element(self.memory, self.memory)

    def read(self, nest: Nest, value: Value) -> Value:
        """What was loaded, as lanes of `computed`."""
        kind = self.computed.of(value.kind.lanes)
        if self.computed == I1 and self.memory != I1:
            return nest.compare("ne", value, 0)
        if self.computed.is_float and not self.memory.is_float:
            wide = nest.unsigned(value, I32.of(value.kind.lanes))
            return nest.bits(wide << _LEAST_BIT, kind)
        if self.signed or self.memory == self.computed:
            return nest.convert(value, kind)
        return nest.unsigned(value, kind)

    def write(self, nest: Nest, value: Value) -> Value:
        """Lanes as they are stored; integers lose the bits that do not fit."""
        kind = self.memory.of(value.kind.lanes)
        if value.kind.is_float and not kind.is_float:
            return nest.convert(_rounded_front(nest, value), kind)
        return nest.convert(value, kind)


def _rounded_front(nest: Nest, value: Value) -> Value:
    """float32 as the 16 bits of a bfloat16, ties to even, in int32 lanes."""
    kind = I32.of(value.kind.lanes)
    if value.kind.base != "f32":
        value = nest.convert(value, F32.of(value.kind.lanes))
    bits = nest.bits(value, kind)
    odd = nest.logical_shift(bits, _LEAST_BIT) & 1
    rounded = nest.logical_shift(bits + odd + 0x7FFF, _LEAST_BIT)
    is_number = nest.compare("eq", value, value)
    return nest.select(is_number, rounded, _QUIET)


def real_part(nest: Nest, value: Value) -> Value:
    """The float32 in front of complex64 lanes, which are held as int64."""
    lanes = value.kind.lanes
    return nest.bits(nest.convert(value, I32.of(lanes)), F32.of(lanes))


def imaginary_part(nest: Nest, value: Value) -> Value:
    """The float32 behind."""
    return real_part(nest, value >> 32)


def complex_of(nest: Nest, real: Value, imaginary: Value) -> Value:
    """complex64 lanes, held as int64."""
    lanes = real.kind.lanes
    low, high = (
        nest.unsigned(nest.bits(part, I32.of(lanes)), I64.of(lanes))
        for part in (real, imaginary)
    )
    return (high << 32) | low
