"""Weights with few values or many zeros in fewer bytes, as microcontrollers keep them.

An entry has the distance from the weight before, in `gap_bits`, and its value: itself
(0 bits), or its place in a table of all values there are. Without distances every
weight has an entry. Where a distance is too long for its bits, an entry of the value 0
stands between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

_MOST_ENTRIES = (1 << 16) - 1
"""Entries of a list, whose number has 16 bits."""
_LARGEST_SHARE = 0.8
"""Encodings that save less than a fifth are not worth the time they take."""
_CODE_BYTES = 256
"""What reading an encoding takes more of machine code, about."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an entry is stored: bits of distance and of the value's place in a table.

    There is one table for all columns, or one for each.
    """

    gap_bits: int
    index_bits: int
    has_own_tables: bool = False

    @property
    def is_list(self) -> bool:
        """Whether zeros are left out."""
        return self.gap_bits > 0

    @property
    def is_joined(self) -> bool:
        """Whether distance and place share a byte."""
        return self.gap_bits == 4

    @property
    def table_size(self) -> int:
        """Values of a table."""
        return 1 << self.index_bits

    @property
    def name(self) -> str:
        """As plans call it."""
        values = f"{self.index_bits}-bit palette" if self.index_bits else "values"
        return f"sparse, {values}" if self.is_list else values


_FOR_ALL = (
    Encoding(0, 4),
    Encoding(0, 4, has_own_tables=True),
    Encoding(8, 0),
    Encoding(4, 4),
    Encoding(4, 4, has_own_tables=True),
)
_FOR_FLOATS = (
    *_FOR_ALL,
    Encoding(0, 8),
    Encoding(8, 8),
)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Weights in an encoding.

    Attributes:
        encoding: which.
        arrays: entries (or distances, and values or places), then the numbers of
            entries of each column's runs (uint16) for lists, then the tables if any.
    """

    encoding: Encoding
    arrays: tuple[npt.NDArray[Any], ...]

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.arrays)


def smallest_encoding(weights: npt.NDArray[Any]) -> Encoded | None:
    """The encoding of weights (columns, runs, elements) that takes the fewest bytes.

    None where they are as small as they are. Elements are int8 or float32.
    """
    if weights.nbytes < 2 * _CODE_BYTES:
        return None
    choices = _FOR_ALL if weights.dtype == np.int8 else _FOR_FLOATS
    found = [made for each in choices if (made := _encoded(weights, each)) is not None]
    best = min(found, key=lambda each: each.nbytes, default=None)
    if best is None or best.nbytes + _CODE_BYTES > _LARGEST_SHARE * weights.nbytes:
        return None
    return best


def _encoded(weights: npt.NDArray[Any], encoding: Encoding) -> Encoded | None:
    """None where a table is too short for the values, or a list too long."""
    if encoding.is_list:
        size = 1 + (0 if encoding.is_joined else weights.itemsize)
        if np.count_nonzero(weights) * size > weights.nbytes:
            return None
    if not encoding.index_bits:
        return _listed(weights, (), encoding)
    tables = _tables(weights, encoding)
    if tables is None:
        return None
    shape = weights.shape
    parts = weights.reshape(len(tables), -1)
    rows = zip(tables, parts, strict=True)
    found = np.stack([np.searchsorted(table, part) for table, part in rows])
    places = found.astype(np.uint8).reshape(shape)
    table = np.concatenate([_filled(each, encoding) for each in tables])
    if encoding.is_list:
        zeros = [int(np.searchsorted(each, 0)) for each in tables]
        return _listed(weights, (places, zeros, table), encoding)
    entries = _nibbles(places) if encoding.index_bits == 4 else places
    return Encoded(encoding, (entries.ravel(), table))


def _tables(
    weights: npt.NDArray[Any], encoding: Encoding
) -> list[npt.NDArray[Any]] | None:
    """All values in their order, with the 0 that lists fill gaps with."""
    parts = weights if encoding.has_own_tables else weights[None]
    tables = [np.unique(part) for part in parts]
    if encoding.is_list:
        zero = np.zeros(1, weights.dtype)
        tables = [np.union1d(table, zero) for table in tables]
    fits = all(len(table) <= encoding.table_size for table in tables)
    return tables if fits else None


def _filled(table: npt.NDArray[Any], encoding: Encoding) -> npt.NDArray[Any]:
    """A table among others, which all have the same size."""
    if not encoding.has_own_tables:
        return table
    made = np.zeros(encoding.table_size, table.dtype)
    made[: len(table)] = table
    return made


def _nibbles(places: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Two places a byte, the first one low; the last byte of a run may hold one."""
    filled = np.zeros((*places.shape[:2], places.shape[2] + places.shape[2] % 2), "u1")
    filled[..., : places.shape[2]] = places
    return (filled[..., ::2] | filled[..., 1::2] << 4).astype(np.uint8)


def _listed(
    weights: npt.NDArray[Any],
    tables: tuple[npt.NDArray[np.uint8], Sequence[int], npt.NDArray[Any]] | tuple[()],
    encoding: Encoding,
) -> Encoded | None:
    """Lists of weights, or of their places in tables, which come with that of 0."""
    longest = (1 << encoding.gap_bits) - 1
    stored, zeros = (tables[0], tables[1]) if tables else (weights, (0,))
    runs = weights.shape[1]
    gaps: list[int] = []
    values: list[Any] = []
    counts: list[int] = []
    for column in range(len(weights)):
        zero = zeros[column if len(zeros) > 1 else 0]
        for run in range(runs):
            before = len(gaps)
            for gap, place in _entries(weights[column, run], longest):
                gaps.append(gap)
                values.append(zero if place is None else stored[column, run, place])
            counts.append(len(gaps) - before)
    if max(counts) > _MOST_ENTRIES:
        return None
    distances, kept = np.array(gaps, np.uint8), np.array(values, stored.dtype)
    numbers = np.array(counts, np.uint16)
    arrays = (kept | distances << 4,) if encoding.is_joined else (distances, kept)
    return Encoded(encoding, (*arrays, numbers, *tables[2:]))


def _entries(run: npt.NDArray[Any], longest: int) -> Iterator[tuple[int, int | None]]:
    """Distances and places of what is not zero in a run; no place for a filler."""
    at = 0
    for place in np.nonzero(run)[0].tolist():
        while place - at > longest:
            at += longest
            yield longest, None
        yield place - at, place
        at = place
