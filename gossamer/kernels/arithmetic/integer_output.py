"""How int32 sums become integers: what a kernel knows of each column, and the rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.kernels.arithmetic.compact import CompactFactors, CompactRealFactors, Rule
from gossamer.kernels.arithmetic.requantize import (
    NUDGE,
    DoubledFactors,
    DoubleFactors,
    MergedFactors,
    RealFactors,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from gossamer.kernels.arithmetic.requantize import Factors
    from gossamer.nest.expr import Value

_MERGED_SHIFT = 24
"""Right shifts up to this leave room for the zero point in 64 bits."""
_SIGNED_SHIFT = 22
"""The same with doubled sums: 2**30 and 128.5 * 2**22 stay below 2**31."""
_ROOM = 1 << 30
_SAFE_FACTOR = 0.99
"""Factors up to this keep a 32-bit sum within 32 bits."""


@dataclass(frozen=True, slots=True)
class IntegerOutput:
    """How int32 sums become int8: a factor per column, zero point and limits.

    What differs between layers of one shape lies in memory, so that they can share
    one kernel.
    """

    multipliers: npt.NDArray[np.int32]
    shifts: npt.NDArray[np.int32]
    zero_point: int
    low: int
    high: int
    real: npt.NDArray[np.float64] | None = None
    """The factors in float64 where the product is rounded once."""
    reach: int = 1 << 31
    """No sum is further from zero."""
    saves_bytes: bool = False
    """Whether columns are known by few bytes, from which kernels compute the rest."""

    @property
    def is_merged(self) -> bool:
        """Whether one shift does for both roundings."""
        return self._shifts_right(_MERGED_SHIFT) and self.low >= self.zero_point

    @property
    def is_doubled(self) -> bool:
        """Whether doubled sums do, where the term for the sign is needed."""
        has_room = self.reach < _ROOM and -128 <= self.zero_point <= 127
        return has_room and self._shifts_right(_SIGNED_SHIFT)

    def _shifts_right(self, most: int) -> bool:
        fits = (self.shifts <= -1) & (self.shifts >= -most)
        return self.real is None and bool(fits.all())

    def part(self, columns: slice) -> IntegerOutput:
        """The same for some of the columns."""
        return replace(
            self,
            multipliers=self.multipliers[columns],
            shifts=self.shifts[columns],
            real=None if self.real is None else self.real[columns],
        )

    def constants(self) -> list[npt.NDArray[Any]]:
        """What the kernel needs to know of each column, in `pointers`' order."""
        if self._is_compact:
            zeros = np.full(len(self.shifts), self.zero_point, np.int8)
            if self.real is not None:
                return [self.real, zeros]
            return [self.multipliers, self.shifts.astype(np.int8), zeros]
        if not self.is_merged and not self.is_doubled:
            zeros = np.full(len(self.shifts), self.zero_point, np.int32)
            if self.real is not None:
                return [self.real, zeros]
            return [self.multipliers, self.shifts, zeros]
        right = -self.shifts.astype(np.int64)
        if not self.is_merged:
            addends = (1 << (right - 1)) + (np.int64(self.zero_point) << right)
            arrays = (self.multipliers, right, addends)
            return [array.astype(np.int32) for array in arrays]
        rounding = (np.int64(1) << (30 + right)) + NUDGE
        rounding = rounding + (np.int64(self.zero_point) << (31 + right))
        low = (rounding & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
        high = (rounding >> 32).astype(np.int32)
        return [self.multipliers, (right - 1).astype(np.int32), low, high]

    def factors(self, pointers: Sequence[Value]) -> Factors:
        """The factors behind pointers to `constants`."""
        if self._is_compact:
            return self._compact(pointers)
        if self.is_merged:
            return MergedFactors(*pointers)
        if self.is_doubled:
            return DoubledFactors(*pointers)
        if self.real is not None:
            factors, zero_points = pointers
            return RealFactors(factors, zero_points, self._are_safe)
        multipliers, shifts, zero_points = pointers
        return DoubleFactors(multipliers, shifts, zero_points, *self._directions)

    @property
    def _is_compact(self) -> bool:
        return self.saves_bytes and -128 <= self.zero_point <= 127

    def _compact(self, pointers: Sequence[Value]) -> Factors:
        if self.real is not None:
            factors, zero_points = pointers
            return CompactRealFactors(factors, zero_points, self._are_safe)
        rule = Rule.DOUBLED if self.is_doubled else Rule.TWICE
        rule = Rule.MERGED if self.is_merged else rule
        multipliers, shifts, zero_points = pointers
        return CompactFactors(multipliers, shifts, zero_points, rule, *self._directions)

    @property
    def _are_safe(self) -> bool:
        """Whether no product with a real factor leaves 32 bits."""
        return self.real is not None and bool((self.real <= _SAFE_FACTOR).all())

    @property
    def _directions(self) -> tuple[bool, bool, bool]:
        """Whether any column is shifted left, any right, and all right."""
        right = self.shifts < 0
        return bool((self.shifts > 0).any()), bool(right.any()), bool(right.all())
