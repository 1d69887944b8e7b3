"""Weighted sums of two int8 tensors, where one rounding is proven to be enough.

    y = floor((a * K1 + b * K2 + C) / 2**(15 + shift))

The reference kernels round both sides and the sum. With weights of 30 bits one floor
may still give the same for all 65,536 pairs of bytes, which are tried when code is
made. A weight is held in two words of 15 bits and a sign, so that the machine's
products of pairs of words do the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.arithmetic.requantize import within
from gossamer.nest.expr import I8, I32, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from gossamer.nest.build import Nest

_WORD = 15
"""Bits of the lower part of a weight."""
_BYTE = 8
"""A byte lies in the upper half of its word."""
_BITS = 30
_BLOCK = 16
"""Bytes of a block, within which vectors are interleaved and packed."""
_FARTHEST = 4
"""Steps of the last bit that weights may lie from the nearest."""
_BYTES = np.arange(-128, 128)


@dataclass(frozen=True, slots=True)
class ByteSum:
    """The weights' upper and lower words, what is added to each, and the shift."""

    upper: tuple[int, int]
    lower: tuple[int, int]
    addends: tuple[int, int]
    shift: int
    low: int
    high: int

    def apply(self, nest: Nest, left: Value, right: Value) -> Value:
        """int8 lanes, whole blocks, of both tensors to int8 lanes."""
        numbers = (_pair(self.upper), _pair(self.lower), *self.addends, self.shift)
        sums: list[Value] = []
        for words in _interleaved(nest, left, right):
            upper, lower, first, last, shift = (
                nest.number(number, words.kind) for number in numbers
            )
            fine = (nest.dot_pairs(words, lower) + last) >> _WORD
            sums.append((nest.dot_pairs(words, upper) + first + fine) >> shift)
        return within(nest, nest.pack(sums), self.low, self.high)

    def table(self) -> npt.NDArray[np.int64] | None:
        """What `apply` gives for each byte on the left by each on the right.

        None where a sum leaves 32 bits.
        """
        whole, fine = (
            _outer(weights) + addend
            for weights, addend in zip(
                (self.upper, self.lower), self.addends, strict=True
            )
        )
        total = whole + (fine >> _WORD)
        limits = np.iinfo(np.int32)
        if any(
            abs(int(x)) >= limits.max for y in (whole, fine, total) for x in _ends(y)
        ):
            return None
        return np.clip(total >> self.shift, self.low, self.high)


def takes_lanes(count: int) -> bool:
    """Whether `ByteSum.apply` takes so many lanes."""
    return count % _BLOCK == 0 and count in (16, 32, 64)


def proven_sum(
    factors: tuple[float, float],
    zero_points: tuple[int, int, int],
    wanted: npt.NDArray[np.int64],
    limits: tuple[int, int],
) -> ByteSum | None:
    """The sum of bytes that is `wanted`, (256, 256), for each on the left and right.

    `factors` take the centred bytes to the output's steps; `zero_points` are both
    inputs' and the output's. None where no weights near the factors give it.
    """
    for made in _candidates(factors, zero_points, limits):
        table = made.table()
        if table is not None and np.array_equal(table, wanted):
            return made
    return None


def _candidates(
    factors: tuple[float, float],
    zero_points: tuple[int, int, int],
    limits: tuple[int, int],
) -> Iterator[ByteSum]:
    """Sums with weights near the factors, as fine as 32 bits allow."""
    reach = sum(
        abs(factor) * (128 + abs(zero))
        for factor, zero in zip(factors, zero_points, strict=False)
    )
    reach += abs(zero_points[2]) + 1
    if not reach < 1 << 20 or min(map(abs, factors)) == 0:
        return
    room = int(np.floor(np.log2((1 << 31) / reach)))
    widest = int(np.floor(np.log2((1 << _WORD + _BYTE) / max(map(abs, factors)))))
    shift = min(room, widest - 1, _BITS)
    if shift < 1:
        return
    unit = 2.0 ** (shift + _WORD - _BYTE)
    nearest = [round(factor * unit) for factor in factors]
    for one, other in _steps():
        weights = nearest[0] + one, nearest[1] + other
        yield _made(weights, zero_points, shift, limits)


def _steps() -> list[tuple[int, int]]:
    """Steps to try, the shortest first."""
    steps = range(-_FARTHEST, _FARTHEST + 1)
    return sorted(product(steps, steps), key=lambda pair: sum(map(abs, pair)))


def _made(
    weights: tuple[int, int],
    zero_points: tuple[int, int, int],
    shift: int,
    limits: tuple[int, int],
) -> ByteSum:
    addend = (2 * zero_points[2] + 1) << (shift + _WORD - 1)
    for weight, zero in zip(weights, zero_points, strict=False):
        addend -= (weight * zero) << _BYTE
    mask = (1 << _WORD) - 1
    return ByteSum(
        (weights[0] >> _WORD, weights[1] >> _WORD),
        (weights[0] & mask, weights[1] & mask),
        (addend >> _WORD, addend & mask),
        shift,
        *limits,
    )


def _outer(weights: tuple[int, int]) -> npt.NDArray[np.int64]:
    left, right = (np.int64(weight << _BYTE) * _BYTES for weight in weights)
    return left[:, None] + right[None, :]


def _ends(values: npt.NDArray[np.int64]) -> tuple[np.int64, np.int64]:
    return values.min(), values.max()


def _pair(words: tuple[int, int]) -> int:
    """Two words as one number of 32 bits."""
    first, second = words
    return (second << 16) | (first & 0xFFFF)


def _interleaved(nest: Nest, left: Value, right: Value) -> list[Value]:
    """Pairs of words, bytes in their upper halves, four to a vector of each block."""
    lanes = left.kind.lanes
    zero = nest.zero(lanes, I8)
    found: list[Value] = []
    for half in (0, 1):
        both = nest.shuffle(left, right, _order(lanes, half))
        for quarter in (0, 1):
            words = nest.shuffle(zero, both, _order(lanes, quarter))
            found.append(nest.bits(words, I32.of(lanes // 4)))
    return found


def _order(lanes: int, half: int) -> list[int]:
    """One half of each block of two vectors, byte by byte in turn."""
    return [
        block + half * (_BLOCK // 2) + place + side * lanes
        for block in range(0, lanes, _BLOCK)
        for place in range(_BLOCK // 2)
        for side in (0, 1)
    ]
