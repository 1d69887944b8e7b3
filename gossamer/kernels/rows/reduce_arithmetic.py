"""What reductions do to elements: sums, products, extremes, in every type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.arithmetic.requantize import scale, uniform_factor
from gossamer.nest.expr import F32, I8, I32, I64, Kind, Value
from gossamer.nest.target import Dot

if TYPE_CHECKING:
    from gossamer.kernels.arithmetic.integers import Stored
    from gossamer.nest.build import Nest
    from gossamer.nest.target import Target


@dataclass(frozen=True, slots=True)
class FloatSum:
    """The sum, divided by `divisor`."""

    divisor: float = 1.0
    element: Kind = F32
    total: Kind = F32
    in_order: bool = False

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.zero(lanes)

    def widen(self, nest: Nest, element: Value) -> Value:
        return element

    def gather(self, nest: Nest, total: Value, more: Value) -> Value:
        return total + more

    def finish(self, nest: Nest, total: Value) -> Value:
        return total if self.divisor == 1.0 else total / self.divisor


@dataclass(frozen=True, slots=True)
class Joined:
    """Elements joined by an operator of two, without leaving their type.

    `op` is an operator of the nest, `first` what changes no element by it.
    """

    op: str
    first: float
    element: Kind
    in_order: bool = False

    @property
    def total(self) -> Kind:
        return self.element

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.constant(self.first, self.element.of(lanes))

    def widen(self, nest: Nest, element: Value) -> Value:
        return element

    def gather(self, nest: Nest, total: Value, more: Value) -> Value:
        return nest.binary(self.op, total, more)

    def finish(self, nest: Nest, total: Value) -> Value:
        return total


@dataclass(frozen=True, slots=True)
class WholeMean:
    """The mean of whole numbers, cut towards zero."""

    count: int
    element: Kind
    total: Kind = I64
    in_order: bool = False

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.zero(lanes, I64)

    def widen(self, nest: Nest, element: Value) -> Value:
        return nest.convert(element, I64.of(element.kind.lanes))

    def gather(self, nest: Nest, total: Value, more: Value) -> Value:
        return total + more

    def finish(self, nest: Nest, total: Value) -> Value:
        negative = nest.compare("lt", total, 0)
        share = nest.select(negative, -total, total) // self.count
        signed = nest.select(negative, -share, share)
        return nest.convert(signed, self.element.of(total.kind.lanes))


@dataclass(frozen=True, slots=True)
class ScaledSum:
    """The sum of centred integers, times (multiplier, shift), stored as such again.

    `offset` is the input's zero point times the number of elements.
    """

    stored: Stored
    offset: int
    multiplier: int
    shift: int
    zero_point: int
    total: Kind = I32
    in_order: bool = False

    @property
    def element(self) -> Kind:
        return self.stored.kind

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.zero(lanes, I32)

    def widen(self, nest: Nest, element: Value) -> Value:
        return self.stored.widen(nest, element, I32)

    def gather(self, nest: Nest, total: Value, more: Value) -> Value:
        return total + more

    def adds_bytes(self, target: Target, count: int) -> bool:
        """Whether `gather_bytes` serves rows of so many elements."""
        is_byte = self.stored.kind == I8 and count >= target.vector_bytes
        return is_byte and target.dot is Dot.UNSIGNED_QUADS

    def gather_bytes(
        self, nest: Nest, total: Value, pointer: Value, place: int
    ) -> Value:
        """A vector of totals with a vector of bytes in it, `place` bytes on."""
        words = nest.load(total.kind, nest.offset(pointer, place))
        ones = nest.constant(0x01010101, total.kind)
        if self.stored.is_signed:
            return nest.dot_quads(total, ones, words)
        return nest.dot_quads(total, words, ones)

    def finish(self, nest: Nest, total: Value) -> Value:
        factor = uniform_factor(nest, self.multiplier, self.shift, total.kind.lanes)
        scaled = scale(nest, total - self.offset, factor) + self.zero_point
        return self.stored.narrow(nest, scaled)


_NOTHING_YET = 1 << 40
"""A total that no product can be, since it is kept in 32 bits."""


@dataclass(frozen=True, slots=True)
class ScaledProduct:
    """The product of centred integers; each factor but the first is scaled.

    The factor is `multiplier` (16 bits) over 2**`shift`, rounded halves up. Order
    matters, so that lanes must not be gathered with each other.
    """

    stored: Stored
    zero_in: int
    multiplier: int
    shift: int
    zero_out: int
    total: Kind = I64
    in_order: bool = True

    @property
    def element(self) -> Kind:
        return self.stored.kind

    def start(self, nest: Nest, lanes: int) -> Value:
        return nest.constant(_NOTHING_YET, I64.of(lanes))

    def widen(self, nest: Nest, element: Value) -> Value:
        return self.stored.widen(nest, element, I64) - self.zero_in

    def gather(self, nest: Nest, total: Value, more: Value) -> Value:
        scaled = self._scaled(total * more)
        wrapped = (scaled << 32) >> 32
        is_first = nest.compare("eq", total, _NOTHING_YET)
        return nest.select(is_first, more, wrapped)

    def finish(self, nest: Nest, total: Value) -> Value:
        return self.stored.narrow(nest, self._scaled(total) + self.zero_out)

    def _scaled(self, product: Value) -> Value:
        return (product * self.multiplier + (1 << (self.shift - 1))) >> self.shift


ANY = Joined("or", 0, I8)
ALL = Joined("and", 1, I8)
