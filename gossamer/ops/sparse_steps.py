"""Steps of dense layers and 1x1 convolutions whose weights are mostly zeros.

The rule is a model of time in units of one dense vector product per word of weights,
fitted to measurements with AVX-512: what is kept costs more per word the fewer rows
share it, and turning rows and sums costs something per word and column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.kernels.products.multiply import FloatMultiply, QuadMultiply
from gossamer.kernels.products.product import Rows
from gossamer.kernels.products.sparse import row_vectors, sparse_step
from gossamer.kernels.products.sparse_words import WORD, word_density
from gossamer.kernels.windows.convolution import border_of, is_pointwise
from gossamer.ops.arithmetic_of import Task, arithmetic_of

if TYPE_CHECKING:
    from gossamer.kernels.step import Step
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target

_LEAST_ZEROS = 0.6
"""Fewer are not looked at: no kernel here is faster with them."""
_WORD_COST = {4: 1.4, 2: 1.9, 1: 2.5}
"""Of a word that is kept, by the vectors of rows that it meets."""
_DENSE_SPEED = {3: 1.6, 2: 2.4}
"""How many times as fast the matrix unit is, by the parts that floats are split into.

Measured with three: 130 products of float32 in a nanosecond, vectors do 80.
"""
_TURN_COST = {4: 15.0, 2: 15.0, 1: 30.0}
"""Of a word of the input or a column of the output."""
_LOADING = ((1 << 19, 0.04), (1 << 21, 0.095), (1 << 62, 0.148))
"""Nanoseconds to load a word of dense weights, by their bytes at most."""
_ROW_TIME = 0.015
"""Nanoseconds of a row and a word of dense weights, where that is longer."""
_KEPT_TIME = 0.55
"""Nanoseconds of a word that is kept, for all rows that one vector holds."""
_FEW_TURN_TIME = 4.5
"""Nanoseconds of a word of the input or a column of the output."""
_GAIN = 0.85
"""The dense kernel is left only for less than this share of its time."""


def sparse_steps(
    task: Task, window: Window, columns: int, target: Target
) -> list[Step] | None:
    """Steps that skip zeros; None where the dense kernel is as fast."""
    data = task.weights.data
    if data is None or not is_pointwise(window) or data.size == 0:
        return None
    if target.saves_flash:
        return None  # the dense kernel encodes them
    # A look at the types is cheap; counting zeros comes after it.
    if (data == 0).mean() < _LEAST_ZEROS or task.y.type.size == 0:
        return None
    arithmetic = arithmetic_of(task, target)
    if arithmetic is None or window.channels * columns != data.size:
        return None
    weights = arithmetic.weights.reshape(columns, window.channels)
    source = arithmetic.source(target, border_of(window))
    sums = source.sums(window.height * window.width)
    multiply = sums.multiply
    if not isinstance(multiply, FloatMultiply | QuadMultiply):
        return None
    if isinstance(multiply, QuadMultiply) and target.tiles is not None:
        return None  # the matrix unit does 1000 products of int8 in a nanosecond
    rows = window.images * window.height * window.width
    density = word_density(weights, multiply.depth)
    words = -(-window.channels // multiply.depth)
    pays = _pays if rows >= target.lanes else _pays_for_few
    if not pays(target, rows, words, columns, density):
        return None
    fitted = sums.fitted(weights.reshape(columns, 1, window.channels))
    if fitted is None:
        return None
    places = Rows(rows, window.channels * source.element)
    step = sparse_step(target, places, weights, fitted, (source.place, task.y))
    return [*source.steps, step]


def _pays(target: Target, rows: int, words: int, columns: int, density: float) -> bool:
    """Whether skipping words is faster than multiplying by all of them."""
    vectors = row_vectors(target, rows, words)
    if not vectors:
        return False
    block = vectors * target.lanes
    waste = -(-rows // block) * block / rows
    turning = _TURN_COST[vectors] * (words + columns) / (words * columns)
    parts = 0 if target.tiles is None else target.tiles.float_parts
    kept = density * _WORD_COST[vectors] * _DENSE_SPEED.get(parts, 1.0)
    return waste * (kept + turning) < _GAIN


def _pays_for_few(
    target: Target, rows: int, words: int, columns: int, density: float
) -> bool:
    """The same for fewer rows than lanes: these wait for the weights to be loaded."""
    if not row_vectors(target, rows, words):
        return False
    size = words * columns * WORD
    loading = next(time for most, time in _LOADING if size <= most)
    dense = max(rows * _ROW_TIME, loading)
    turning = _FEW_TURN_TIME * (words + columns) / (words * columns)
    return density * _KEPT_TIME + turning < _GAIN * dense
