"""Channels balanced across layers: cross-layer equalization, with bias absorption.

Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction"
(2019). Between two layers with nothing but f in between that scales with its input,
f(s x) = s f(x) for s > 0,

    W2 f(W1 x + b1) = (W2 S) f(S**-1 (W1 x + b1))

for any diagonal S > 0. One scale has to serve all channels of the activation between,
and each row of W2, while each channel of W1 has its own. So a channel i with the
range a and the greatest weight r that reads it is divided by

    s = a**strength / r**(1 - strength)

with the strength, of some, for which the noise of both is estimated to be the least
(the paper's is 1/2, with the range of W1 for a). What RELU6 cuts off is left alone: no
channel is scaled up past 6, and one that reaches 6 is not scaled.

Where a channel is hardly ever less than some c > 0, max(0, mean - 3 deviations), c
goes from b1 into the bias b2 = b2 + W2 c of what reads it, which makes its range
smaller (high-bias absorption, section 4.1.3 of the paper).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gossamer.quantization.chains import Chain, chains
from gossamer.quantization.products import Product, changes
from gossamer.quantization.ranges import WEIGHT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Model, Node, Tensor
    from gossamer.ir.types import Array

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How much of a scale comes from the activation's range; the rest from the weights."""

_CAP = 6.0
_WIDEST = 1e4
"""The most that one channel is scaled beyond another."""

_GAIN = 0.9
"""A chain whose estimated noise does not fall below this part of it stays as it is."""

_DEVIATIONS = 3
_TAIL = 4
_FEW = 50
"""So many values of a channel say nothing about its range; four times as many, half."""

_FEWEST = 100
"""A chain stays as it is where less was seen of each channel."""


@dataclass(slots=True, eq=False)
class Channels:
    """What channels of a tensor were seen to be: arrays of one number per channel."""

    minimum: Array
    maximum: Array
    total: Array
    squares: Array
    count: int = 0

    @staticmethod
    def none(channels: int) -> Channels:
        """Nothing seen yet; 0 is among all values, as it is in every int8 range."""
        low, high, total, squares = np.zeros((4, channels))
        return Channels(low, high, total, squares)

    def add(self, array: Array) -> None:
        """Take in values whose last axis goes round the channels."""
        rows = array.reshape(-1, self.minimum.size)
        np.minimum(self.minimum, rows.min(0), out=self.minimum)
        np.maximum(self.maximum, rows.max(0), out=self.maximum)
        self.total += rows.sum(0, dtype=np.float64)
        self.squares += np.square(rows).sum(0, dtype=np.float64)
        self.count += len(rows)

    @property
    def power(self) -> Array:
        """The mean square."""
        return self.squares / max(self.count, 1)

    @property
    def floor(self) -> Array:
        """What a channel is hardly ever less than, if that is above 0."""
        return np.maximum(self._mean - _DEVIATIONS * self._deviation, 0)

    @property
    def high(self) -> Array:
        """What a channel is hardly ever greater than.

        The greatest of a few values says little: others will exceed it.
        """
        return np.maximum(self.maximum, self._mean + _TAIL * self._deviation)

    @property
    def low(self) -> Array:
        """What a channel is hardly ever less than; 0 where nothing was."""
        tail = self._mean - _TAIL * self._deviation
        return np.where(self.minimum < 0, np.minimum(self.minimum, tail), 0)

    @property
    def _mean(self) -> Array:
        return self.total / max(self.count, 1)

    @property
    def _deviation(self) -> Array:
        return np.sqrt(np.maximum(self.power - self._mean**2, 0))


def equalize(
    model: Model,
    wanted: Callable[[Node], bool],
    feed: Callable[[Callable[[Tensor, Array], None]], object],
) -> Model:
    """The same function with channels balanced, and biases absorbed.

    Args:
        model: a float model.
        wanted: tells which nodes will run on integers.
        feed: runs all samples and shows every value.
    """
    found = chains(model, wanted)
    seen = {x: Channels.none(c.channels) for c in found for x in c.tensors}

    def see(tensor: Tensor, array: Array) -> None:
        if tensor in seen and array.size:
            seen[tensor].add(array)

    feed(see)
    work = _Work()
    for chain in reversed(found):
        channels = [seen[tensor] for tensor in chain.tensors]
        if min(each.count for each in channels) >= _FEWEST:
            work.balance(chain, channels)
    return work.apply(model)


@dataclass(slots=True)
class _Work:
    """Weights and biases as they are by now."""

    products: dict[Node, Product] = field(default_factory=dict["Node", Product])
    matrices: dict[Node, Array] = field(default_factory=dict["Node", "Array"])
    biases: dict[Node, Array] = field(default_factory=dict["Node", "Array"])

    def balance(self, chain: Chain, seen: list[Channels]) -> None:
        """Scale the channels of one chain, then absorb what is left of biases."""
        first = self._matrix(chain.first)
        noise = _Noise(seen, first, [(r, self._matrix(r)) for r in chain.readers])
        scale = noise.best_scale(capped=chain.capped)
        self.matrices[chain.first.node] = first / scale.reshape(*first.shape[:2], 1)
        self._set_bias(chain.first, self._bias(chain.first) / scale)
        for reader in chain.readers:
            self.matrices[reader.node] = self._matrix(reader) * reader.spread(scale)
        if chain.is_direct and not chain.capped and all(map(_is_inside, chain.readers)):
            self._absorb(chain, seen[0].floor / scale)

    def _absorb(self, chain: Chain, floor: Array) -> None:
        if not floor.any():
            return
        self._set_bias(chain.first, self._bias(chain.first) - floor)
        for reader in chain.readers:
            added = (self._matrix(reader) * reader.spread(floor)).sum(-1).reshape(-1)
            self._set_bias(reader, self._bias(reader) + added)

    def _matrix(self, product: Product) -> Array:
        if product.node not in self.matrices:
            assert product.weights.data is not None
            self.products[product.node] = product
            matrix = product.matrix(product.weights.data)
            self.matrices[product.node] = matrix.astype(np.float64)
        return self.matrices[product.node]

    def _bias(self, product: Product) -> Array:
        return self.biases.get(product.node, product.bias.astype(np.float64))

    def _set_bias(self, product: Product, bias: Array) -> None:
        """A layer without a bias keeps none as long as it would be 0."""
        if product.node in self.biases or bias.any():
            self.biases[product.node] = bias

    def apply(self, model: Model) -> Model:
        stored = {
            node: self.products[node].stored(matrix)
            for node, matrix in self.matrices.items()
        }
        return changes(stored, self.biases).apply(model)


def _is_inside(product: Product) -> bool:
    """Whether no patch reaches into the zeros around an input."""
    window = product.window
    if window is None:
        return product.depth == product.data.shape[-1]
    return window.padding == "valid" or window.kernel == (1, 1)


class _Noise:
    """The square error that a chain's scales leave in what its readers compute."""

    def __init__(
        self,
        seen: list[Channels],
        first: Array,
        readers: list[tuple[Product, Array]],
    ) -> None:
        self._low = np.min([each.low for each in seen], 0)
        high: Array = np.max([each.high for each in seen], 0)
        self._high = _trusted(high, first, seen[0].count)
        channels: Array = np.arange(high.size)
        self._readers = [
            (np.abs(matrix), reader.spread(channels)) for reader, matrix in readers
        ]
        self._power = seen[-1].power
        self._weight_power = sum(
            (self._by_channel(m**2, i) for m, i in self._readers),
            np.zeros(self._low.size),
        )
        self._weight_range = np.zeros(self._low.size)
        for matrix, index in self._readers:
            np.maximum.at(self._weight_range, index, matrix.max(1, keepdims=True))

    def _by_channel(self, matrix: Array, index: Array) -> Array:
        sums = matrix.sum(1, keepdims=True)
        return np.bincount(index.reshape(-1), sums.reshape(-1), self._low.size)

    def of(self, scale: Array) -> float:
        """The noise of activations' steps and of weights' steps, both step**2 / 12."""
        step = ((self._high / scale).max() - (self._low / scale).min()) / 255
        found = step**2 * float(self._weight_power @ scale**2)
        power = self._power / scale**2
        for matrix, index in self._readers:
            largest = (matrix * scale[index]).max(-1) / WEIGHT_LIMIT
            found += float((largest**2 * power[index].sum(-1)).sum())
        return found / 12

    def best_scale(self, *, capped: bool) -> Array:
        """What to divide each channel by."""
        none = np.ones(self._low.size)
        found = [self._scale(each, capped=capped) for each in STRENGTHS]
        best = min(found, key=self.of)
        return best if self.of(best) < _GAIN * self.of(none) else none

    def _scale(self, strength: float, *, capped: bool) -> Array:
        """The scale of each channel; 1 where there is nothing to go by."""
        largest = np.maximum(self._high, -self._low)
        known = (largest > 0) & (self._weight_range > 0)
        if not known.any():
            return np.ones(largest.size)
        logs = np.zeros(largest.size)
        logs[known] = strength * np.log(largest[known])
        logs[known] -= (1 - strength) * np.log(self._weight_range[known])
        logs[known] -= logs[known].mean()
        bound = np.log(_WIDEST) / 2
        scale = np.where(known, np.exp(np.clip(logs, -bound, bound)), 1)
        if not capped:
            return scale
        scale *= (largest / scale).max() / _CAP
        return np.where((largest >= _CAP) | ~known, 1, scale)


def _trusted(high: Array, first: Array, count: int) -> Array:
    """What channels reach, but no less than their weights and few values let expect.

    A channel that hardly ever fires may fire as strongly as others on other data.
    """
    size = np.sqrt(np.square(first).sum(-1)).reshape(-1)
    known = (high > 0) & (size > 0)
    if not known.any():
        return high
    usual = float(np.median(high[known] / size[known]))
    return np.maximum(high, min(1, np.sqrt(_FEW / count)) * usual * size)
