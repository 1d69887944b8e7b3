"""Reductions of `keras.ops`: statistics, quantiles, and what skips missing numbers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import api
from gossamer.errors import ConversionError
from tests.frontends.keras.compare import of_function
from tests.frontends.keras.operations.many import assert_each

ops = keras.ops
RANDOM = np.random.default_rng(4)
X = RANDOM.normal(1, 2, (4, 5, 3)).astype(np.float32)
HOLES = np.where(RANDOM.random(X.shape) < 0.3, np.float32(np.nan), X)
HOLES[1, :, 1] = np.nan
WHOLE = RANDOM.integers(-9, 9, (4, 5, 3)).astype(np.int32)
TRUTH = RANDOM.random((4, 5, 3)) < 0.4


def _named(*names, **settings):
    return {
        f"{name} {settings}": lambda x, name=name: getattr(ops, name)(x, **settings)
        for name in names
    }


SPREADS = ("var", "std", "ptp", "max", "min", "amax", "sum", "prod", "mean", "argmax")
PLAIN = {
    **_named(*SPREADS, "argmin"),
    **_named(*SPREADS, axis=1, keepdims=True),
    **_named(*SPREADS, axis=-1),
    **_named("var", "std", "mean", axis=(0, 2)),
    **_named("count_nonzero"),
    **_named("count_nonzero", axis=1),
    **_named("max", axis=1, initial=2),
    **_named("min", axis=1, initial=-1),
    **_named("argmin", keepdims=True),
    "average": ops.average,
    "average of an axis": lambda x: ops.average(x, axis=1),
    "average, weighted": lambda x: ops.average(
        x, axis=1, weights=np.arange(1, 6, dtype=np.float32)
    ),
    "diff": ops.diff,
    "diff twice": lambda x: ops.diff(x, n=2, axis=1),
    "trapezoid": ops.trapezoid,
    "trapezoid with steps": lambda x: ops.trapezoid(x, dx=0.5, axis=1),
    "trapezoid at places": lambda x: ops.trapezoid(
        x, x=np.array([0.0, 1.0, 3.0], np.float32)
    ),
}
MISSING = {
    **_named("nansum", "nanprod", "nanmean", "nanmax", "nanmin", "nanvar", "nanstd"),
    **_named("nansum", "nanprod", "nanmean", "nanmax", "nanmin", axis=1),
    **_named("nanvar", "nanstd", "nanmean", axis=-1, keepdims=True),
    **_named("nanargmax", "nanargmin", axis=1),
    **_named("nanargmax", "nanargmin"),
    **_named("nancumsum", "nancumprod", axis=1),
    **_named("nancumsum"),
}
QUANTILES = {
    **_named("median", "nanmedian"),
    **_named("median", "nanmedian", axis=1),
    **_named("median", "nanmedian", axis=(1, 2), keepdims=True),
    **_named("median", axis=0),
}
for name in ("quantile", "nanquantile"):
    QUANTILES[name] = lambda x, name=name: getattr(ops, name)(x, 0.3, axis=1)
    QUANTILES[f"{name}s"] = lambda x, name=name: getattr(ops, name)(
        x, [0.0, 0.35, 1.0], axis=-1, keepdims=True
    )
    for method in ("lower", "higher", "midpoint", "nearest"):
        QUANTILES[f"{name}, {method}"] = lambda x, name=name, method=method: getattr(
            ops, name
        )(x, 0.3, axis=1, method=method)
for name in ("percentile", "nanpercentile"):
    QUANTILES[name] = lambda x, name=name: getattr(ops, name)(x, [20, 75], axis=1)


def test_statistics():
    assert_each(PLAIN, X, at_once=True)


def test_statistics_of_whole_numbers():
    assert_each(PLAIN, WHOLE, at_once=True)


def test_statistics_of_truth():
    of_truth = {**_named("sum", "prod", "mean", "max", "min", "any", "all", axis=1)}
    of_truth |= _named("count_nonzero", "std", "var")
    assert_each(of_truth | {"diff": ops.diff}, TRUTH)


def test_what_is_missing():
    assert_each(MISSING, HOLES, at_once=True)
    assert_each(MISSING, X, free=False, at_once=True)


def test_nothing_is_missing_of_whole_numbers():
    assert_each(MISSING, WHOLE, at_once=True)


def test_quantiles():
    assert_each(QUANTILES, X, at_once=True)


def test_quantiles_where_numbers_are_missing():
    assert_each(QUANTILES, HOLES, at_once=True)


def test_quantiles_of_whole_numbers():
    assert_each(_named("median", "nanmedian", axis=1), WHOLE, free=False)


PAIRS = {
    "correlate": ops.correlate,
    "correlate, same": lambda x, y: ops.correlate(x, y, mode="same"),
    "correlate, full": lambda x, y: ops.correlate(x, y, mode="full"),
    "correlate, turned": lambda x, y: ops.correlate(y, x, mode="full"),
    "histogram": lambda x, _: ops.histogram(x),
    "histogram of a range": lambda x, _: ops.histogram(x, bins=4, range=(-1, 1)),
}


def test_vectors():
    x = RANDOM.normal(0, 1, 9).astype(np.float32)
    y = RANDOM.normal(0, 1, 4).astype(np.float32)
    assert_each(PAIRS, x, y, free=False)


def test_correlations():
    assert_each({"corrcoef": ops.corrcoef}, RANDOM.normal(0, 1, (4, 7)).astype("f4"))


def test_computed_shares_are_refused():
    x, q = keras.Input((3,)), keras.Input(batch_shape=())
    with pytest.raises(ConversionError, match="number or a list of numbers"):
        api.convert(keras.Model([x, q], ops.quantile(x, q, axis=1)))


def test_free_sizes_that_must_be_known():
    model = of_function(lambda x: ops.array_split(x, 2, axis=1), (None,))
    with pytest.raises(ConversionError, match=r"size of axis 1 .* is not known"):
        api.convert(model)
