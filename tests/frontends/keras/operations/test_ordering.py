"""Operations of `keras.ops` that sort, search, count and run along an axis."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import api
from gossamer.errors import ConversionError
from tests.frontends.keras.compare import litert, of_function
from tests.frontends.keras.operations.many import assert_each

ops = keras.ops
RANDOM = np.random.default_rng(11)
X = RANDOM.normal(0, 2, (3, 5, 4)).astype(np.float32)
WHOLE = RANDOM.integers(-4, 5, (3, 5, 4)).astype(np.int32)
BOUNDS = np.array([-1.5, 0.0, 0.25, 2.0], np.float32)


ALONG = {
    "sort": ops.sort,
    "sort, free axis": lambda x: ops.sort(x, axis=0),
    "sort, middle axis": lambda x: ops.sort(x, axis=1),
    "argsort": ops.argsort,
    "argsort, flat": lambda x: ops.argsort(x, axis=None),
    "cumsum": lambda x: ops.cumsum(x, axis=1),
    "cumsum, free axis": lambda x: ops.cumsum(x, axis=0),
    "cumsum, flat": ops.cumsum,
    "cumprod": lambda x: ops.cumprod(x, axis=-1),
    "take_along_axis": lambda x: ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1),
    "take_along_axis, constant": lambda x: ops.take_along_axis(
        x, np.array([[[0], [-1]]], np.int32), axis=1
    ),
    "take_along_axis, flat": lambda x: ops.take_along_axis(
        x, np.array([3, -1, 0]), None
    ),
    "nonzero": ops.nonzero,
}


@pytest.mark.parametrize("x", [X, WHOLE], ids=["real", "whole"])
def test_along_an_axis(x):
    assert_each(ALONG, x)


def test_fixed_sizes():
    fixed = {"sort, flat": lambda x: ops.sort(x, axis=None)}
    fixed |= {"cumprod, flat": ops.cumprod}
    assert_each(ALONG | fixed, X / 2, free=False)


def test_a_partition_is_a_sorted_axis():
    """Keras leaves the order on either side of the place open."""

    def partitioned(x):
        return ops.take_along_axis(x, ops.argpartition(x, 2), axis=-1)

    model = of_function(partitioned, (6,))
    x = RANDOM.normal(0, 1, (2, 6)).astype(np.float32)
    (found,) = litert(api.convert(model), x).values()
    np.testing.assert_array_equal(found, np.sort(x))


def test_truth_is_sorted_and_summed():
    x = np.array([[True, False, True]])
    names = {"sort": ops.sort, "argsort": ops.argsort}
    assert_each(names | {"cumsum": lambda x: ops.cumsum(x, axis=1)}, x)


SEARCHES = {
    "digitize": lambda x: ops.digitize(x, BOUNDS),
    "digitize, falling": lambda x: ops.digitize(x, BOUNDS[::-1].copy()),
    "searchsorted": lambda x: ops.searchsorted(BOUNDS, x),
    "searchsorted, right": lambda x: ops.searchsorted(BOUNDS, x, side="right"),
    "searchsorted in computed numbers": lambda x: ops.searchsorted(
        ops.sort(x[0, :, 0]), x
    ),
}


def test_searches():
    edges = np.array([[-1.5, 0.0, -0.0, 0.25], [2.0, 3.0, -4.0, 0.1]], np.float32)
    x = np.concatenate([X.reshape(-1, 4), edges])[:, :, None]
    assert_each(SEARCHES, x)
    whole = {"digitize": lambda x: ops.digitize(x, np.array([-2, 0, 3]))}
    assert_each(whole, WHOLE)


COUNTS = {
    "bincount": ops.bincount,
    "bincount of at least": lambda x: ops.bincount(x, minlength=9),
    "bincount, weighted": lambda x: ops.bincount(
        x, weights=np.arange(7, dtype=np.float32)
    ),
    "unique": ops.unique,
    "unique with all": lambda x: ops.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    ),
    "unique, filled up": lambda x: ops.unique(x, size=6, fill_value=9),
    "unique, cut": lambda x: ops.unique(x, size=2),
}


def test_counts():
    assert_each(COUNTS, np.array([3, 1, 2, 1, 3, 5, 2], np.int32), free=False)
    rows = np.array([[3, 1, 4], [0, 2, 4]], np.int32)
    assert_each({"bincount": ops.bincount}, rows)


def test_what_cannot_be_searched_or_run():
    unsorted = of_function(lambda x: ops.digitize(x, np.array([0.0, 2.0, 1.0])), (3,))
    with pytest.raises(ConversionError, match="neither rise nor fall"):
        api.convert(unsorted)
    free = of_function(lambda x: ops.cumprod(x, axis=0), (3,))
    with pytest.raises(ConversionError, match="size is free"):
        api.convert(free)
