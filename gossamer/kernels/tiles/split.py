"""float32 as a sum of bfloat16, for a matrix unit that multiplies only these.

    a = high + middle + low,   high = bfloat16(a),   middle = bfloat16(a - high), ...

Three parts hold a float32 whole; two lose up to 2**-17 of it. Infinity has lower parts
of zero, and what is not a number is none in any part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import F32, I16, I32, Value

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.nest.build import Nest

_SIZE = 0x7FFFFFFF
_INFINITY = 0x7F800000
_ROUNDS_TO_INFINITY = 0x7F7F8000
_HALF = 0x8000
_HIGH = -0x10000
_GROUP = 32
"""Elements that are split together: two vectors of floats, one of their parts."""


def split_constant(
    values: npt.NDArray[np.float32], parts: int
) -> list[npt.NDArray[Any]]:
    """The parts as uint16, the highest first."""
    rest = np.ascontiguousarray(values)
    found: list[npt.NDArray[Any]] = []
    for _ in range(parts):
        bits = rest.view(np.int32)
        size = bits & _SIZE
        up = np.where(size < _ROUNDS_TO_INFINITY, bits + _HALF, bits)
        part = (up & np.int32(_HIGH)).astype(np.int32)
        found.append((part >> 16).astype(np.uint16))
        with np.errstate(invalid="ignore"):
            below = rest - part.view(np.float32)
        rest = np.where(size == _INFINITY, np.float32(0), below).astype(np.float32)
    return found


@dataclass(frozen=True, slots=True)
class SplitLines:
    """Lines of `count` floats, and the zeros around them in the split planes.

    An image has `height` lines with `top` and `bottom` lines of zeros around them;
    `before` and `after` are zeros in a line. A plane follows for each of `parts`, and
    64 bytes of zeros in the end.
    """

    images: int
    height: int
    count: int
    parts: int
    top: int = 0
    bottom: int = 0
    before: int = 0
    after: int = 0

    @property
    def lines(self) -> int:
        return self.images * (self.top + self.height + self.bottom)

    @property
    def pitch(self) -> int:
        """Bytes of a line in a plane."""
        return 2 * (self.before + self.count + self.after)

    @property
    def plane_bytes(self) -> int:
        return self.lines * self.pitch


def split_lines(nest: Nest, shape: SplitLines, x: Value, y: Value) -> None:
    """A whole kernel: floats to planes; units of work are lines of a plane."""
    begin, end = nest.integer(), nest.integer()
    per_image = shape.top + shape.height + shape.bottom
    with nest.loop(end, start=begin) as line:
        image = line.index // per_image
        inner = line.index % per_image - shape.top
        first = nest.offset(y, line.index * shape.pitch)
        planes = [
            nest.offset(first, part * shape.plane_bytes) for part in range(shape.parts)
        ]
        with nest.when(nest.compare("ult", inner, shape.height)) as inside:
            source = (image * shape.height + inner) * shape.count
            start = nest.offset(x, source, F32)
            for plane in planes:
                clear(nest, plane, 0, shape.before)
                clear(nest, plane, shape.before + shape.count, shape.after)
            places = [nest.offset(plane, shape.before, I16) for plane in planes]
            split_row(nest, start, places, shape.count)
        with nest.otherwise(inside):
            for plane in planes:
                clear(nest, plane, 0, shape.pitch // 2)
        with nest.when(nest.compare("eq", line.index, shape.lines - 1)):
            clear(nest, nest.offset(planes[-1], shape.pitch), 0, _GROUP)


def clear(nest: Nest, plane: Value, start: int, count: int) -> None:
    """Zeros for `count` parts from `start` on."""

    def put(index: Value, group: Lanes) -> None:
        zero = nest.constant(0, I16.of(group.count))
        group.store(nest, zero, plane, start + index)

    each_vector(nest, count, _GROUP, put)


def split_row(nest: Nest, x: Value, places: list[Value], count: int) -> None:
    """Write the parts of `count` floats to their places, the highest part first."""
    half = _GROUP // 2

    def parts(index: Value, valid: int) -> list[Value]:
        if valid <= 0:
            return [nest.zero(half, I32)] * len(places)
        value = nest.load(F32.of(half), x, index, min(valid, half))
        return _parts(nest, value, len(places))

    def group(index: Value, lanes: Lanes) -> None:
        first = parts(index, lanes.valid)
        second = parts(index + half, lanes.valid - half)
        for place, one, two in zip(places, first, second, strict=True):
            nest.store(_upper(nest, one, two), place, index, lanes.valid)

    each_vector(nest, count, _GROUP, group)


def _parts(nest: Nest, value: Value, count: int) -> list[Value]:
    """The parts in the upper halves of int32 lanes.

    What is left after the highest part is never so large that it rounds to infinity.
    """
    kind = I32.of(value.kind.lanes)
    bits = nest.bits(value, kind)
    size = bits & _SIZE
    rounds = nest.compare("lt", size, _ROUNDS_TO_INFINITY)
    found = [nest.select(rounds, bits + _HALF, bits)]
    rest = value - nest.bits(found[0] & _HIGH, value.kind)
    infinite = nest.compare("eq", size, _INFINITY)
    rest = nest.select(infinite, nest.constant(0, value.kind), rest)
    while True:
        found.append(nest.bits(rest, kind) + _HALF)
        if len(found) == count:
            return found
        rest = rest - nest.bits(found[-1] & _HIGH, value.kind)


def _upper(nest: Nest, first: Value, second: Value) -> Value:
    """The upper halves of the lanes of two int32 vectors."""
    words = I16.of(_GROUP)
    odd = range(1, 2 * _GROUP, 2)
    return nest.shuffle(nest.bits(first, words), nest.bits(second, words), odd)
