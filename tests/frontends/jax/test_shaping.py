"""Primitives that move values, compared with JAX."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tests.frontends.jax.compare import assert_same, floats, integers, operators

X = floats(2, 3, 4)
MOVES = {
    "concatenate": lambda x: jnp.concatenate([x, x * 2, jnp.ones((x.shape[0], 3, 4))]),
    "dynamic_known": lambda x: lax.dynamic_slice(x, (0, 1, 9), (2, 1, 2)),
    "expand": lambda x: x[:, None, :, :, None],
    "flatten": lambda x: x.reshape(x.shape[0], -1),
    "flip": lambda x: jnp.flip(x, (1, 2)),
    "index": lambda x: x[:, 1],
    "index_behind": lambda x: x[..., -1],
    "moveaxis": lambda x: jnp.moveaxis(x, 1, 2),
    "pad": lambda x: jnp.pad(x, ((0, 0), (1, 2), (0, 1)), constant_values=3.0),
    "pad_between": lambda x: lax.pad(x, 1.5, ((0, 0, 0), (1, 0, 2), (0, 1, 1))),
    "pad_edge": lambda x: jnp.pad(x, ((0, 0), (1, 2), (0, 1)), mode="edge"),
    "pad_negative": lambda x: lax.pad(x, 0.0, ((0, 0, 0), (-1, 1, 0), (1, -2, 0))),
    "pad_reflect": lambda x: jnp.pad(x, ((0, 0), (1, 2), (0, 1)), mode="reflect"),
    "repeat": lambda x: jnp.repeat(x, 3, axis=1),
    "roll": lambda x: jnp.roll(x, 1, axis=2),
    "slice": lambda x: x[:, 1:3, ::2],
    "slice_behind": lambda x: x[:, :-1, 1:-1],
    "split": lambda x: jnp.split(x, [1, 3], axis=2),
    "squeeze": lambda x: jnp.squeeze(x[:, :1], 1),
    "stack": lambda x: jnp.stack([x, x + 1], axis=1),
    "swapaxes": lambda x: jnp.swapaxes(x, 1, 2),
    "tile": lambda x: jnp.tile(x, (1, 2, 3)),
    "transpose": lambda x: jnp.transpose(x, (0, 2, 1)),
    "tril": jnp.tril,
    "unstack": lambda x: jnp.unstack(x, axis=2),
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("free_axis", [None, 0])
def test_moves(name, free_axis):
    if name in ("dynamic_known", "pad_edge"):  # which JAX ties to the batch's size
        free_axis = None
    assert_same(MOVES[name], X, free_axis=free_axis)


def test_numbers_counted_up():
    assert_same(lambda x: x + jnp.arange(4, dtype=jnp.float32), X)
    assert_same(lambda x: x + lax.broadcasted_iota(jnp.float32, x.shape, 0), X)
    assert_same(
        lambda x: x + lax.broadcasted_iota(jnp.float32, x.shape, 0), X, free_axis=0
    )


def test_a_free_size_as_a_number():
    assert_same(lambda x: x.sum(0) / x.shape[0], X, free_axis=0)
    assert_same(lambda x: x.mean((0, 1)), X, free_axis=0)
    assert_same(lambda x: jnp.zeros((x.shape[0] * 2, 3)), X, free_axis=0)


def test_slices_at_computed_places():
    def function(x, i):
        return lax.dynamic_slice(x, (0, i, 1), (2, 2, 3)), x[i], x[:, i]

    for place in (0, 1, 5):
        assert_same(function, X, np.int32(place))


def test_slices_that_are_overwritten():
    def function(x, i):
        one = lax.dynamic_update_slice(x, jnp.ones((1, 3, 2)), (i, 0, 1))
        return one, x.at[:, 1].set(0.0), x.at[0, 1, 2].set(7.0)

    for place in (0, 1):
        assert_same(function, X, np.int32(place))


def test_gathers_along_one_axis():
    table = jnp.asarray(floats(7, 5))
    ids = integers(2, 3, high=7)
    assert_same(lambda i: jnp.take(table, i, axis=0), ids)
    assert_same(lambda i: table[i], ids)
    assert_same(lambda i: jnp.take(table, i, axis=1, mode="clip"), ids)
    assert_same(lambda x: x[:, np.array([2, 0, 0])], X, free_axis=0)
    assert operators(lambda x: x[:, ::2, 1:3], X, free_axis=0) == ["STRIDED_SLICE"]
    assert_same(lambda i: table.T[:, i], ids)


def test_an_embedding_that_promises_its_indices_is_one_gather():
    table = jnp.asarray(floats(7, 5))

    def function(i):
        return table.at[i].get(mode="promise_in_bounds")

    assert operators(function, integers(2, 3, high=7).astype(np.uint8)) == [
        "CAST",
        "GATHER",
    ]


def test_gathers_along_several_axes():
    x = floats(4, 5, 6)
    i, j = integers(3, high=4), integers(3, high=5)
    assert_same(lambda x, i, j: x[i, j], x, i, j)
    assert_same(lambda x, i, j: x[:, j, i], x, i, j)
    assert_same(lambda x, i, j: x[i, :, j], x, i, j)


def test_gathers_in_batches():
    x = floats(4, 5, 6)
    places = integers(4, 5, 2, high=6)
    assert_same(lambda x, p: jnp.take_along_axis(x, p, axis=2), x, places)
    first = integers(4, 1, 6, high=5)
    assert_same(lambda x, p: jnp.take_along_axis(x, p, axis=1), x, first)


def test_gathers_of_windows():
    x = floats(6, 5)
    starts = integers(3, high=4)

    def function(x, starts):
        numbers = lax.GatherDimensionNumbers((1, 2), (), (0,))
        return lax.gather(x, starts[:, None], numbers, (2, 5), mode="clip")

    assert_same(function, x, starts)


@pytest.mark.parametrize("kind", ["set", "add", "multiply", "min", "max"])
def test_scatters(kind):
    x, updates = floats(6, 5), floats(3, 5, seed=6)
    places = np.int32([4, 0, 2])
    assert_same(lambda x, p, u: getattr(x.at[p], kind)(u), x, places, updates)


def test_scatters_into_single_elements():
    x = floats(6, 5)
    i, j = np.int32([4, 0, 4]), np.int32([1, 2, 1])
    assert_same(lambda x, i, j: x.at[i, j].add(2.0), x, i, j)


def test_sorting():
    x = floats(3, 7)
    x[0, 2] = x[0, 5]
    assert_same(jnp.sort, x)
    assert_same(lambda x: jnp.sort(x, axis=0), x)
    assert_same(lambda x: jnp.sort(x, descending=True), x)
    assert_same(jnp.argsort, x)
    assert_same(lambda x: lax.sort_key_val(x, x * 2), x)
    assert_same(lambda x: lax.top_k(x, 3), x)
    assert_same(lambda x: lax.top_k(x, 2, axis=0), x)
    assert_same(jnp.sort, integers(3, 7, low=-50, high=50))
    assert_same(lambda x: jnp.median(x, axis=1), x)
