"""Copy an image into memory with a border around it, ready for a convolution.

The copy may also turn int8 into what the machine's product wants: q + 128 in uint8,
or q - zero_point in int16. The border is real zero in either form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.nest.expr import F32, I8, I16, Kind, Value

if TYPE_CHECKING:
    from gossamer.nest.build import Nest
    from gossamer.nest.target import Target


@dataclass(frozen=True, slots=True)
class Border:
    """Images of `height` x `width` x `channels`, and how wide their border is."""

    images: int
    height: int
    width: int
    channels: int
    top: int
    bottom: int
    left: int
    right: int

    @property
    def rows(self) -> int:
        return self.height + self.top + self.bottom

    @property
    def columns(self) -> int:
        return self.width + self.left + self.right

    @property
    def elements(self) -> int:
        """Elements of all images with their borders."""
        return self.images * self.rows * self.columns * self.channels

    @property
    def is_empty(self) -> bool:
        return not (self.top or self.bottom or self.left or self.right)


@dataclass(frozen=True, slots=True)
class Form:
    """What an element becomes: its kind before and after, and real zero after."""

    source: Kind
    result: Kind
    zero: int = 0
    flip: bool = False
    subtract: int = 0
    copies: bool = False
    """Whether a product reads on behind the last element, so that it needs a copy."""

    def apply(self, nest: Nest, value: Value) -> Value:
        if self.flip:
            value = value ^ -128
        if self.result != self.source:
            return nest.convert(value, I16.of(value.kind.lanes)) - self.subtract
        return value


def float_form() -> Form:
    return Form(F32, F32)


def plain_form(zero_point: int, *, copies: bool = False) -> Form:
    """int8 as it is."""
    return Form(I8, I8, zero_point, copies=copies)


def quad_form(zero_point: int) -> Form:
    """int8 as the uint8 q + 128."""
    zero = zero_point + 128
    return Form(I8, I8, zero - 256 if zero > 127 else zero, flip=True)


def pair_form(zero_point: int) -> Form:
    """int8 as the int16 q - zero_point."""
    return Form(I8, I16, 0, subtract=zero_point)


def unsigned_quad_form(zero_point: int) -> Form:
    """uint8 as it is."""
    return Form(I8, I8, zero_point - 256 if zero_point > 127 else zero_point)


def unsigned_pair_form(zero_point: int) -> Form:
    """uint8 as the int16 q - zero_point."""
    return Form(I8, I16, 0, flip=True, subtract=zero_point - 128)


def short_form() -> Form:
    """int16 as it is."""
    return Form(I16, I16)


def form_lanes(target: Target, form: Form) -> int:
    return max(target.vector_bytes // form.result.bytes, 1)


def copy_with_border(nest: Nest, shape: Border, form: Form, x: Value, y: Value) -> None:
    """A whole kernel; units of work are the rows of all bordered images."""
    begin, end = nest.integer(), nest.integer()
    pitch = shape.columns * shape.channels
    with nest.loop(end, start=begin) as row:
        image = row.index // shape.rows
        line = row.index % shape.rows - shape.top
        target = row.index * pitch
        inside = nest.compare("ult", line, shape.height)
        with nest.when(inside) as choice:
            source = (image * shape.height + line) * (shape.width * shape.channels)
            _fill(nest, form, y, target, shape.left * shape.channels)
            after = target + shape.left * shape.channels
            _copy(nest, form, (x, source), (y, after), shape.width * shape.channels)
            rest = after + shape.width * shape.channels
            _fill(nest, form, y, rest, shape.right * shape.channels)
        with nest.otherwise(choice):
            _fill(nest, form, y, target, pitch)


def _fill(nest: Nest, form: Form, y: Value, start: Value, count: int) -> None:
    lanes = form_lanes(nest.target, form)

    def put(index: Value, group: Lanes) -> None:
        zero = nest.constant(form.zero, form.result.of(group.count))
        group.store(nest, zero, y, start + index)

    each_vector(nest, count, lanes, put)


def _copy(
    nest: Nest,
    form: Form,
    source: tuple[Value, Value],
    target: tuple[Value, Value],
    count: int,
) -> None:
    lanes = form_lanes(nest.target, form)

    def move(index: Value, group: Lanes) -> None:
        value = group.load(nest, form.source, source[0], source[1] + index)
        group.store(nest, form.apply(nest, value), target[0], target[1] + index)

    each_vector(nest, count, lanes, move)
