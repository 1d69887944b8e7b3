"""Dynamic range: float inputs quantized as they come, int8 weights, float outputs.

Each item (a row of a dense layer, an image of a convolution) gets a scale and a zero
point from its own range; the sums are exact integers, scaled back at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gossamer.kernels.arithmetic.clamp import clamp
from gossamer.kernels.arithmetic.packing import in_order
from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.kernels.products.multiply import PlainMultiply, QuadMultiply
from gossamer.nest.expr import F32, F64, I16, I32, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.kernels.products.gemm import Place
    from gossamer.kernels.products.multiply import Multiply
    from gossamer.kernels.products.product import Tile
    from gossamer.kernels.tail import BoundTail
    from gossamer.kernels.windows.border import Border
    from gossamer.nest.build import Nest

PARAMETER_BYTES = 16
"""Bytes per item of what `quantize_items` writes: scale, its inverse, zero point."""

_NEAR_FLOATS = 8192
"""Items up to this size together are measured, and then written while they are near.

What an item's parameters take is mostly waiting, which several items do at once.
"""
_SIGN = -(2**31)
_HALF = 0x3EFFFFFF
"""The bits of the float32 below 0.5: 0.5 itself would round 0.49999997 up."""


@dataclass(frozen=True, slots=True)
class ItemForm:
    """What quantized items look like.

    `kind` is "signed" for int8 q, "unsigned" for uint8 q + 128, "centred" for int16
    q - zero_point.
    """

    kind: Literal["signed", "unsigned", "centred"]
    asymmetric: bool

    @property
    def element_bytes(self) -> int:
        return 2 if self.kind == "centred" else 1

    @property
    def lift(self) -> int:
        """How far elements are above int8."""
        return 128 if self.kind == "unsigned" else 0

    @property
    def needs_sums(self) -> bool:
        """Whether sums of weights have a part in the products with such items."""
        return self.kind == "unsigned" or (self.kind == "signed" and self.asymmetric)


def item_form(multiply: Multiply, *, asymmetric: bool) -> ItemForm:
    """The items that a product reads."""
    if isinstance(multiply, QuadMultiply):
        return ItemForm("unsigned", asymmetric)
    signed = isinstance(multiply, PlainMultiply)
    return ItemForm("signed" if signed else "centred", asymmetric)


def quantize_items(
    nest: Nest,
    shape: Border,
    form: ItemForm,
    pointers: tuple[Value, Value, Value],
) -> None:
    """A whole kernel: x to quantized items with their border, and their parameters.

    Units of work are items, the `images` of `shape`.
    """
    x, y, parameters = pointers
    begin, end = nest.integer(), nest.integer()
    size = shape.height * shape.width * shape.channels
    elements = shape.rows * shape.columns * shape.channels
    some = max(_NEAR_FLOATS // max(size, 1), 1)
    with nest.loop(end, start=begin, step=some) as block:
        last = nest.minimum(block.index + some, end)
        with nest.loop(last, start=block.index) as item:
            source = nest.offset(x, item.index * size, F32)
            place = nest.offset(parameters, item.index * PARAMETER_BYTES)
            _measure(nest, form, source, size, place)
        with nest.loop(last, start=block.index) as item:
            source = nest.offset(x, item.index * size, F32)
            place = nest.offset(parameters, item.index * PARAMETER_BYTES)
            target = nest.offset(y, item.index * (elements * form.element_bytes))
            inverse, zero = nest.load(F32, place, 1), nest.load(I32, place, 2)
            _Quantizer(nest, form, inverse, zero).image(shape, source, target)


def quantize_row(
    nest: Nest, form: ItemForm, size: int, pointers: tuple[Value, Value, Value]
) -> None:
    """One item of `size` floats, within a kernel; pointers as `quantize_items` has."""
    source, target, place = pointers
    _measure(nest, form, source, size, place).row(source, target, size)


def _measure(
    nest: Nest, form: ItemForm, source: Value, size: int, place: Value
) -> _Quantizer:
    """Find an item's range, store its parameters, and be ready to quantize it."""
    low, high = _range(nest, source, size)
    compute = _asymmetric if form.asymmetric else _symmetric
    scale, inverse, zero = compute(nest, low, high)
    nest.store(scale, place)
    nest.store(inverse, place, 1)
    nest.store(zero, place, 2)
    return _Quantizer(nest, form, inverse, zero)


def _range(nest: Nest, x: Value, size: int) -> tuple[Value, Value]:
    """The least and the greatest of 0 and `size` floats."""
    lanes = nest.target.lanes
    zero = nest.zero(lanes)
    ways = 4 if size >= 4 * lanes else 1
    whole = size // (lanes * ways) * lanes * ways
    start = [zero] * (2 * ways)
    state = start
    if whole:
        with nest.loop(whole, step=lanes * ways, carry=start) as loop:
            after: list[Value] = []
            first = whole - lanes * ways - loop.index  # the end was written last
            for way in range(ways):
                value = nest.load(F32.of(lanes), x, first + way * lanes)
                after.append(nest.minimum(loop.values[2 * way], value))
                after.append(nest.maximum(loop.values[2 * way + 1], value))
            loop.carry(after)
        state = list(loop.results)
    low, high = state[0], state[1]
    for way in range(1, ways):
        low = nest.minimum(low, state[2 * way])
        high = nest.maximum(high, state[2 * way + 1])
    least = nest.unary("neg", nest.peak(nest.unary("neg", low)))
    most = nest.peak(high)
    for index in range(whole, size):
        value = nest.load(F32, x, index)
        least, most = nest.minimum(least, value), nest.maximum(most, value)
    return least, most


def _symmetric(nest: Nest, low: Value, high: Value) -> tuple[Value, Value, Value]:
    reach = nest.maximum(nest.unary("neg", low), high)
    empty = nest.compare("eq", reach, 0.0)
    safe = nest.select(empty, 1.0, reach)
    one = nest.constant(127.0, F32)
    scale = nest.select(empty, 1.0, safe / 127.0)
    return scale, one / safe, nest.constant(0, I32)


def _asymmetric(nest: Nest, low: Value, high: Value) -> tuple[Value, Value, Value]:
    """As TFLite: of the two ends the one whose numbers are smaller rounds less."""
    wide_low, wide_high = nest.convert(low, F64), nest.convert(high, F64)
    empty = nest.compare("eq", wide_low, wide_high)
    step = nest.select(empty, 1.0, (wide_high - wide_low) / 255.0)
    from_low = -128.0 - wide_low / step
    from_high = 127.0 - wide_high / step
    low_error = nest.unary("abs", wide_low / step) + 128.0
    high_error = nest.unary("abs", wide_high / step) + 127.0
    nearer = nest.compare("lt", low_error, high_error)
    real = nest.select(nearer, from_low, from_high)
    half = nest.select(nest.compare("lt", real, 0.0), nest.constant(-0.5, F64), 0.5)
    zero = nest.convert(nest.unary("trunc", real + half), I32)
    zero = nest.minimum(nest.maximum(zero, -128), 127)
    zero = nest.select(empty, 0, zero)
    scale = nest.select(empty, 1.0, (high - low) / 255.0)
    return scale, nest.constant(1.0, F32) / scale, zero


@dataclass(frozen=True, slots=True)
class _Quantizer:
    """Writes quantized elements, and real zeros around them."""

    nest: Nest
    form: ItemForm
    inverse: Value
    zero: Value

    def image(self, shape: Border, x: Value, y: Value) -> None:
        nest = self.nest
        if shape.is_empty:
            self.row(x, y, shape.height * shape.width * shape.channels)
            return
        pitch = shape.columns * shape.channels * self.form.element_bytes
        line = shape.width * shape.channels
        before = shape.left * shape.channels
        with nest.loop(shape.rows) as row:
            target = nest.offset(y, row.index * pitch)
            inner = row.index - shape.top
            inside = nest.compare("ult", inner, shape.height)
            with nest.when(inside) as choice:
                self._fill(target, 0, before)
                source = nest.offset(x, inner * line, F32)
                start = nest.offset(target, before * self.form.element_bytes)
                self.row(source, start, line)
                self._fill(target, before + line, shape.right * shape.channels)
            with nest.otherwise(choice):
                self._fill(target, 0, shape.columns * shape.channels)

    def _fill(self, y: Value, start: int, count: int) -> None:
        nest = self.nest

        def put(index: Value, group: Lanes) -> None:
            zero = nest.splat(self.zero, group.count)
            self._store(group, zero, zero, y, start + index)

        each_vector(nest, count, nest.target.lanes, put)

    def row(self, x: Value, y: Value, count: int) -> None:
        """`count` adjoining elements."""
        nest, lanes = self.nest, self.nest.target.lanes
        step = 4 * lanes
        whole = 0 if self.form.kind == "centred" else count // step * step
        if whole:
            with nest.loop(whole, step=step) as loop:
                self._four(x, y, loop.index)

        def move(index: Value, group: Lanes) -> None:
            value = self._whole(group.load(nest, F32, x, index + whole))
            zero = nest.splat(self.zero, group.count)
            self._store(group, value, zero, y, index + whole)

        each_vector(nest, count - whole, lanes, move)

    def _four(self, x: Value, y: Value, index: Value) -> None:
        """Four vectors, stored as one."""
        nest, lanes = self.nest, self.nest.target.lanes
        kind = F32.of(lanes)
        packed = nest.pack(
            [self._whole(nest.load(kind, x, index + v * lanes)) for v in range(4)]
        )
        nest.store(self._lifted(in_order(nest, packed, lanes)), y, index)

    def _whole(self, value: Value) -> Value:
        """The quantized integers, in 32 bits; to store bytes cuts them to -128..127."""
        nest, count = self.nest, value.kind.lanes
        scaled = value * nest.splat(self.inverse, count)
        whole = nest.convert(_away(nest, scaled), I32.of(count))
        if not self.form.asymmetric:
            return nest.minimum(nest.maximum(whole, -127), 127)
        whole = whole + nest.splat(self.zero, count)
        if self.form.kind == "centred":
            return nest.minimum(nest.maximum(whole, -128), 127)
        return whole

    def _store(
        self, group: Lanes, value: Value, zero: Value, y: Value, index: Value
    ) -> None:
        nest = self.nest
        if self.form.kind == "centred":
            small = nest.convert(value - zero, I16.of(group.count))
        else:
            small = self._lifted(nest.narrow(value))
        group.store(nest, small, y, index)

    def _lifted(self, small: Value) -> Value:
        return small ^ -128 if self.form.kind == "unsigned" else small


def _away(nest: Nest, value: Value) -> Value:
    """Add half with the value's sign, so that cutting rounds halves away from zero."""
    kind = I32.of(value.kind.lanes)
    half = (nest.bits(value, kind) & _SIGN) | _HALF
    return value + nest.bits(half, value.kind)


@dataclass(frozen=True, slots=True)
class HybridEpilogue:
    """int32 sums to float: (sum - zero point * weight sum) * scales + bias.

    `weight_sums` is None where the items carry their zero point no longer. Items are
    `lift` above what they stand for. `rows_per_item` output rows come from one item.
    """

    parameters: Value
    scales: Value
    weight_sums: Value | None
    bias: Value | None
    limits: tuple[float, float]
    items: int
    rows_per_item: int
    tail: BoundTail | None = None
    lift: int = 128
    output_bytes: int = 4

    def start(self, nest: Nest, column: Value, tile: Tile) -> list[Value]:
        return [nest.zero(tile.lanes, I32)] * tile.vectors

    def finish(
        self, nest: Nest, sums: list[list[Value]], place: Place, tile: Tile
    ) -> None:
        items = [self._item(nest, place.row + row) for row in range(len(sums))]
        for v in range(tile.vectors):
            column = place.column + v * tile.lanes
            kind = F32.of(tile.lanes)
            scales = nest.load(kind, self.scales, column)
            bias = None if self.bias is None else nest.load(kind, self.bias, column)
            for row, vectors in enumerate(sums):
                scale, zero = items[row]
                total = vectors[v]
                if self.weight_sums is not None:
                    weight = nest.load(I32.of(tile.lanes), self.weight_sums, column)
                    total = total - weight * nest.splat(zero, tile.lanes)
                value = nest.convert(total, kind) * (
                    scales * nest.splat(scale, tile.lanes)
                )
                value = value if bias is None else value + bias
                value = clamp(nest, value, self.limits)
                if self.tail is not None:
                    index = (place.row + row) * (place.pitch // 4) + column
                    value = self.tail.apply(nest, value, index, column)
                address = nest.offset(
                    place.corner, row * place.pitch + v * tile.lanes * 4
                )
                nest.store(value, address, 0, tile.valid(v))

    def _item(self, nest: Nest, row: Value) -> tuple[Value, Value]:
        """Scale and lifted zero point of the item an output row belongs to."""
        index = row // self.rows_per_item if self.items > 1 else row * 0
        place = nest.offset(self.parameters, index * PARAMETER_BYTES)
        return nest.load(F32, place), nest.load(I32, place, 2) + self.lift


@dataclass(frozen=True, slots=True)
class HybridDepthwise:
    """Depthwise on int16 items that are centred on zero; float32 out."""

    weights: Value
    scales: Value
    bias: Value | None
    y: Value
    parameters: Value
    limits: tuple[float, float]
    images: int
    image_elements: int
    tail: BoundTail | None = None
    element_bytes: int = 2

    def tap(self, nest: Nest, x: Value, index: Value, group: Lanes) -> Value:
        small = group.load(nest, I16, x, index)
        wide = nest.convert(small, I32.of(group.count))
        return nest.convert(wide, F32.of(group.count))

    def outside(self, nest: Nest, group: Lanes) -> Value | None:
        return None

    def weight(self, nest: Nest, index: Value, group: Lanes) -> Value:
        return group.load(nest, F32, self.weights, index)

    def start(self, nest: Nest, channel: Value, group: Lanes) -> Value:
        return nest.zero(group.count)

    def finish(
        self,
        nest: Nest,
        sums: Sequence[Value],
        places: Sequence[Value],
        channel: Value,
        group: Lanes,
    ) -> None:
        scales = group.load(nest, F32, self.scales, channel)
        bias = None if self.bias is None else group.load(nest, F32, self.bias, channel)
        for total, place in zip(sums, places, strict=True):
            item = place // self.image_elements if self.images > 1 else place * 0
            parameters = nest.offset(self.parameters, item * PARAMETER_BYTES)
            scale = nest.splat(nest.load(F32, parameters), group.count)
            value = total * (scales * scale)
            value = value if bias is None else value + bias
            value = clamp(nest, value, self.limits)
            if self.tail is not None:
                value = self.tail.apply(nest, value, place, channel, group.valid)
            group.store(nest, value, self.y, place)
