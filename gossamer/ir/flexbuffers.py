"""FlexBuffers: the form in which converters write the options of custom operators.

A buffer is read from its end: the last byte is the width of the root value, the one
before it the root's type. Vectors, maps and strings are named by how far they lie
before the place that names them, so that nothing here can lead forwards; how deep and
how much is read is bounded all the same, as vectors may be named more than once.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from gossamer.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FlexValue: TypeAlias = Any
"""None, a bool, an int, a float, a str, bytes, a list of these or a dict by name."""

MOST_DEPTH = 32

_NULL, _INT, _UINT, _FLOAT, _KEY, _STRING = range(6)
_INDIRECT = {6: _INT, 7: _UINT, 8: _FLOAT}
_MAP, _VECTOR = 9, 10
_TYPED = {11: _INT, 12: _UINT, 13: _FLOAT, 14: _KEY, 15: _STRING, 36: 26}
_FIXED = {
    16 + 3 * (length - 2) + kind: (length, (_INT, _UINT, _FLOAT)[kind])
    for length in (2, 3, 4)
    for kind in range(3)
}
_BLOB, _BOOL = 25, 26
_SIGNED = {1: "<b", 2: "<h", 4: "<i", 8: "<q"}
_UNSIGNED = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}
_FLOATS = {2: "<e", 4: "<f", 8: "<d"}


def decode(data: bytes) -> FlexValue:
    """The value that a buffer holds.

    Raises:
        FormatError: the bytes are no FlexBuffer.
    """
    if len(data) < 3:
        raise FormatError(f"a FlexBuffer has 3 bytes at least, not {len(data)}")
    width = data[-1]
    reader = _Reader(data, len(data))
    return reader.value(len(data) - 2 - width, width, data[-2], 0)


def decode_map(data: bytes) -> dict[str, FlexValue]:
    """The values that a buffer holds by name; none where it is empty.

    Raises:
        FormatError: the bytes are no FlexBuffer, or its root is no map.
    """
    if not data:
        return {}
    value = decode(data)
    if not isinstance(value, dict):
        raise FormatError(f"the FlexBuffer holds {value!r}, not values by name")
    return cast("dict[str, FlexValue]", value)


@dataclass(slots=True)
class _Reader:
    """`left` is how many more values may be read: each takes a byte, at least."""

    data: bytes
    left: int

    def value(self, at: int, width: int, packed: int, depth: int) -> FlexValue:
        """The value at `at`, in `width` bytes, of the packed type."""
        self._spend(depth)
        kind, inner = packed >> 2, 1 << (packed & 3)
        if kind in (_NULL, _INT, _UINT, _FLOAT, _BOOL):
            return self._scalar(kind, at, width)
        target = at - self._number(_UNSIGNED, at, width)
        if kind in _INDIRECT:
            return self._scalar(_INDIRECT[kind], target, inner)
        if kind == _KEY:
            return self._key(target)
        if kind in (_STRING, _BLOB):
            found = self._slice(target, self._size(target, inner))
            return self._text(found) if kind == _STRING else found
        if kind == _MAP:
            return self._map(target, inner, depth)
        if kind == _VECTOR:
            return self._vector(target, inner, depth)
        if kind in _FIXED:
            length, element = _FIXED[kind]
            return self._typed(target, inner, length, element, depth)
        if kind in _TYPED:
            length = self._size(target, inner)
            return self._typed(target, inner, length, _TYPED[kind], depth)
        raise FormatError(f"a FlexBuffer has a value of type {kind}")

    def _scalar(self, kind: int, at: int, width: int) -> FlexValue:
        if kind == _NULL:
            return None
        if kind == _FLOAT:
            return float(self._number(_FLOATS, at, width))
        number = self._number(_SIGNED if kind == _INT else _UNSIGNED, at, width)
        return bool(number) if kind == _BOOL else number

    def _vector(self, at: int, width: int, depth: int) -> list[FlexValue]:
        count = self._count(at, width)
        types = self._slice(at + count * width, count)
        return [
            self.value(at + i * width, width, types[i], depth + 1) for i in range(count)
        ]

    def _typed(
        self, at: int, width: int, count: int, kind: int, depth: int
    ) -> list[FlexValue]:
        self._slice(at, count * width)
        return [
            self.value(at + i * width, width, kind << 2, depth + 1)
            for i in range(count)
        ]

    def _map(self, at: int, width: int, depth: int) -> dict[str, FlexValue]:
        behind = at - 3 * width
        keys = behind - self._number(_UNSIGNED, behind, width)
        key_width = self._number(_UNSIGNED, behind + width, width)
        count = self._count(keys, key_width)
        names = self._typed(keys, key_width, count, _KEY, depth)
        values = self._vector(at, width, depth)
        if len(names) != len(values):
            raise FormatError(
                f"a FlexBuffer map has {len(names)} names and {len(values)} values"
            )
        return dict(zip(names, values, strict=True))

    def _count(self, at: int, width: int) -> int:
        count = self._size(at, width)
        self._slice(at, count * width)
        return count

    def _size(self, at: int, width: int) -> int:
        return self._number(_UNSIGNED, at - width, width)

    def _key(self, at: int) -> str:
        end = self.data.find(b"\0", at) if 0 <= at < len(self.data) else -1
        if end < 0:
            raise FormatError("a name in a FlexBuffer has no end")
        return self._text(self.data[at:end])

    def _text(self, found: bytes) -> str:
        try:
            return found.decode()
        except UnicodeDecodeError as error:
            raise FormatError(f"a FlexBuffer has text that is none: {error}") from None

    def _number(self, letters: Mapping[int, str], at: int, width: int) -> Any:
        if width not in letters:
            raise FormatError(f"a FlexBuffer has a number of {width} bytes")
        (number,) = struct.unpack(letters[width], self._slice(at, width))
        return number

    def _slice(self, at: int, size: int) -> bytes:
        if at < 0 or at + size > len(self.data):
            raise FormatError(
                f"a FlexBuffer of {len(self.data)} bytes speaks of bytes {at} to "
                f"{at + size}"
            )
        return self.data[at : at + size]

    def _spend(self, depth: int) -> None:
        self.left -= 1
        if self.left < 0 or depth > MOST_DEPTH:
            raise FormatError("a FlexBuffer names the same values too often")


def encode(value: FlexValue) -> bytes:
    """A buffer that holds `value`.

    Raises:
        TypeError: there is no form for it.
    """
    width = 4 if _fits_half(value) else 8
    writer = _Writer(bytearray(), width)
    root, packed = writer.stored(value)
    writer.align()
    writer.put(root)
    return bytes(writer.data) + bytes([packed, width])


def _fits_half(value: FlexValue) -> bool:
    """Whether every number is the same in 4 bytes as in 8."""
    if isinstance(value, dict):
        return all(map(_fits_half, cast("dict[str, Any]", value).values()))
    if isinstance(value, (list, tuple)):
        return all(map(_fits_half, cast("Sequence[Any]", value)))
    if isinstance(value, float):
        try:
            half = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            return False
        return half == value or value != value  # noqa: PLR0124 - not a number
    if isinstance(value, int):
        return -(2**31) <= value < 2**31
    return True


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value was put that is named by its place."""

    at: int


@dataclass(slots=True)
class _Writer:
    """Writes every number in `width` bytes."""

    data: bytearray
    width: int

    def stored(self, value: FlexValue) -> tuple[Any, int]:
        """What stands for `value` in a vector, and its packed type.

        What is named by its place is written now.
        """
        bits = self.width.bit_length() - 1
        match value:
            case None:
                return 0, _NULL << 2 | bits
            case bool():
                return int(value), _BOOL << 2 | bits
            case int():
                kind = _INT if value < 2**63 else _UINT
                return value, kind << 2 | bits
            case float():
                return value, _FLOAT << 2 | bits
            case str():
                return self._sized(value.encode(), b"\0"), _STRING << 2 | bits
            case bytes():
                return self._sized(value, b""), _BLOB << 2 | bits
            case dict():
                return self._map(cast("dict[str, Any]", value)), _MAP << 2 | bits
            case list() | tuple():
                items = cast("Sequence[Any]", value)
                return self._vector(items, ()), _VECTOR << 2 | bits
            case _:
                raise TypeError(f"no FlexBuffer holds a {type(value).__name__}")

    def align(self) -> None:
        self.data.extend(bytes(-len(self.data) % self.width))

    def put(self, value: Any) -> None:
        """One number in its place; the place of a value, as how far behind it is."""
        if isinstance(value, float):
            self.data += struct.pack(_FLOATS[self.width], value)
            return
        number = len(self.data) - value.at if isinstance(value, _Place) else value
        self.data += (number % 2 ** (8 * self.width)).to_bytes(self.width, "little")

    def _sized(self, content: bytes, end: bytes) -> _Place:
        self.align()
        self.put(len(content))
        place = _Place(len(self.data))
        self.data += content + end
        return place

    def _map(self, values: Mapping[str, FlexValue]) -> _Place:
        names = sorted(values, key=str.encode)
        places: list[_Place] = []
        for name in names:
            places.append(_Place(len(self.data)))
            self.data += name.encode() + b"\0"
        self.align()
        self.put(len(names))
        keys = _Place(len(self.data))
        for place in places:
            self.put(place)
        return self._vector([values[name] for name in names], (keys, self.width))

    def _vector(self, items: Sequence[FlexValue], before: tuple[Any, ...]) -> _Place:
        stored = [self.stored(item) for item in items]
        self.align()
        for number in (*before, len(items)):
            self.put(number)
        place = _Place(len(self.data))
        for number, _ in stored:
            self.put(number)
        self.data += bytes(packed for _, packed in stored)
        return place
