"""How one word of the left operand meets a vector of the right one.

Matrix products read both operands in words of 32 bits: one float, four int8 or two
int16. `depth` elements of the inner dimension are in a word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from gossamer.nest.expr import F32, I8, I16, I32, I64, Kind, Value
from gossamer.nest.target import Dot, Target

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.nest.build import Nest

WORD_BYTES = 4
_LEAST = -128
_SHORT_PRODUCTS = 8


class Multiply(Protocol):
    """The arithmetic of a matrix product."""

    @property
    def depth(self) -> int:
        """Elements of the inner dimension in a word."""
        ...

    @property
    def word(self) -> Kind:
        """The kind that a word of the left operand is read as."""
        ...

    @property
    def total(self) -> Kind:
        """The kind of a sum, one lane."""
        ...

    @property
    def left_bytes(self) -> int:
        """Bytes of a word of the left operand."""
        ...

    @property
    def weight_bytes(self) -> int:
        """Bytes of the right operand per word and column."""
        ...

    def weights(self, nest: Nest, pointer: Value, index: int, lanes: int) -> Value:
        """`lanes` columns of the right operand, `index` columns behind `pointer`."""
        ...

    def broadcast(self, nest: Nest, pointer: Value, byte: Value, lanes: int) -> Value:
        """The left operand's word at `byte`, in every lane."""
        ...

    def vector(self, nest: Nest, pointer: Value, lanes: int) -> Value:
        """`lanes` words of the left operand, ready to be picked from."""
        ...

    def accumulate(self, nest: Nest, total: Value, left: Value, right: Value) -> Value:
        """`total` plus the products."""
        ...


@dataclass(frozen=True, slots=True)
class _Words:
    """Both operands lie in words as they are multiplied."""

    depth: int
    word: Kind
    total: Kind
    left_bytes: int = WORD_BYTES
    weight_bytes: int = WORD_BYTES

    def weights(self, nest: Nest, pointer: Value, index: int, lanes: int) -> Value:
        return nest.load(self.word.of(lanes), pointer, index)

    def broadcast(self, nest: Nest, pointer: Value, byte: Value, lanes: int) -> Value:
        return nest.splat(nest.load(self.word, nest.offset(pointer, byte)), lanes)

    def vector(self, nest: Nest, pointer: Value, lanes: int) -> Value:
        return nest.load(self.word.of(lanes), pointer)


@dataclass(frozen=True, slots=True)
class FloatMultiply(_Words):
    """float32 by float32."""

    depth: int = 1
    word: Kind = F32
    total: Kind = F32

    def accumulate(self, nest: Nest, total: Value, left: Value, right: Value) -> Value:
        return nest.fma(left, right, total)


@dataclass(frozen=True, slots=True)
class ByteMultiply(_Words):
    """int8 by int8, each widened on load: for machines that add up no pairs."""

    depth: int = 1
    word: Kind = I32
    total: Kind = I32
    left_bytes: int = 1
    weight_bytes: int = 1

    def weights(self, nest: Nest, pointer: Value, index: int, lanes: int) -> Value:
        return nest.convert(nest.load(I8.of(lanes), pointer, index), I32.of(lanes))

    def broadcast(self, nest: Nest, pointer: Value, byte: Value, lanes: int) -> Value:
        one = nest.convert(nest.load(I8, nest.offset(pointer, byte)), I32)
        return nest.splat(one, lanes)

    def vector(self, nest: Nest, pointer: Value, lanes: int) -> Value:
        return self.weights(nest, pointer, 0, lanes)

    def accumulate(self, nest: Nest, total: Value, left: Value, right: Value) -> Value:
        return total + left * right


@dataclass(frozen=True, slots=True)
class QuadMultiply(_Words):
    """uint8 by int8, four products a lane; the left operand is q + 128."""

    depth: int = 4
    word: Kind = I32
    total: Kind = I32

    def accumulate(self, nest: Nest, total: Value, left: Value, right: Value) -> Value:
        return nest.dot_quads(total, left, right)


@dataclass(frozen=True, slots=True)
class SignedQuadMultiply(_Words):
    """int8 by int8, four products a lane."""

    depth: int = 4
    word: Kind = I32
    total: Kind = I32

    def accumulate(self, nest: Nest, total: Value, left: Value, right: Value) -> Value:
        return nest.apply("dot_signed_quads", total.kind, total, left, right)


@dataclass(frozen=True, slots=True)
class ShortQuadMultiply(_Words):
    """The same by way of int16, which holds two products unless a weight is -128.

    Pairs of bytes of four columns of weights are in `SHORT_ORDER`.
    """

    depth: int = 4
    word: Kind = I32
    total: Kind = I32

    def accumulate(self, nest: Nest, total: Value, left: Value, right: Value) -> Value:
        return nest.apply("dot_short_quads", total.kind, total, left, right)


PlainMultiply: TypeAlias = ByteMultiply | SignedQuadMultiply | ShortQuadMultiply
"""What multiplies int8 as it lies in memory, with its zero point."""


@dataclass(frozen=True, slots=True)
class WidePairMultiply(_Words):
    """int16 by int16, two products a lane, for weights of more than eight bits."""

    depth: int = 2
    word: Kind = I32
    total: Kind = I32

    def accumulate(self, nest: Nest, total: Value, left: Value, right: Value) -> Value:
        if nest.target.dot.reads_bytes:
            return nest.apply("dot_pairs_more", total.kind, total, left, right)
        return total + nest.dot_pairs(left, right)


@dataclass(frozen=True, slots=True)
class PairMultiply(WidePairMultiply):
    """int16 by int8 widened on load, two products a lane; the left operand is int16."""

    weight_bytes: int = 2

    def weights(self, nest: Nest, pointer: Value, index: int, lanes: int) -> Value:
        pairs = nest.load(I8.of(2 * lanes), pointer, 2 * index)
        return nest.bits(nest.convert(pairs, I16.of(2 * lanes)), I32.of(lanes))


@dataclass(frozen=True, slots=True)
class WideMultiply(WidePairMultiply):
    """Two products of int16 a lane, summed in 64 bits."""

    total: Kind = I64

    def accumulate(self, nest: Nest, total: Value, left: Value, right: Value) -> Value:
        """`total` plus the products.

        Two products of -32768 squared make 2**31, which wraps around to the least
        number. No other pair gives that, and one less wraps back.
        """
        pair = nest.dot_pairs(left, right) - 1
        return total + nest.convert(pair, total.kind) + 1


def byte_multiply(
    target: Target, weights: npt.NDArray[Any]
) -> QuadMultiply | PairMultiply | PlainMultiply:
    """The fastest exact product of int8 as it lies in memory by these weights."""
    if target.dot is Dot.WIDEN:
        return ByteMultiply()
    if target.dot is Dot.SIGNED_QUADS:
        return SignedQuadMultiply()
    if target.dot is Dot.SHORT_QUADS and weights.min(initial=0) > _LEAST:
        return ShortQuadMultiply()
    return integer_multiply(target)


def item_multiply(
    target: Target, weights: npt.NDArray[Any]
) -> QuadMultiply | PairMultiply | PlainMultiply:
    """The fastest exact product of items quantized as they come by these weights."""
    if target.dot.reads_bytes:
        return byte_multiply(target, weights)
    return integer_multiply(target)


def tile_room(target: Target, multiply: Multiply) -> Target:
    """The machine with the registers that are left for a tile.

    LLVM has many products in int16 under way at once.
    """
    if isinstance(multiply, ShortQuadMultiply):
        return replace(target, registers=target.registers - _SHORT_PRODUCTS)
    return target


def integer_multiply(target: Target) -> QuadMultiply | PairMultiply:
    """The fastest exact int8 product of the machine."""
    if target.dot is Dot.UNSIGNED_QUADS:
        return QuadMultiply()
    return PairMultiply()
