"""Loops and branches of JAX, compared with JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from gossamer import from_jax
from tests.frontends.jax.compare import assert_same, compare, file, floats, litert
from tests.frontends.jax.test_models import gossamer

X = floats(3, 4, scale=0.5)


def assert_all_same(function, *inputs, **options):
    data = assert_same(function, *inputs, **options)
    compare(gossamer(data, *inputs), litert(data, *inputs))
    return data


def kinds(function, *inputs):
    return [node.op.name for node in from_jax(function, *inputs).main.nodes]


def test_a_loop_that_counts():
    assert_all_same(lambda x: lax.fori_loop(0, 5, lambda i, y: y * 0.5 + i, x), X)


def test_a_loop_whose_end_depends_on_an_input():
    def function(x, n):
        return lax.fori_loop(0, n, lambda i, y: y + jnp.sin(x) * i, x)

    for n in (0, 1, 7):
        assert_all_same(function, X, np.int32(n))


def test_a_loop_with_a_condition_on_values():
    def function(x):
        return lax.while_loop(lambda y: jnp.sum(y * y) > 0.1, lambda y: y * 0.7, x)

    assert "WHILE" in kinds(function, X)
    assert_all_same(function, X)


def test_a_loop_around_weights():
    kernel = jnp.asarray(floats(4, 4, scale=0.3))
    assert_all_same(
        lambda x: lax.fori_loop(0, 3, lambda _, y: jnp.tanh(y @ kernel), x), X
    )


def test_a_scan():
    kernel = jnp.asarray(floats(4, 4, scale=0.3))

    def cell(state, x):
        new = jnp.tanh(state @ kernel + x)
        return new, (new * 2, x.sum())

    xs = floats(6, 3, 4)
    assert_all_same(lambda xs: lax.scan(cell, jnp.zeros((3, 4)), xs), xs)
    assert_all_same(lambda xs: lax.scan(cell, jnp.zeros((3, 4)), xs, reverse=True), xs)
    assert_all_same(
        lambda x: lax.scan(lambda s, _: (s * 0.9, s.mean()), x, None, length=4), X
    )


def test_a_scan_over_a_free_number_of_rows():
    xs = floats(6, 4)
    assert_same(
        lambda xs: lax.scan(lambda s, x: (s + x, s * x), jnp.zeros(4), xs),
        xs,
        free_axis=0,
    )


def test_a_loop_over_a_free_batch():
    kernel = jnp.asarray(floats(4, 4, scale=0.3))

    def function(x):
        steps = jnp.moveaxis(x, 1, 0)
        first = jnp.zeros((x.shape[0], 4))
        return lax.scan(lambda s, row: (jnp.tanh(s @ kernel + row), s), first, steps)

    assert_same(function, floats(2, 5, 4), free_axis=0)


def test_branches():
    def function(x, flag):
        return lax.cond(flag > 0, jnp.sin, lambda y: y * 2 + 1, x)

    assert "IF" in kinds(function, X, np.int32(1))
    for flag in (0, 1):
        assert_all_same(function, X, np.int32(flag))


def test_several_branches():
    def function(x, which):
        return lax.switch(which, [jnp.sin, jnp.cos, lambda y: y * 3], x)

    for which in (-1, 0, 1, 2, 9):
        assert_all_same(function, X, np.int32(which))


def test_a_branch_that_is_known_needs_no_operator():
    assert kinds(lambda x: lax.cond(True, jnp.sin, jnp.cos, x), X) == ["SIN"]


def test_loops_in_branches_in_loops():
    def body(i, y):
        return lax.cond(
            i % 2 == 0,
            lambda z: lax.fori_loop(0, 2, lambda _, w: w + x_of(z), z),
            lambda z: z * 0.5,
            y,
        )

    def x_of(z):
        return jnp.mean(z)

    assert_all_same(lambda x: lax.fori_loop(0, 4, body, x), X)


def test_a_map():
    assert_same(lambda x: lax.map(lambda row: jnp.cumsum(row) / row.sum(), x), X + 3)
    assert_same(jax.vmap(lambda row: row / jnp.linalg.norm(row)), X)


def test_an_unused_loop_is_gone():
    def function(x):
        lax.fori_loop(0, 5, lambda _, y: y * 2, x)
        return x + 1

    assert kinds(function, X) == ["ADD"]
    assert file(function, X)
