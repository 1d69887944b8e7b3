"""Weights in fewer bytes: each encoding decodes to what it was made of."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.kernels.products.encoding import Encoding, _encoded, smallest_encoding


def decoded(encoded, shape, dtype):
    """The weights, by the words of the module that encodes."""
    encoding, arrays = encoded.encoding, list(encoded.arrays)
    tables = None
    if encoding.index_bits:
        count = shape[0] if encoding.has_own_tables else 1
        tables = np.repeat(arrays.pop().reshape(count, -1), shape[0] // count, axis=0)
        tables = np.repeat(tables, shape[1], axis=0)
    made = np.zeros((shape[0] * shape[1], shape[2]), dtype)
    if not encoding.is_list:
        places = arrays[0].reshape(len(made), -1)
        if encoding.index_bits == 4:
            places = np.stack((places & 15, places >> 4), 2).reshape(len(made), -1)
        return np.take_along_axis(tables, places[:, : shape[2]], 1).reshape(shape)
    counts = arrays.pop()
    if encoding.is_joined:
        gaps, places = arrays[0] >> 4, arrays[0] & 15
    else:
        gaps, places = arrays
    first = 0
    for number, count in enumerate(counts):
        at = 0
        for i in range(first, first + count):
            at += int(gaps[i])
            value = places[i] if tables is None else tables[number, places[i]]
            made[number, at] += value
        first += count
    return made.reshape(shape)


def some(dtype, density, values, shape=(7, 3, 301)):
    rng = np.random.default_rng([int(1000 * density), values])
    palette = rng.choice(np.arange(1, 120), values, replace=False)
    palette = (palette * np.where(rng.random(values) < 0.5, -1, 1)).astype(dtype)
    chosen = rng.choice(palette, shape)
    return np.where(rng.random(shape) < density, chosen, 0).astype(dtype)


@pytest.mark.parametrize("dtype", [np.int8, np.float32])
@pytest.mark.parametrize("density", [0.0, 0.003, 0.1, 0.4])
@pytest.mark.parametrize("gap_bits", [0, 4, 8])
@pytest.mark.parametrize("index_bits", [0, 4, 8])
@pytest.mark.parametrize("own", [False, True])
def test_what_is_encoded_is_decoded(dtype, density, gap_bits, index_bits, own):
    if (gap_bits == 4 and index_bits != 4) or gap_bits == index_bits == 0:
        return
    weights = some(dtype, density, 14)
    if own:
        weights = weights * np.array([1, 1, 2, -1, 1, -1, 2], np.int8)[:, None, None]
        weights = np.clip(weights, -127, 127).astype(dtype)
    encoding = Encoding(gap_bits, index_bits, has_own_tables=own and index_bits > 0)
    encoded = _encoded(weights, encoding)
    assert encoded is not None
    np.testing.assert_array_equal(decoded(encoded, weights.shape, dtype), weights)


@pytest.mark.parametrize(
    ("dtype", "density", "values", "expected"),
    [
        (np.int8, 1.0, 16, Encoding(0, 4)),
        (np.int8, 0.2, 100, Encoding(8, 0)),
        (np.int8, 0.15, 15, Encoding(4, 4)),
        (np.float32, 1.0, 16, Encoding(0, 4)),
        (np.float32, 1.0, 100, Encoding(0, 8)),
        (np.float32, 0.1, 15, Encoding(4, 4)),
        (np.float32, 0.2, 100, Encoding(8, 8)),
    ],
)
def test_the_smallest_is_taken(dtype, density, values, expected):
    encoded = smallest_encoding(some(dtype, density, values))
    assert encoded is not None
    assert encoded.encoding == expected


def test_columns_of_different_values_have_tables_of_their_own():
    weights = some(np.int8, 1.0, 14).astype(np.int16)
    weights = (weights // np.arange(1, 8)[:, None, None]).astype(np.int8)
    assert len(np.unique(weights)) > 16
    encoded = smallest_encoding(weights)
    assert encoded is not None
    assert encoded.encoding == Encoding(0, 4, has_own_tables=True)
    np.testing.assert_array_equal(decoded(encoded, weights.shape, np.int8), weights)


def test_many_floats_with_many_zeros_are_listed():
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((9, 1, 400)).astype(np.float32)
    weights[rng.random(weights.shape) < 0.8] = 0
    encoded = smallest_encoding(weights)
    assert encoded is not None
    assert encoded.encoding == Encoding(8, 0)
    np.testing.assert_array_equal(decoded(encoded, weights.shape, np.float32), weights)


def test_weights_that_would_not_shrink_stay():
    rng = np.random.default_rng(0)
    whole = rng.integers(-127, 128, (8, 1, 500)).astype(np.int8)
    assert smallest_encoding(whole) is None
    half = np.where(rng.random(whole.shape) < 0.5, whole, 0).astype(np.int8)
    assert smallest_encoding(half) is None
    floats = rng.standard_normal(whole.shape).astype(np.float32)
    assert smallest_encoding(floats) is None
    assert smallest_encoding(np.zeros((1, 1, 100), np.int8)) is None


def test_zeros_alone_take_a_list_without_entries():
    weights = np.zeros((4, 2, 500), np.int8)
    encoded = smallest_encoding(weights)
    assert encoded is not None
    assert encoded.nbytes < 40
    np.testing.assert_array_equal(decoded(encoded, weights.shape, np.int8), weights)


def test_lists_of_more_entries_than_are_counted_are_not_made():
    weights = np.tile(np.array([1, -1], np.int8), 40_000).reshape(1, 1, -1)
    assert _encoded(weights, Encoding(4, 4)) is None
    assert _encoded(weights, Encoding(0, 4)) is not None
