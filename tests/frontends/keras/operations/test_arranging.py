"""Operations of `keras.ops` that make, join, repeat and move."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.frontends.keras.compare import of_function, operators
from tests.frontends.keras.operations.many import assert_each

ops = keras.ops
RANDOM = np.random.default_rng(6)
X = RANDOM.normal(0, 2, (4, 4, 3)).astype(np.float32)
WHOLE = RANDOM.integers(0, 12, (4, 4, 3)).astype(np.int32)
ODD = np.where(X > 1, np.float32(np.inf), X)

MADE = {
    "ones_like": ops.ones_like,
    "zeros_like": ops.zeros_like,
    "ones_like of truth": lambda x: ops.ones_like(x, dtype="bool"),
    "empty_like": lambda x: ops.empty_like(x) * 0,
    "full_like": lambda x: ops.full_like(x, 3),
    "full_like of a row": lambda x: ops.full_like(x, x[0, 0]),
    "full": lambda x: ops.full((2, 3), x[0, 0, 0]),
    "broadcast_to": lambda x: ops.broadcast_to(x[:1, :, :1], (4, 4, 3)),
    "array": ops.array,
    "size": ops.size,
    "append": lambda x: ops.append(x, x[:, :2], axis=1),
    "append, flat": lambda x: ops.append(x, x[0]),
    "hstack": lambda x: ops.hstack([x, x]),
    "vstack": lambda x: ops.vstack([x, x]),
    "dstack": lambda x: ops.dstack([x, x]),
    "dstack of matrices": lambda x: ops.dstack([x[:, :, 0], x[:, :, 1]]),
    "hsplit": lambda x: ops.hsplit(x, 2),
    "dsplit": lambda x: ops.dsplit(x, 3),
    "dsplit at places": lambda x: ops.dsplit(x, [1]),
    "array_split": lambda x: ops.array_split(x, 3, axis=1),
    "fliplr": ops.fliplr,
    "flipud": ops.flipud,
    "rot90": ops.rot90,
    "rot90 once back": lambda x: ops.rot90(x, k=-1, axes=(1, 2)),
    "rot90 twice": lambda x: ops.rot90(x, k=2),
    "rot90 not": lambda x: ops.rot90(x, k=4),
    "repeat": lambda x: ops.repeat(x, 2, axis=1),
    "repeat along a free axis": lambda x: ops.repeat(x, 3, axis=0),
    "repeat differently": lambda x: ops.repeat(x, np.array([2, 0, 1]), axis=-1),
    "repeat, flat": lambda x: ops.repeat(x, 2),
    "roll": lambda x: ops.roll(x, 1, axis=1),
    "roll back along a free axis": lambda x: ops.roll(x, -5, axis=0),
    "roll two axes": lambda x: ops.roll(x, (1, -2), axis=(1, 2)),
    "roll, flat": lambda x: ops.roll(x, 5),
    "tril": ops.tril,
    "triu": lambda x: ops.triu(x, k=1),
    "tril of a free axis": lambda x: ops.tril(x[:, 0], k=-1),
    "triu of a free axis": lambda x: ops.triu(x[:, 0]),
    "diagonal": lambda x: ops.diagonal(x, axis1=1, axis2=2),
    "diagonal above": lambda x: ops.diagonal(x, offset=1, axis1=2, axis2=1),
    "diagonal below": lambda x: ops.diagonal(x, offset=-2, axis1=1, axis2=2),
    "trace": lambda x: ops.trace(x, axis1=1, axis2=2),
    "diag of a matrix": lambda x: ops.diag(x[0], k=-1),
    "diag of a vector": lambda x: ops.diag(x[0, 0], k=1),
    "diagflat": lambda x: ops.diagflat(x[0]),
    "diagflat below": lambda x: ops.diagflat(x[0, 0], k=-2),
    "meshgrid": lambda x: ops.meshgrid(x[:, 0, 0], x[0, :, 0], x[0, 0]),
    "meshgrid, rows first": lambda x: ops.meshgrid(
        x[:, 0, 0], x[0, :, 0], indexing="ij"
    ),
    "take from the end": lambda x: ops.take(x, [-1, 0], axis=1),
    "tile with a new axis": lambda x: ops.tile(x, (2, 1, 1, 2)),
    "kron": lambda x: ops.kron(x, x[:1, :2, :2]),
    "kron of a vector": lambda x: ops.kron(x, np.array([1, 2]).astype(x.dtype)),
    "cross": lambda x: ops.cross(x, x[:, ::-1]),
    "cross of vectors of two": lambda x: ops.cross(x[..., :2], x[:, ::-1, :2]),
    "cross of two and three": lambda x: ops.cross(x[..., :2], x[:, ::-1]),
    "cross of three and two": lambda x: ops.cross(x[..., :3], x[:, ::-1, :2]),
    "vander": lambda x: ops.vander(x[0, 0]),
    "vander, rising": lambda x: ops.vander(x[:, 0, 0], 4, increasing=True),
}
RANGES = {
    "linspace": lambda x: ops.linspace(x, x + 3, num=5),
    "linspace, open": lambda x: ops.linspace(x, 2.0, num=4, endpoint=False, axis=-1),
    "logspace": lambda x: ops.logspace(x, x + 1, num=3, base=2.0),
    "geomspace": lambda x: ops.geomspace(ops.exp(x), ops.exp(x) * 5, num=4, axis=1),
}
FIXED = {
    "vsplit": lambda x: ops.vsplit(x, 2),
    "ravel and take": lambda x: ops.take(x, [-1, 5]),
}


def test_real_numbers():
    assert_each(MADE | RANGES, X, at_once=True)


def test_whole_numbers():
    assert_each(MADE, WHOLE, at_once=True)


def test_fixed_sizes():
    assert_each(MADE | FIXED, X, free=False, at_once=True)


def test_infinity_is_blanked_out():
    blanked = {"tril": ops.tril, "triu": ops.triu}
    assert_each(blanked, ODD)


def test_places():
    unravelled = {"unravel_index": lambda x: ops.unravel_index(x, (3, 2, 2))}
    assert_each(unravelled, WHOLE)


def test_rank():
    """Keras says that it is a vector, and gives a number."""
    x = keras.Input(batch_shape=(2, 3))
    assert ops.ndim(x).shape == (2,)


OPERATORS = {
    "cumsum": (lambda x: ops.cumsum(x, axis=1), ["CUMSUM"]),
    "repeat": (lambda x: ops.repeat(x, 2, axis=1), ["GATHER"]),
    "roll": (
        lambda x: ops.roll(x, 1, axis=1),
        ["STRIDED_SLICE", "STRIDED_SLICE", "CONCATENATION"],
    ),
    "tril": (ops.tril, ["SELECT_V2"]),
    "diagonal": (
        lambda x: ops.diagonal(x, axis1=1, axis2=2),
        ["RESHAPE", "STRIDED_SLICE"],
    ),
    "digitize": (lambda x: ops.digitize(x, np.array([0.0, 1.0])), ["BUCKETIZE"]),
    "sort": (ops.sort, ["NEG", "TOPK_V2", "NEG"]),
    "argsort": (ops.argsort, ["NEG", "TOPK_V2"]),
    "isnan": (ops.isnan, ["NOT_EQUAL"]),
    "isfinite": (ops.isfinite, ["ABS", "LESS"]),
    "floor_divide": (lambda x: ops.floor_divide(x, 2.0), ["FLOOR_DIV"]),
    "var": (lambda x: ops.var(x, axis=-1), ["MEAN", "SUB", "SQUARE", "MEAN"]),
    "diff": (ops.diff, ["STRIDED_SLICE", "STRIDED_SLICE", "SUB"]),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name):
    function, expected = OPERATORS[name]
    assert operators(of_function(function, (4, 5))) == expected
