"""Bilinear resizing: each pixel is a mean of four, by weights from tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import F32, I8, I16, I32, I64, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest

Pair: TypeAlias = "tuple[Value, Value]"


@dataclass(frozen=True, slots=True)
class Images:
    """Sizes of the input's images, and of the output's."""

    height: int
    width: int
    channels: int
    new_height: int
    new_width: int


class Mix(Protocol):
    """How four pixels become one."""

    @property
    def element(self) -> Kind:
        """The kind of a pixel's channel in memory."""
        ...

    @property
    def weight(self) -> Kind:
        """The kind of weights, and of pixels that are weighted."""
        ...

    def widen(self, nest: Nest, value: Value) -> Value:
        """From memory to the weights' kind."""
        ...

    def finish(self, nest: Nest, total: Value) -> Value:
        """From the weighted sum to memory."""
        ...


@dataclass(frozen=True, slots=True)
class FloatMix:
    element: Kind = F32
    weight: Kind = F32

    def widen(self, nest: Nest, value: Value) -> Value:
        return value

    def finish(self, nest: Nest, total: Value) -> Value:
        return total


@dataclass(frozen=True, slots=True)
class ByteMix:
    """uint8 by float weights, rounded to the nearest, halves up."""

    element: Kind = I8
    weight: Kind = F32

    def widen(self, nest: Nest, value: Value) -> Value:
        lanes = value.kind.lanes
        return nest.convert(nest.unsigned(value, I32.of(lanes)), F32.of(lanes))

    def finish(self, nest: Nest, total: Value) -> Value:
        lanes = total.kind.lanes
        return nest.convert(nest.convert(total + 0.5, I32.of(lanes)), I8.of(lanes))


@dataclass(frozen=True, slots=True)
class FixedMix:
    """Signed integers by weights in 1024ths, rounded half away from zero."""

    element: Kind
    weight: Kind

    def widen(self, nest: Nest, value: Value) -> Value:
        return nest.convert(value, self.weight.of(value.kind.lanes))

    def finish(self, nest: Nest, total: Value) -> Value:
        negative = nest.compare("lt", total, 0)
        size = nest.select(negative, -total, total)
        rounded = (size + (1 << 19)) >> 20
        signed = nest.select(negative, -rounded, rounded)
        return nest.convert(signed, self.element.of(total.kind.lanes))


BYTES = FixedMix(I8, I32)
SHORTS = FixedMix(I16, I64)


@dataclass(frozen=True, slots=True)
class Places:
    """Pointers to (new size, 2) element offsets (int64) and weights.

    The first of a pair is the pixel before, the second the one after.
    """

    offsets: Value
    weights: Value

    def load(self, nest: Nest, index: Value, weight: Kind) -> tuple[Pair, Pair]:
        at = index * 2
        offsets = nest.load(I64, self.offsets, at), nest.load(I64, self.offsets, at + 1)
        weights = (
            nest.load(weight, self.weights, at),
            nest.load(weight, self.weights, at + 1),
        )
        return offsets, weights


def resize(
    nest: Nest,
    images: Images,
    mix: Mix,
    x: Value,
    places: tuple[Places, Places],
    y: Value,
) -> None:
    """A whole kernel; units of work are the output's rows of all images.

    `places` are those of rows and of columns.
    """
    begin, end = nest.integer(), nest.integer()
    rows, columns = places
    lanes = nest.target.vector_bytes // mix.weight.bytes
    image_size = images.height * images.width * images.channels
    with nest.loop(end, start=begin) as line:
        base = (line.index // images.new_height) * image_size
        row = line.index % images.new_height
        (top, bottom), down = rows.load(nest, row, mix.weight)
        top, bottom = base + top, base + bottom
        with nest.loop(images.new_width) as column:
            (left, right), along = columns.load(nest, column.index, mix.weight)
            corners = (top + left, bottom + left, top + right, bottom + right)
            pixel = line.index * images.new_width + column.index
            place = pixel * images.channels

            def blend(
                channel: Value,
                group: Lanes,
                place: Value = place,
                corners: tuple[Value, ...] = corners,
                down: Pair = down,
                along: Pair = along,
            ) -> None:
                values = [
                    mix.widen(nest, group.load(nest, mix.element, x, at + channel))
                    for at in corners
                ]
                total = mix.finish(nest, _weighted(values, down, along))
                group.store(nest, total, y, place + channel)

            each_vector(nest, images.channels, max(lanes, 1), blend)


def _weighted(corners: list[Value], down: Pair, along: Pair) -> Value:
    """The sum, in the order in which the reference kernels round."""
    top_left, bottom_left, top_right, bottom_right = corners
    return (
        top_left * down[0] * along[0]
        + bottom_left * down[1] * along[0]
        + top_right * down[0] * along[1]
        + bottom_right * down[1] * along[1]
    )
