"""Where the rows of a product on the matrix unit come from.

Rows that lie at equal distances are read in place: the pixels of an image, and the
patches under a filter that moves by one pixel. Other patches are copied together first,
so that their runs of adjoining pixels become one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gossamer.kernels.elements.elementwise import Lanes, each_vector
from gossamer.kernels.tiles.product import CHUNK, HEIGHT
from gossamer.kernels.tiles.split import clear, split_row
from gossamer.nest.expr import F32, I8

if TYPE_CHECKING:
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value


@dataclass(frozen=True, slots=True)
class Segments:
    """How a row lies in memory: `count` runs of `words` words, `stride` bytes apart.

    A run is read in whole chunks; weights of zero meet what lies behind it.
    """

    words: int
    count: int = 1
    stride: int = 0

    @property
    def chunks(self) -> int:
        """Chunks of a run."""
        return -(-self.words * 4 // CHUNK)


@dataclass(frozen=True, slots=True)
class OutputRow:
    """A row of the output; where it is not `inside`, its values go to `spare` memory.

    Its number is one of the output in any case.
    """

    number: Value
    inside: Value | None
    spare: Value

    def place(self, nest: Nest, base: Value, pitch: int) -> Value:
        """Where it lies in an output of `pitch` bytes a row."""
        address = nest.offset(base, self.number * pitch)
        if self.inside is None:
            return address
        return nest.select(self.inside, address, self.spare)


class RowSource(Protocol):
    """The left operand of a product."""

    @property
    def pitch(self) -> int:
        """Bytes from row to row where `block` leaves them."""
        ...

    @property
    def next_part(self) -> int:
        """Bytes from a part of a row to the next lower one, where rows are split."""
        ...

    @property
    def segments(self) -> Segments:
        """The runs of a row."""
        ...

    def block(
        self, nest: Nest, x: Value, place: Value, rows: tuple[Value, int]
    ) -> Value:
        """The address of some rows: the first one, and how many.

        `place` is memory of `local_bytes` for them.
        """
        ...

    def output(self, nest: Nest, row: Value, spare: Value) -> OutputRow:
        """The row of the output that a row of the product becomes."""
        ...

    @property
    def local_bytes(self) -> int:
        """Memory that a call of the kernel needs for a block."""
        ...


@dataclass(frozen=True, slots=True)
class RowsInPlace:
    """Rows `pitch` bytes apart, the parts of a row `next_part`."""

    pitch: int
    segments: Segments
    next_part: int = 0
    local_bytes: int = 0

    def block(
        self, nest: Nest, x: Value, place: Value, rows: tuple[Value, int]
    ) -> Value:
        del place
        return nest.offset(x, rows[0] * self.pitch)

    def output(self, nest: Nest, row: Value, spare: Value) -> OutputRow:
        del nest
        return OutputRow(row, None, spare)


@dataclass(frozen=True, slots=True)
class SplitRows:
    """Rows of `count` adjoining floats, split block by block."""

    count: int
    height: int
    parts: int

    @property
    def segments(self) -> Segments:
        return Segments(-(-self.count // 2))

    @property
    def pitch(self) -> int:
        return self.segments.chunks * CHUNK

    @property
    def next_part(self) -> int:
        return self.height * self.pitch

    @property
    def local_bytes(self) -> int:
        return self.parts * self.height * self.pitch

    def block(
        self, nest: Nest, x: Value, place: Value, rows: tuple[Value, int]
    ) -> Value:
        first, count = rows
        missing = self.pitch // 2 - self.count
        with nest.loop(count) as row:
            source = nest.offset(x, (first + row.index) * self.count, F32)
            high = nest.offset(place, row.index * self.pitch)
            parts = [
                nest.offset(high, part * self.next_part) for part in range(self.parts)
            ]
            split_row(nest, source, parts, self.count)
            for part in parts:
                clear(nest, part, self.count, missing)
        return place

    def output(self, nest: Nest, row: Value, spare: Value) -> OutputRow:
        del nest
        return OutputRow(row, None, spare)


@dataclass(frozen=True, slots=True)
class Pixels:
    """Every pixel of images with a border, as the first of a patch that is read there.

    A filter that moves by one pixel sees a row at every pixel; those that would reach
    over the end of a line or an image are multiplied all the same, and left out of the
    output. `lines` and `columns` are those of an image with its border.
    """

    pitch: int
    segments: Segments
    images: int
    lines: int
    columns: int
    out_height: int
    out_width: int
    next_part: int = 0
    local_bytes: int = 0

    @property
    def rows(self) -> int:
        """From the first pixel to the last that is the first of a patch."""
        last_image = (self.out_height - 1) * self.columns + self.out_width
        return (self.images - 1) * self.lines * self.columns + last_image

    def block(
        self, nest: Nest, x: Value, place: Value, rows: tuple[Value, int]
    ) -> Value:
        del place
        return nest.offset(x, rows[0] * self.pitch)

    def output(self, nest: Nest, row: Value, spare: Value) -> OutputRow:
        line, column = row // self.columns, row % self.columns
        inside = nest.compare("ult", column, self.out_width)
        number = line * self.out_width + column
        if self.images > 1:
            image, line = line // self.lines, line % self.lines
            below = nest.compare("ult", line, self.out_height)
            inside = nest.binary("and", inside, below)
            number = (image * self.out_height + line) * self.out_width + column
        return OutputRow(nest.select(inside, number, 0), inside, spare)


@dataclass(frozen=True, slots=True)
class Patches:
    """Patches of images, one per output pixel, as rows of whole chunks; in bytes.

    A patch is `lines` by `parts` runs of `run` bytes. `out_height` by `out_width`
    patches are in an image of `image_stride`, `line_stride` and `step` apart. Where
    images are split, those of the next of `planes` parts lie `next_image` behind.
    """

    out_height: int
    out_width: int
    image_stride: int
    line_stride: int
    step: int
    run: int
    lines: int
    line_distance: int
    parts: int = 1
    part_stride: int = 0
    images: int = 1
    height: int = 2 * HEIGHT
    next_image: int = 0
    planes: int = 1

    @property
    def next_part(self) -> int:
        return self.height * self.pitch

    @property
    def segments(self) -> Segments:
        return Segments(-(-self.size // 4))

    @property
    def size(self) -> int:
        return self.run * self.lines * self.parts

    @property
    def pitch(self) -> int:
        return -(-self.size // CHUNK) * CHUNK

    @property
    def rows(self) -> int:
        return self.images * self.out_height * self.out_width

    @property
    def local_bytes(self) -> int:
        return self.height * self.pitch * self.planes

    def block(
        self, nest: Nest, x: Value, place: Value, rows: tuple[Value, int]
    ) -> Value:
        first, count = rows
        with nest.loop(count) as loop:
            source = nest.offset(x, self._start(first + loop.index))
            target = nest.offset(place, loop.index * self.pitch)
            for plane in range(self.planes):
                start = nest.offset(source, plane * self.next_image)
                self._copy(nest, start, nest.offset(target, plane * self.next_part))
        return place

    def output(self, nest: Nest, row: Value, spare: Value) -> OutputRow:
        del nest
        return OutputRow(row, None, spare)

    def _start(self, row: Value) -> Value:
        """Bytes to a patch's first pixel."""
        per_image = self.out_height * self.out_width
        image = row // per_image if self.images > 1 else None
        within = row % per_image if self.images > 1 else row
        distance = within // self.out_width * self.line_stride
        distance = distance + within % self.out_width * self.step
        return distance if image is None else distance + image * self.image_stride

    def _copy(self, nest: Nest, source: Value, target: Value) -> None:
        """Copy a patch; zeros fill the last chunk, lest it hold what is no number."""
        length = self.run * self.parts
        if self.size < self.pitch:
            zero = nest.constant(0, I8.of(CHUNK))
            nest.store(zero, target, self.pitch - CHUNK)
        with nest.loop(self.lines) as line:
            left = nest.offset(source, line.index * self.line_distance)
            right = nest.offset(target, line.index * length)
            if self.parts == 1:
                self._copy_run(nest, left, right)
            else:
                self._copy_parts(nest, left, right)

    def _copy_parts(self, nest: Nest, source: Value, target: Value) -> None:
        with nest.loop(self.parts) as part:
            left = nest.offset(source, part.index * self.part_stride)
            self._copy_run(nest, left, nest.offset(target, part.index * self.run))

    def _copy_run(self, nest: Nest, source: Value, target: Value) -> None:
        size = min(CHUNK, 1 << (self.run - 1).bit_length())

        def move(byte: Value, group: Lanes) -> None:
            group.store(nest, group.load(nest, I8, source, byte), target, byte)

        each_vector(nest, self.run, size, move, unroll=4 if self.run > 512 else 1)


def copy_patches(nest: Nest, patches: Patches, x: Value, y: Value) -> None:
    """A whole kernel: all patches into memory; units of work are lines of patches."""
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as line:
        start = line.index * patches.out_width
        target = nest.offset(y, start * patches.pitch)
        patches.block(nest, x, target, (start, patches.out_width))
