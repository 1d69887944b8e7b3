"""Linear algebra of `keras.ops` on small matrices, by elimination step by step.

Matrices are the last two axes. Each step is a handful of operators on all of them, so
that only small sizes make sense.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.frontends.keras.composition import composed
from gossamer.frontends.keras.framework import keras
from gossamer.frontends.report import Unsupported

LARGEST = 16
"""Rows and columns up to which an elimination is spelled out."""


def _sizes(a: Any) -> tuple[int, int]:
    rows, columns = a.shape[-2:]
    if rows is None or columns is None:
        raise Unsupported(
            f"the sizes of its matrices are not known: {tuple(a.shape)}",
            "Fix the last two sizes in keras.Input.",
        )
    if max(rows, columns) > LARGEST:
        raise Unsupported(
            f"its matrices are {rows} x {columns}, and up to {LARGEST} rows and "
            "columns are spelled out",
            "Compute it outside of the model, or on smaller blocks.",
        )
    return int(rows), int(columns)


def _is_row(index: int, size: int) -> Any:
    """(size, 1): True in one row."""
    return np.arange(size)[:, None] == index


def _pivoted(a: Any, column: Any, step: int, size: int) -> tuple[Any, Any]:
    """`a` with two rows swapped, so that the largest entry of `column` is in `step`.

    It is looked for from there downwards; the second result is the row in which it
    was, int32 (...).
    """
    ops = keras().ops
    below = np.arange(size) >= step
    place = ops.argmax(ops.where(below, ops.abs(column), -1.0), axis=-1)
    if step == size - 1:
        return a, place
    other = ops.expand_dims(ops.one_hot(place, size, dtype="float32"), -1)
    row = ops.sum(ops.where(other > 0, a, 0.0), axis=-2, keepdims=True)
    own = a[..., step : step + 1, :]
    return ops.where(_is_row(step, size), row, ops.where(other > 0, own, a)), place


def _eliminated(both: Any, size: int) -> Any:
    """The solutions: what (size, size + rest) becomes when its square is made one."""
    ops = keras().ops
    for step in range(size):
        both, _ = _pivoted(both, both[..., 0], step, size)
        row = both[..., step : step + 1, :]
        scaled = row[..., 1:] / row[..., :1]
        others = both[..., 1:] - both[..., :1] * scaled
        both = ops.where(_is_row(step, size), scaled, others)
    return both


@composed("Solve")
def _solve(a: Any, b: Any) -> Any:
    """By Gauss and Jordan, with pivots."""
    ops = keras().ops
    size, _ = _sizes(a)
    is_vector = len(b.shape) == len(a.shape) - 1
    right = ops.expand_dims(b, -1) if is_vector else b
    found = _eliminated(ops.concatenate([a, right], axis=-1), size)
    return ops.squeeze(found, -1) if is_vector else found


@composed("Inv")
def _inverse(x: Any) -> Any:
    """By Gauss and Jordan, with pivots."""
    size, _ = _sizes(x)
    identity = x * 0.0 + np.eye(size, dtype=np.float32)
    return _eliminated(keras().ops.concatenate([x, identity], axis=-1), size)


def _triangulated(x: Any) -> tuple[list[Any], list[Any]]:
    """The pivots of an elimination (...), and the rows in which they were."""
    size, _ = _sizes(x)
    pivots: list[Any] = []
    places: list[Any] = []
    rest = x
    for left in range(size, 0, -1):
        rest, place = _pivoted(rest, rest[..., 0], 0, left)
        pivots.append(rest[..., 0, 0])
        places.append(place)
        if left > 1:
            factors = rest[..., 1:, :1] / rest[..., :1, :1]
            rest = rest[..., 1:, 1:] - factors * rest[..., :1, 1:]
    return pivots, places


@composed("Det")
def _determinant(x: Any) -> Any:
    return _product(*_triangulated(x))


def _product(pivots: list[Any], places: list[Any]) -> Any:
    """The product of the pivots; each swap of rows turns its sign."""
    ops = keras().ops
    product = pivots[-1]
    for pivot, place in zip(pivots[:-1], places[:-1], strict=True):
        product = product * ops.where(place > 0, -pivot, pivot)
    return product


@composed("Logdet")
def _log_determinant(x: Any) -> Any:
    return _logarithm(_triangulated(x)[0])


@composed("Slogdet")
def _sign_and_log_determinant(x: Any) -> Any:
    ops = keras().ops
    pivots, places = _triangulated(x)
    return ops.sign(_product(pivots, places)), _logarithm(pivots)


def _logarithm(pivots: list[Any]) -> Any:
    """The sum of the logarithms of the pivots' sizes."""
    ops = keras().ops
    return ops.sum(ops.log(ops.abs(ops.stack(pivots, axis=-1))), axis=-1)


@composed("LuFactor")
def _lower_and_upper(x: Any) -> Any:
    """Both factors in one matrix, and the row that each step swapped in."""
    ops = keras().ops
    rows, columns = _sizes(x)
    places: list[Any] = []
    a = x
    for step in range(min(rows, columns)):
        a, place = _pivoted(a, a[..., step], step, rows)
        places.append(place)
        row, below = a[..., step : step + 1, :], np.arange(rows)[:, None] > step
        quotient = a[..., :, step : step + 1] / row[..., step : step + 1]
        factors = ops.where(below, quotient, 0.0)
        to_the_right = (np.arange(columns) > step).astype(np.float32)
        is_column = np.arange(columns) == step
        a = ops.where(below & is_column, quotient, a - factors * (row * to_the_right))
    return a, ops.stack(places, axis=-1)


def _lower_factor(x: Any) -> Any:
    """The lower triangle whose product with its transpose is `x`."""
    ops = keras().ops
    size, _ = _sizes(x)
    columns: list[Any] = []
    rest, before = x, [(0, 0)] * (len(x.shape) - 2)
    for step in range(size):
        column = rest[..., :1] / ops.sqrt(rest[..., :1, :1])
        columns.append(ops.pad(column, [*before, (step, 0), (0, 0)]))
        if step < size - 1:
            below = column[..., 1:, :]
            rest = rest[..., 1:, 1:] - below * ops.swapaxes(below, -1, -2)
    return ops.concatenate(columns, axis=-1)


@composed("Cholesky")
def _cholesky(x: Any, *, upper: bool = False) -> Any:
    lower = _lower_factor(x)
    return keras().ops.swapaxes(lower, -1, -2) if upper else lower


@composed("CholeskyInverse")
def _inverse_from_cholesky(x: Any, *, upper: bool = False) -> Any:
    """The inverse of the matrix whose factor is given."""
    ops = keras().ops
    size, _ = _sizes(x)
    identity = x * 0.0 + np.eye(size, dtype=np.float32)
    inverse = _substituted(x, identity, size, lower=not upper)
    turned = ops.swapaxes(inverse, -1, -2)
    return ops.matmul(inverse, turned) if upper else ops.matmul(turned, inverse)


@composed("SolveTriangular")
def _solve_triangular(a: Any, b: Any, *, lower: bool = False) -> Any:
    ops = keras().ops
    size, _ = _sizes(a)
    is_vector = len(b.shape) == len(a.shape) - 1
    right = ops.expand_dims(b, -1) if is_vector else b
    found = _substituted(a, right, size, lower=lower)
    return ops.squeeze(found, -1) if is_vector else found


def _substituted(a: Any, rest: Any, size: int, *, lower: bool) -> Any:
    """Row by row, from the one in which a single unknown stands."""
    rows: list[Any] = []
    for step in range(size) if lower else range(size)[::-1]:
        own = slice(0, 1) if lower else slice(step, step + 1)
        row = rest[..., own, :] / a[..., step : step + 1, step : step + 1]
        rows.append(row)
        if len(rows) == size:
            break
        others = slice(step + 1, size) if lower else slice(0, step)
        left = rest[..., 1:, :] if lower else rest[..., :step, :]
        rest = left - a[..., others, step : step + 1] * row
    return keras().ops.concatenate(rows if lower else rows[::-1], axis=-2)


@composed("Qr")
def _orthogonal_and_upper(x: Any, *, mode: str = "reduced") -> Any:
    """By reflections, with the signs that LAPACK gives."""
    ops = keras().ops
    rows, columns = _sizes(x)
    upper = x
    turn: Any = x[..., :1, :1] * 0.0 + np.eye(rows, dtype=np.float32)
    for step in range(min(rows - 1, columns)):
        mirror, factor = _reflection(upper, step)
        flat = ops.swapaxes(mirror, -1, -2)
        along = ops.sum(mirror * upper, axis=-2, keepdims=True)
        upper = upper - mirror * (along * factor)
        across = ops.sum(turn * flat, axis=-1, keepdims=True)
        turn = turn - (across * factor) * flat
    upper = upper * np.triu(np.ones((rows, columns), np.float32))
    if mode == "complete" or rows <= columns:
        return turn, upper
    return turn[..., :columns], upper[..., :columns, :]


def _reflection(a: Any, step: int) -> tuple[Any, Any]:
    """What makes column `step` zero below the diagonal: a vector v, and 2 / v²."""
    ops = keras().ops
    head = a[..., step : step + 1, step : step + 1]
    tail = a[..., step + 1 :, step : step + 1]
    below = ops.sum(ops.square(tail), axis=-2, keepdims=True)
    length = ops.sqrt(ops.square(head) + below)
    first = head + ops.where(head < 0, -length, length)
    before = [(0, 0)] * (len(a.shape) - 2)
    mirror = ops.pad(
        ops.concatenate([first, tail], axis=-2), [*before, (step, 0), (0, 0)]
    )
    size = ops.square(first) + below
    has_tail = below > 0
    return mirror, ops.where(has_tail, 2.0 / ops.where(has_tail, size, 1.0), 0.0)


@composed("Norm")
def _norm(x: Any, *, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """Of vectors, along one axis; of matrices, along two."""
    ops = keras().ops
    x = ops.cast(x, "float32")
    axes = list(range(len(x.shape))) if axis is None else [int(a) for a in axis]
    if ord is None or (ord == "fro" and len(axes) == 2):
        return ops.sqrt(ops.sum(ops.square(x), axis=tuple(axes), keepdims=keepdims))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims=keepdims)
    return _matrix_norm(x, ord, axes, keepdims=keepdims)


def _vector_norm(x: Any, order: Any, axis: int, *, keepdims: bool) -> Any:
    ops = keras().ops
    size = ops.abs(x)
    if abs(order) == np.inf:
        largest = ops.max if order > 0 else ops.min
        return largest(size, axis=axis, keepdims=keepdims)
    if order == 0:
        return ops.sum(ops.cast(size > 0, "float32"), axis=axis, keepdims=keepdims)
    if order == 1:
        return ops.sum(size, axis=axis, keepdims=keepdims)
    if order == 2:
        return ops.sqrt(ops.sum(ops.square(x), axis=axis, keepdims=keepdims))
    total = ops.sum(ops.power(size, float(order)), axis=axis, keepdims=keepdims)
    return ops.power(total, 1 / float(order))


def _matrix_norm(x: Any, order: Any, axes: list[int], *, keepdims: bool) -> Any:
    """The largest or smallest sum of the sizes along rows or columns."""
    ops = keras().ops
    if order not in (1, -1, np.inf, -np.inf):
        raise Unsupported(
            f"the matrix norm with ord={order!r} rests on singular values",
            "Use ord 'fro', 1, -1 or infinity.",
        )
    first, second = (axis % len(x.shape) for axis in axes)
    summed, chosen = (first, second) if abs(order) == 1 else (second, first)
    sums = ops.sum(ops.abs(x), axis=summed, keepdims=True)
    pick = ops.max if order > 0 else ops.min
    y = pick(sums, axis=chosen, keepdims=True)
    return y if keepdims else ops.squeeze(y, (first, second))
