"""Attention: means of values, weighted by how alike queries and keys are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.arithmetic import added
from gossamer.frontends.parts.einsum import Operand, einsum
from gossamer.frontends.parts.regrouping import Axis, merge, regroup, size_of, split
from gossamer.frontends.parts.shaping import expand_dims, reshape
from gossamer.ir.graph import Tensor
from gossamer.ops.arithmetic import Add
from gossamer.ops.compare import GreaterEqual
from gossamer.ops.logical import LogicalAnd
from gossamer.ops.range import Range
from gossamer.ops.select import SelectV2
from gossamer.ops.softmax import Softmax

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.types import Array

FAR_BELOW = -1e9
"""A score whose share of a softmax is zero beside any real one."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The axes of scores: batch, some `between`, heads, and `axes` of queries, of keys.

    `sizes` are those of the axes that are heads, in groups or not.
    """

    sizes: tuple[int, ...]
    between: int = 0
    axes: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Which keys each query sees: what is known of it now, and what a run computes.

    Both are booleans whose shapes broadcast to the scores', (..., queries, keys).
    """

    known: Array | None = None
    computed: Tensor | None = None

    @property
    def is_empty(self) -> bool:
        """Whether all is seen."""
        return self.known is None and self.computed is None

    @property
    def sees(self) -> bool:
        """Whether it is certain now that each query sees a key."""
        if self.computed is not None:
            return False
        return self.known is None or bool(np.all(np.any(self.known, axis=-1)))

    def also(self, emitter: Emitter, other: Array | Tensor | None) -> Mask:
        """What both this and `other` let through."""
        if other is None:
            return self
        if isinstance(other, np.ndarray):
            known = other if self.known is None else self.known & other
            return replace(self, known=known)
        if self.computed is None:
            return replace(self, computed=other)
        both = emitter.emit(LogicalAnd(), self.computed, other)
        return replace(self, computed=both)

    def by_heads(self, emitter: Emitter, heads: Heads) -> Mask:
        """See `by_heads`."""
        known, computed = (
            None if part is None else by_heads(emitter, part, heads)
            for part in (self.known, self.computed)
        )
        return Mask(known, computed)

    def tensor(self, emitter: Emitter) -> Tensor:
        """All of it as one tensor."""
        if self.known is None:
            assert self.computed is not None
            return self.computed
        known = emitter.constant("mask", self.known)
        if self.computed is None:
            return known
        return emitter.emit(LogicalAnd(), self.computed, known)


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    """How scores become a result.

    Attributes:
        mask: which keys each query sees.
        is_causal: whether a query sees no key behind its own place.
        axes: over how many axes each of queries and keys extend.
        bias: added to the scores before the mask; a tensor or an array.
        hides: whether a query that sees no key has a result of zeros; otherwise it has
            the mean of all values.
    """

    mask: Mask = Mask()
    is_causal: bool = False
    axes: int = 1
    hides: bool = False
    bias: Any = None

    def weights(self, emitter: Emitter, scores: Tensor) -> Tensor:
        """The share of each key.

        Args:
            emitter: where the nodes go.
            scores: (..., queries, keys), with `axes` axes for either.
        """
        mask = self.mask
        if self.bias is not None:
            scores = added(emitter, scores, self.bias)
        if self.is_causal:
            mask = mask.also(emitter, causal(emitter, scores))
        x = _masked(emitter, scores, mask)
        first = x.type.rank - self.axes
        sizes = dims(x)[first:]
        y = emitter.emit(Softmax(1.0), merge(emitter, x, first, self.axes))
        if self.axes > 1:
            y = split(emitter, y, first, sizes)
        if mask.sees or not self.hides:
            return y
        zero = emitter.scalar("zero", 0.0)
        return emitter.emit(SelectV2(), mask.tensor(emitter), y, zero)


def _masked(emitter: Emitter, scores: Tensor, mask: Mask) -> Tensor:
    if mask.is_empty:
        return scores
    if mask.computed is None and mask.known is not None and mask.sees:
        offset = np.where(mask.known, 0, FAR_BELOW).astype(np.float32)
        return emitter.emit(Add(), scores, emitter.constant("mask", offset))
    far_below = emitter.scalar("far_below", FAR_BELOW)
    return emitter.emit(SelectV2(), mask.tensor(emitter), scores, far_below)


def by_heads(emitter: Emitter, x: Any, heads: Heads) -> Any:
    """What broadcasts to scores but for their heads, with axes for these.

    `x`, a tensor or an array, is (queries, keys), (batch, ..., queries, keys) or the
    same with one axis for heads before the queries, which may have size one.
    """
    shape = dims(x) if isinstance(x, Tensor) else tuple(x.shape)
    lead, tail = shape[: -2 * heads.axes], shape[-2 * heads.axes :]
    if not lead:
        return x
    missing = 1 + heads.between - len(lead)
    if missing < 0:
        lead = lead[:-1] + (heads.sizes if lead[-1] != 1 else (1,) * len(heads.sizes))
    else:
        lead += (1,) * (missing + len(heads.sizes))
    target = (*lead, *tail)
    return reshape(emitter, x, target) if isinstance(x, Tensor) else x.reshape(target)


def grouped(emitter: Emitter, x: Tensor, groups: int) -> Tensor:
    """(batch, steps, heads, depth) as (batch, steps, groups, heads / groups, depth)."""
    repeats = dims(x)[2] // groups
    return regroup(emitter, x, [Axis(0), Axis(1), groups, repeats, Axis(3)])


def causal(emitter: Emitter, scores: Tensor) -> Array | Tensor:
    """Whether the place of a key is not behind that of the query: (queries, keys)."""
    queries, keys = dims(scores)[-2:]
    if min(queries, keys) >= 0:
        return np.tril(np.ones((queries, keys), np.bool_))
    rank = scores.type.rank
    rows, columns = (_places(emitter, scores, axis) for axis in (rank - 2, rank - 1))
    return emitter.emit(GreaterEqual(), expand_dims(emitter, rows, 1), columns)


def _places(emitter: Emitter, scores: Tensor, axis: int) -> Tensor:
    """0, 1, 2, ... up to the size of an axis."""
    zero, one = emitter.indices("zero", 0), emitter.indices("one", 1)
    return emitter.emit(Range(), zero, size_of(emitter, scores, axis), one)


def dot_product_attention(
    emitter: Emitter,
    sources: tuple[Tensor, Tensor, Tensor],
    letters: tuple[str, str],
    how: Attention,
) -> tuple[Tensor, Tensor]:
    """Attention by the dot product of queries, scaled already, with keys.

    Args:
        emitter: where the nodes go.
        sources: queries with the axes of `letters[0]`, the last of which are heads and
            channels; keys and values with those of `letters[1]`, where an axis of size
            one stands for any size.
        letters: those of queries and of keys; what both have but for the last is the
            batch, and what they have not in common is attended over.
        how: mask and softmax.

    Returns:
        The result with the axes of the queries, and the weights: batch, queries, keys.
    """
    query, key, value = sources
    of_query, of_key = letters
    batch = "".join(x for x in of_query[:-1] if x in of_key)
    queries = "".join(x for x in of_query if x not in of_key)
    keys = "".join(x for x in of_key if x not in of_query)
    shared = batch + queries + keys
    sides = [Operand(query, of_query), Operand(key, of_key)]
    weights = how.weights(emitter, einsum(emitter, sides, shared))
    sides = [Operand(weights, shared), Operand(value, of_key)]
    return einsum(emitter.under("context"), sides, of_query), weights
