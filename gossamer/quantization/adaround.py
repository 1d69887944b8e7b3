"""Weights rounded up or down by what that does to the layer's output, not to nearest.

Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization" (2020):
weights W become s (floor(W / s) + h(V)) with the rectified sigmoid

    h(V) = clip(1.2 sigmoid(V) - 0.1, 0, 1)

and V is learned by gradient descent (Adam) layer by layer, so that with inputs x of
the calibration data the output changes least while each h is driven to 0 or 1:

    |W x - W' x|**2 + strength * sum(1 - |2 h(V) - 1|**beta),  beta from 20 down to 2.

The first term needs of the data only the matrix E[x x'] of products of inputs, taken
from some patches of every sample. A channel that does not gain keeps the nearest. How
many steps a layer is given falls with its size, so that no layer takes longer than
`_MULTIPLICATIONS` do: some seconds on one core.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gossamer.quantization.products import Product, changes, products
from gossamer.quantization.ranges import WEIGHT_LIMIT
from gossamer.quantization.weight_ranges import best_magnitudes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Model, Node, Tensor
    from gossamer.ir.types import Array

_PATCHES = 256
"""Patches of a sample that are learned from."""

_STEPS = 300
_FEWEST_STEPS = 30
"""A layer that is too large for so many keeps the nearest rounding."""

_MULTIPLICATIONS = 2e11
"""The most that are spent on a layer's steps."""

_MEMORY = 128 << 20
"""Bytes of products of inputs that are held at a time."""

_RATE = 0.15
_STRENGTH = 3.0
_WARM_UP = 0.2
"""The part of the steps in which h is free."""

_MOMENTS = 0.9, 0.999
_EDGE = 0.1
"""By how much the sigmoid is stretched on either side."""


@dataclass(slots=True, eq=False)
class Inputs:
    """Sums of the products x x' of patches: float32 (groups, depth, depth)."""

    products: Sequence[Product]
    sums: dict[Node, Array] = field(default_factory=dict["Node", "Array"])
    _random: np.random.Generator = field(
        default_factory=lambda: np.random.default_rng(0)
    )

    def see(self, tensor: Tensor, array: Array) -> None:
        """Take in one value of a tensor."""
        for product in self.products:
            if product.data is tensor and array.size:
                x = product.some_patches(array, _PATCHES, self._random)
                found = x.swapaxes(1, 2) @ x
                before = self.sums.get(product.node)
                self.sums[product.node] = found if before is None else before + found


def adaround(
    model: Model,
    wanted: Callable[[Node], bool],
    feed: Callable[[Callable[[Tensor, Array], None]], object],
    limit: int = WEIGHT_LIMIT,
) -> Model:
    """The model with weights that lie on their grid, rounded for its outputs' sake.

    Args:
        model: a float model.
        wanted: tells which nodes will have integer weights.
        feed: runs all samples and shows every value; called once for each part of the
            layers whose sums fit into memory together.
        limit: the greatest integer that weights are stored as: 127, or 7 for int4.
    """
    chosen = [p for p in products(model) if wanted(p.node) and _steps(p)]
    made: dict[Node, Array] = {}
    for part in _parts(chosen):
        inputs = Inputs(part)
        feed(inputs.see)
        for product in part:
            if product.node in inputs.sums:
                gram = inputs.sums.pop(product.node)
                made[product.node] = product.stored(_rounded(product, gram, limit))
    return changes(made).apply(model)


def _steps(product: Product) -> int:
    """How many steps the layer is given; 0 if it is too large."""
    each = 2 * product.outputs * product.depth**2
    steps = min(_STEPS, int(_MULTIPLICATIONS / each))
    return steps if steps >= _FEWEST_STEPS else 0


def _parts(chosen: Sequence[Product]) -> list[list[Product]]:
    """Layers in order, as many at a time as memory allows."""
    parts: list[list[Product]] = []
    held = _MEMORY
    for product in chosen:
        size = 4 * product.groups * product.depth**2
        if held + size > _MEMORY:
            parts.append([])
            held = 0
        parts[-1].append(product)
        held += size
    return parts


def _rounded(product: Product, gram: Array, limit: int) -> Array:
    """The layer's weights on their grid: float32 (groups, outputs, depth)."""
    assert product.weights.data is not None
    matrix = product.matrix(product.weights.data)
    step = (best_magnitudes(matrix, limit) / np.float32(limit))[..., np.newaxis]
    scaled = matrix / step
    # A magnitude at the end of the grid stays there: the greatest sets the scale.
    scaled = np.clip(scaled, -limit, limit)
    nearest = np.rint(scaled)
    task = _Task(scaled, matrix / step, gram, nearest)
    learned = task.learn(_steps(product))
    better = task.error(learned) < task.error(nearest)
    return np.where(better[..., np.newaxis], learned, nearest) * step


@dataclass(slots=True, eq=False)
class _Task:
    """One layer in steps of its grid: all arrays are (groups, outputs, depth).

    `gram` is (groups, depth, depth); `scaled` is `wanted` within the grid.
    """

    scaled: Array
    wanted: Array
    gram: Array
    nearest: Array

    def error(self, weights: Array) -> Array:
        """The square error of each output that weights make: (groups, outputs)."""
        off = weights - self.wanted
        return ((off @ self.gram) * off).sum(-1, dtype=np.float64)

    def learn(self, steps: int) -> Array:
        """Whole numbers, each the one below or above what is wanted."""
        floor = np.floor(self.scaled)
        value = _inverse(self.scaled - floor)
        size = self.error(self.nearest)[..., np.newaxis] / self.scaled.shape[-1]
        weight = (2 / np.maximum(size, 1e-30)).astype(np.float32)
        first, second = np.zeros_like(value), np.zeros_like(value)
        for step in range(1, steps + 1):
            h, slope = _rectified(value)
            off = floor + h - self.wanted
            gradient = (off @ self.gram) * weight
            if step > steps * _WARM_UP:
                gradient -= _STRENGTH * _pull(h, step / steps)
            value -= _RATE * _adam(gradient * slope, first, second, step)
        return floor + (_rectified(value)[0] >= 0.5)


def _rectified(value: Array) -> tuple[Array, Array]:
    """h(V), and its derivative."""
    sigmoid = 1 / (1 + np.exp(-value))
    stretched = sigmoid * (1 + 2 * _EDGE) - _EDGE
    inside = (stretched > 0) & (stretched < 1)
    slope = np.where(inside, sigmoid * (1 - sigmoid) * (1 + 2 * _EDGE), 0)
    return np.clip(stretched, 0, 1), slope


def _inverse(h: Array) -> Array:
    """The V with h(V) = `h`, for 0 <= h < 1."""
    sigmoid = (h + _EDGE) / (1 + 2 * _EDGE)
    return np.log(sigmoid / (1 - sigmoid)).astype(np.float32)


def _pull(h: Array, progress: float) -> Array:
    """The derivative of |2 h - 1|**beta."""
    beta = 2 + 18 * (1 - (progress - _WARM_UP) / (1 - _WARM_UP))
    centred = 2 * h - 1
    return 2 * beta * np.sign(centred) * np.abs(centred) ** (beta - 1)


def _adam(gradient: Array, first: Array, second: Array, step: int) -> Array:
    """The direction of Adam, whose moments are changed in place."""
    keep, keep_squares = _MOMENTS
    first *= keep
    first += (1 - keep) * gradient
    second *= keep_squares
    second += (1 - keep_squares) * gradient**2
    variance = second / (1 - keep_squares**step)
    return first / (1 - keep**step) / (np.sqrt(variance) + 1e-8)
