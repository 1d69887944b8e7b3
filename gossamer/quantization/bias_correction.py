"""Biases that take back what rounding shifts a layer's output by on average.

A layer computes y = W x + b, and on integers y' = W' x' + b, where W' are the rounded
weights and x' the input on its grid, clipped to its range. By

    b' = b - (W' E[x'] - W E[x])

the mean of each output channel is again what it was, E being the mean over the
calibration data and all places of a window: the empirical bias correction of Nagel et
al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019),
for each layer on its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gossamer.quantization.products import Product, changes, products
from gossamer.quantization.ranges import quantize_weights, weight_quantization

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.ir.graph import Model, Node, Tensor
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Array


@dataclass(slots=True)
class _Means:
    """Sums of the mean patches of a layer's input, as it is and on its grid."""

    real: Array
    rounded: Array
    count: int = 0


@dataclass(slots=True)
class BiasCorrection:
    """Learns the mean patches of layers from what it is shown; see `corrected`.

    Args:
        model: a float model.
        wanted: tells which nodes will run on int8.
        grids: how each activation will be quantized.
    """

    model: Model
    wanted: Callable[[Node], bool]
    grids: Mapping[Tensor, Quantization]
    _readers: dict[Tensor, list[Product]] = field(init=False)
    _means: dict[Node, _Means] = field(init=False)

    def __post_init__(self) -> None:
        self._readers, self._means = {}, {}
        for product in products(self.model):
            if self.wanted(product.node) and product.data in self.grids:
                self._readers.setdefault(product.data, []).append(product)

    def see(self, tensor: Tensor, array: Array) -> None:
        """Take in one value of a tensor."""
        readers = self._readers.get(tensor)
        if not readers or not array.size:
            return
        rounded = _on_grid(array, self.grids[tensor])
        for product in readers:
            shape = product.groups, product.depth
            sums = self._means.setdefault(
                product.node, _Means(np.zeros(shape), np.zeros(shape))
            )
            sums.real += product.mean_patch(array)
            sums.rounded += product.mean_patch(rounded)
            sums.count += 1

    def corrected(self) -> Model:
        """The model with the corrected biases."""
        every = (each for readers in self._readers.values() for each in readers)
        made = {
            product.node: product.bias - _shift(product, self._means[product.node])
            for product in every
            if product.node in self._means
        }
        return changes(biases=made).apply(self.model)


def _shift(product: Product, means: _Means) -> Array:
    """The mean of what rounding adds to each output channel."""
    rule = product.node.op.weights
    weights = product.weights.data
    assert rule is not None
    assert weights is not None
    quantization = weight_quantization(weights, rule.axis)
    rounded = quantization.dequantize(quantize_weights(weights, quantization))
    before = _times(product.matrix(weights), means.real)
    after = _times(product.matrix(rounded), means.rounded)
    return (after - before) / means.count


def _times(matrix: Array, mean: Array) -> Array:
    """(groups, outputs, depth) times (groups, depth), as one row of channels."""
    return (matrix.astype(np.float64) @ mean[..., np.newaxis]).reshape(-1)


def _on_grid(array: Array, grid: Quantization) -> Array:
    """An activation as int8 holds it, float32."""
    scale, zero_point = grid.pair()
    level = np.rint(array * np.float32(1 / scale))
    np.clip(level, -128 - zero_point, 127 - zero_point, out=level)
    level *= np.float32(scale)
    return level
