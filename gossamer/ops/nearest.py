"""Integers by one rounding of a float32, where that is known to give the same.

Fixed point rounds two or three times in 64 bits. Over bytes, the same integers nearly
always come from float32, if its factors are moved by a few units of their last place:

    y = round(a * factor_a + b * factor_b + constant)

Only where the real result is near the middle of two integers can the two differ.
These inputs, a few hundred of 65536, are tried while compiling, with products rounded
before they are added and without; if no factors serve them all, there is no `Nearest`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from gossamer.ir.arithmetic import centered
from gossamer.ir.types import DType
from gossamer.nest.expr import F32, I32, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.arithmetic import Integers
    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array
    from gossamer.nest.build import Nest

    Exact: TypeAlias = Callable[[Integers, Integers], Array]
    """The output's integers from those of two inputs."""

_Reals = npt.NDArray[np.float64]
_Places = npt.NDArray[np.intp]

_BYTES = (DType.INT8, DType.UINT8)
_GREATEST_RATIO = 16.0
_GREATEST_ZERO = 255
_GREATEST_AWAY = 0.25
"""Within these, float32 is off by less than `_NEAR`."""
_NEAR = 2.0**-7
"""How near the middle results are tried."""
_HARDEST = 64
"""Inputs that all candidates are tried on, and of those that one fails later."""
_STRETCHES = (0.0, 2.0**-22, 2.0**-20, 2.0**-18, 2.0**-17, 2.0**-16, 2.0**-15)
"""Factors grow by so much: then halves go away from zero."""
_PLACES = (0, 1, -1, 2, -2)
"""Units in the last place that a factor is moved by."""
_SHIFTS = tuple(step * 2.0**-18 for step in (0, 1, -1, 2, -2, 3, -3, 4, -4, 6, -6))
_SIGN = -(1 << 31)


@dataclass(frozen=True, slots=True)
class Linear:
    """What is to be computed: `zero_point` + the sum of ratio * (value - zero).

    `away`: how much farther from zero a single product is before it is rounded, since
    fixed point rounds it twice.
    """

    ratios: tuple[float, ...]
    zeros: tuple[int, ...]
    zero_point: int
    low: int
    high: int
    away: float = 0.0

    @property
    def is_tame(self) -> bool:
        """Whether float32 comes near enough."""
        return (
            self.away <= _GREATEST_AWAY
            and all(1 / 2**20 < abs(each) < _GREATEST_RATIO for each in self.ratios)
            and all(abs(z) <= _GREATEST_ZERO for z in (*self.zeros, self.zero_point))
        )

    def clip(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        return np.minimum(np.maximum(values, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest integer to a float32; of a product, the constant has its sign."""

    factors: tuple[float, ...]
    constant: float

    def lanes(self, nest: Nest, values: Sequence[Value]) -> Value:
        """int32 lanes of the output's integers, from lanes of the inputs'."""
        total = _number(nest, self.constant, values[0].kind.lanes)
        for value, factor in zip(values, self.factors, strict=True):
            real = nest.convert(value, total.kind)
            total = nest.fma(real, _number(nest, factor, total.kind.lanes), total)
        return nest.nearest(total)

    def product_lanes(self, nest: Nest, left: Value, right: Value) -> Value:
        """int32 lanes of a product without zero points, scaled, before the output's."""
        kind = F32.of(left.kind.lanes)
        product = nest.convert(left, kind) * nest.convert(right, kind)
        whole = I32.of(left.kind.lanes)
        sign = nest.bits(product, whole) & _SIGN
        away = nest.bits(_number(nest, self.constant, left.kind.lanes), whole)
        factor = _number(nest, self.factors[0], left.kind.lanes)
        return nest.nearest(nest.fma(product, factor, nest.bits(sign | away, kind)))


def _number(nest: Nest, number: float, lanes: int) -> Value:
    bits = int(np.float32(number).view(np.int32))
    return nest.bits(nest.number(bits, I32.of(lanes)), F32.of(lanes))


def nearest_sum(node: Node, linear: Linear, exact: Exact) -> Nearest | None:
    """Factors for the terms that two inputs of bytes are; None if none are found.

    `exact` gives the output's integers, clamped.
    """
    if not _are_bytes(node) or not linear.is_tame:
        return None
    left, right = _every_pair(node)
    return _search(linear, (left, right), (left, right), exact)


def nearest_product(node: Node, linear: Linear, exact: Exact) -> Nearest | None:
    """The same for one term, the product of two inputs without their zero points."""
    if not _are_bytes(node) or not linear.is_tame:
        return None
    left, right = _every_pair(node)
    product = centered(node.input(0), left) * centered(node.input(1), right)
    return _search(linear, (product,), (left, right), exact)


def _are_bytes(node: Node) -> bool:
    return all(each.dtype in _BYTES for each in (*node.inputs, node.output) if each)


def _every_pair(node: Node) -> tuple[Integers, Integers]:
    ranges = [np.iinfo(node.input(which).dtype.numpy) for which in (0, 1)]
    one, two = (np.arange(each.min, each.max + 1, dtype=np.int64) for each in ranges)
    return np.repeat(one, len(two)), np.tile(two, len(one))


def _search(
    linear: Linear, terms: Sequence[Integers], inputs: Sequence[Integers], exact: Exact
) -> Nearest | None:
    near, order = _near(linear, terms)
    hard = [each[near][order] for each in terms]
    right = exact(*(each[near][order] for each in inputs))
    tried = np.arange(min(_HARDEST, len(right)))
    for stretch in _STRETCHES:
        trial = _Trial.of(linear, stretch)
        left = trial.serving(hard, right, tried)
        while left.size:
            wrong = trial.wrong(left[0], hard, right)
            if not wrong.size:
                return trial.candidate(left[0])
            tried = np.concatenate((tried, wrong[:_HARDEST]))
            left = left[trial.fits(left, hard, right, wrong[:_HARDEST]).all(axis=1)]
    return None


def _near(
    linear: Linear, values: Sequence[Integers]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Which inputs are near the middle, and their order, the nearest first."""
    real = np.zeros(len(values[0]))
    for value, ratio, zero in zip(values, linear.ratios, linear.zeros, strict=True):
        real += ratio * (value - zero)
    real += np.copysign(linear.away, real) + linear.zero_point
    distance = np.abs(real - np.floor(real) - 0.5)
    near = (distance < _NEAR) & (real > linear.low - 1) & (real < linear.high + 1)
    return near, np.argsort(distance[near], kind="stable")


@dataclass(frozen=True, slots=True)
class _Trial:
    """Candidates: for each, its factors and its constant."""

    linear: Linear
    factors: Sequence[_Reals]
    constant: _Reals

    @staticmethod
    def of(linear: Linear, stretch: float) -> _Trial:
        """The factors and constants around those of real arithmetic."""
        moved = [_moved(ratio * (1 + stretch)) for ratio in linear.ratios]
        *factors, shift = (
            np.array(column)
            for column in zip(*itertools.product(*moved, _SHIFTS), strict=True)
        )
        start: _Reals | float = linear.away
        if not linear.away:
            zeros = zip(factors, linear.zeros, strict=True)
            start = linear.zero_point - sum(each * zero for each, zero in zeros)
        return _Trial(linear, factors, _single(start + shift))

    def candidate(self, which: int) -> Nearest:
        factors = tuple(float(each[which]) for each in self.factors)
        return Nearest(factors, float(self.constant[which]))

    def serving(
        self, terms: Sequence[Integers], right: Array, tried: _Places
    ) -> _Places:
        """The candidates that serve the inputs at `tried`."""
        every = np.arange(len(self.constant))
        return every[self.fits(every, terms, right, tried).all(axis=1)]

    def wrong(self, which: int, terms: Sequence[Integers], right: Array) -> _Places:
        """The inputs that a candidate does not serve."""
        every = np.arange(len(right))
        fits = self.fits(np.array([which]), terms, right, every)
        return np.flatnonzero(~fits[0])

    def fits(
        self,
        which: _Places,
        terms: Sequence[Integers],
        right: Array,
        tried: _Places,
    ) -> npt.NDArray[np.bool_]:
        """(candidates, inputs): where the result is right, fused or not."""
        linear = self.linear
        fused: _Reals = self.constant[which][:, None]
        if linear.away:
            fused = np.copysign(fused, terms[0][tried] + 0.0)
        plain = fused
        for factor, value in zip(self.factors, terms, strict=True):
            product = factor[which][:, None] * value[tried]
            fused = _single(product + fused)
            plain = _single(_single(product) + plain)
        offset = linear.zero_point if linear.away else 0
        one, other = (
            linear.clip(np.rint(each) + offset) == right[tried]
            for each in (fused, plain)
        )
        return one & other


def _moved(factor: float) -> list[float]:
    single = np.float32(factor)
    return [float(single + places * np.spacing(single)) for places in _PLACES]


def _single(values: _Reals) -> _Reals:
    return values.astype(np.float32).astype(np.float64)
