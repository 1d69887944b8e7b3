"""What from_jax says of functions that it cannot convert."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gossamer import from_jax
from gossamer.errors import ConversionError
from tests.frontends.jax.compare import floats

X = floats(2, 3)


def refused(function, *inputs, **options):
    with pytest.raises(ConversionError) as caught:
        from_jax(function, *inputs, **options)
    return str(caught.value)


def special(x):
    y = jax.scipy.special.gammaln(x)  # the first
    return jax.lax.linalg.cholesky(y @ y.T) + jax.scipy.special.erfinv(x[:, :2])


def test_every_part_is_named_with_its_line_and_shapes():
    text = refused(special, X)
    assert "The JAX function 'special' cannot be converted: 3 parts" in text
    assert "y = jax.scipy.special.gammaln(x)  # the first" in text
    assert "(lgamma on float32[2x3])" in text
    assert "(cholesky on float32[2x2])" in text
    assert "test_errors.py:" in text
    assert "jax.numpy" in text


def test_the_line_is_the_users_where_a_function_of_jax_was_traced_before():
    refused(lambda x: jax.scipy.special.gammaln(x) + 1, X)
    text = refused(lambda x: jax.scipy.special.gammaln(x) + 2, X)
    assert "gammaln(x) + 2" in text


def test_branches_on_values():
    text = refused(lambda x: x if x.sum() > 0 else -x, X)
    assert "cannot be traced on float32[2, 3]" in text
    assert "jax.lax.cond" in text


def test_branches_on_a_free_size():
    text = refused(lambda x: x if x.shape[0] > 4 else -x, X, free_axis=0)
    assert "Leave the size fixed" in text


def test_what_is_no_function_or_no_array():
    assert "expected a function of JAX arrays" in refused(3, X)
    assert "The example of the input 'x' holds 'relu'" in refused(lambda x: x, "relu")
    text = refused(lambda x: x, X, free_axis=2)
    assert "free_axis=2 is not an axis of the input 'x'" in text
    assert "shape (2, 3)" in text


def test_noise_that_depends_on_an_input():
    def function(key, x):
        return x + jax.random.normal(jax.random.wrap_key_data(key), (3,))

    text = refused(function, np.uint32([0, 1]), X)
    assert "test_errors.py" in text
    assert "jax.random.normal" in text


def test_free_sizes_that_an_operator_cannot_have():
    text = refused(lambda x: jnp.sort(x, axis=0), X, free_axis=0)
    assert "sorts along axis 0, whose size is free" in text
    assert "Fix that size." in text
