"""Integers as they lie in memory, signed or not, and back from wider ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.nest.expr import I8, I16, I32, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest


@dataclass(frozen=True, slots=True)
class Stored:
    """A type of integers: their kind in memory, and the least and the greatest."""

    kind: Kind
    low: int
    high: int

    @property
    def is_signed(self) -> bool:
        return self.low < 0

    def widen(self, nest: Nest, value: Value, kind: Kind) -> Value:
        """Lanes from memory as a wider kind."""
        wide = kind.of(value.kind.lanes)
        if self.is_signed:
            return nest.convert(value, wide)
        return nest.unsigned(value, wide)

    def within(self, nest: Nest, value: Value, low: int, high: int) -> Value:
        """Lanes as in memory, held within limits."""
        sign = "s" if self.is_signed else "u"
        if low > self.low:
            value = nest.binary(f"{sign}max", value, low)
        if high < self.high:
            value = nest.binary(f"{sign}min", value, high)
        return value

    def narrow(
        self, nest: Nest, value: Value, low: int | None = None, high: int | None = None
    ) -> Value:
        """Lanes for memory, held within the type's limits or narrower ones."""
        least = self.low if low is None else low
        most = self.high if high is None else high
        kind = self.kind.of(value.kind.lanes)
        if (self.kind, value.kind.element, self.low) == (I8, I32, -128):
            return self.within(nest, nest.narrow(value), least, most)
        return nest.convert(nest.minimum(nest.maximum(value, least), most), kind)


INT8 = Stored(I8, -128, 127)
UINT8 = Stored(I8, 0, 255)
INT16 = Stored(I16, -32768, 32767)
