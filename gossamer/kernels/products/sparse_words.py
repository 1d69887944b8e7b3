"""Weights that are mostly zeros as lists of the words that are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.kernels.products.multiply import Multiply
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

WORD = 4
"""Bytes of a word: a float32, or four int8 along the depth."""
_NEAR_BYTES = 36 * 1024
"""A turned block of rows up to this size stays in the nearest cache."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A depth of `words` in `count` parts of `size` words.

    The last part may begin within the one before.
    """

    words: int
    size: int

    @staticmethod
    def of(words: int, vectors: int, lanes: int) -> Parts:
        """As few parts as stay in the nearest cache when they are turned."""
        room = max(_NEAR_BYTES // (vectors * lanes * WORD), lanes)
        return Parts(words, -(-words // -(-words // room)))

    @property
    def count(self) -> int:
        return -(-self.words // self.size)

    def spans(self) -> list[tuple[int, int, int]]:
        """For each part its own words, first and behind the last, and its origin."""
        starts = range(0, self.words, self.size)
        return [
            (start, min(start + self.size, self.words), min(start, self._last))
            for start in starts
        ]

    def origin(self, nest: Nest, part: Value) -> Value:
        return nest.minimum(part * self.size, self._last)

    @property
    def _last(self) -> int:
        return self.words - self.size


@dataclass(frozen=True, slots=True)
class SparseWeights:
    """The words of weights that are not zero, part by part and column by column.

    `starts` (parts * columns + 1) count words; `places` are byte distances in a turned
    block of rows. Each column of a part has a multiple of `chains` words; what is
    filled up is 0.
    """

    starts: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    words: npt.NDArray[Any]

    @staticmethod
    def of(
        weights: npt.NDArray[Any],
        multiply: Multiply,
        block: int,
        chains: int,
        parts: Parts,
    ) -> SparseWeights:
        """From weights (columns, depth); `block` rows are turned at a time."""
        filled = _whole_words(weights, multiply.depth)
        words = filled.view(np.uint32)[..., 0]
        # By value: the bits of -0.0 are not zero.
        is_kept = (filled != 0).any(axis=2)
        starts, places, kept = [0], list[int](), list[int]()
        for first, last, origin in parts.spans():
            for row, which in zip(words, is_kept[:, first:last], strict=True):
                found = np.nonzero(which)[0] + first
                gap = -len(found) % chains
                at = (found - origin) * (block * WORD)
                places += [*at.tolist(), *[0] * gap]
                kept += [*row[found].tolist(), *[0] * gap]
                starts.append(len(kept))
        return SparseWeights(
            np.array(starts, np.int32),
            np.array(places or [0], np.int32),
            np.array(kept or [0], np.uint32).view(np.int32),
        )


def word_density(weights: npt.NDArray[Any], per_word: int) -> float:
    """The share of words of weights (columns, depth) that are not zero."""
    return float((_whole_words(weights, per_word) != 0).any(axis=2).mean())


def _whole_words(weights: npt.NDArray[Any], per_word: int) -> npt.NDArray[Any]:
    """Weights (columns, depth) as (columns, words, elements), filled up with zeros."""
    columns, depth = weights.shape
    size = -(-depth // per_word)
    filled = np.zeros((columns, size * per_word), weights.dtype)
    filled[:, :depth] = weights
    return filled.reshape(columns, size, per_word)
