"""Loops and branches of `keras.ops`, with tensors from around them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import api
from gossamer.errors import ConversionError
from tests.frontends.keras.compare import of_function
from tests.frontends.keras.runs import assert_runs, batches, names_in

layers, ops = keras.layers, keras.ops


def zero():
    return np.int32(0)


def of_layer(layer, *shape):
    x = keras.Input(shape)
    return keras.Model(x, layer(x))


def scanned(x):
    return ops.scan(lambda carry, row: (carry + row, carry * 2), ops.zeros((3,)), x)


def scanned_from_the_end(x):
    start = ops.ones((3,))
    return ops.scan(lambda c, row: (c * row, c + row), start, x, reverse=True)


FUNCTIONS = {
    "while": lambda x: ops.while_loop(
        lambda i, total: i < 5,
        lambda i, total: (i + 1, total * 0.5 + ops.exp(-total)),
        (ops.convert_to_tensor(zero()), x),
    ),
    "while until the data says so": lambda x: ops.while_loop(
        lambda s: ops.sum(s) < 50.0, lambda s: (s + 1.5,), (ops.abs(x),)
    ),
    "while at most so often": lambda x: ops.while_loop(
        lambda s: ops.sum(s) < 50.0, lambda s: (s + 0.1,), (ops.abs(x),), 4
    ),
    "variables that change places": lambda x: ops.while_loop(
        lambda i, a, b: i < 3,
        lambda i, a, b: (i + 1, b, a + b),
        (ops.convert_to_tensor(zero()), x, 2 * x),
    ),
    "for": lambda x: ops.fori_loop(
        1, 5, lambda i, s: s * 0.9 + ops.cast(i, "float32"), x
    ),
    "map": lambda x: ops.map(lambda row: ops.exp(row) * 2, x),
    "map to sums": lambda x: ops.vectorized_map(lambda row: ops.sum(row * row), x),
    "products so far": lambda x: ops.associative_scan(lambda a, b: a * b, x, axis=1),
    "sums from the end": lambda x: ops.associative_scan(
        lambda a, b: a + b, x, axis=1, reverse=True
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    model = of_function(FUNCTIONS[name], (3,))
    assert_runs(model, *batches((4, 3)), *batches((2, 3), count=1))


@pytest.mark.parametrize("count", range(1, 9))
def test_associative_scan_of_any_count(count):
    model = of_function(
        lambda x: ops.associative_scan(lambda a, b: a + b, x, axis=1), (count, 2)
    )
    assert_runs(model, *batches((2, count, 2), count=1))


@pytest.mark.parametrize("function", [scanned, scanned_from_the_end])
def test_scan(function):
    x = keras.Input((3,), batch_size=5)
    assert_runs(keras.Model(x, function(x)), *batches((5, 3)))


def test_scan_without_rows():
    x = keras.Input((3,), batch_size=2)
    y = ops.scan(lambda carry, _: (carry * 0.5, carry), x, None, length=4)
    assert_runs(keras.Model(x, y), *batches((2, 3)))


@pytest.mark.parametrize("shift", [-3, 0, 1, 5])
def test_switch(shift):
    branches = [lambda a: a + 1, lambda a: a * 2, ops.exp]
    model = of_function(
        lambda x: ops.switch(ops.cast(0 * ops.sum(x), "int32") + shift, branches, x),
        (3,),
    )
    assert_runs(model, *batches((2, 3), count=1))


class Choice(layers.Layer):
    """A branch that reads tensors around it."""

    def call(self, x):
        shifted = ops.exp(x)
        total = ops.sum(x)
        return ops.cond(total > 0, lambda: shifted + total, lambda: x * 2)


class Settling(layers.Layer):
    """A loop that reads a weight and a tensor around it."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], shape[-1]), name="kernel")

    def call(self, x):
        drive = ops.tanh(x)

        def body(i, state):
            return i + 1, ops.tanh(ops.matmul(state, self.kernel)) + drive

        return ops.while_loop(lambda i, _: i < 6, body, (ops.zeros((), "int32"), x))[1]


class Nested(layers.Layer):
    """A branch within a loop within a loop, each reading what is around it."""

    def call(self, x):
        def inner(j, y):
            half = ops.cond(ops.sum(y) > 1.0, lambda: y * 0.5, lambda: y + x * 0.1)
            return j + 1, half

        def outer(i, y):
            start = (ops.zeros((), "int32"), y)
            return i + 1, ops.while_loop(lambda j, _: j < 2, inner, start)[1] + x

        start = (ops.zeros((), "int32"), x)
        return ops.while_loop(lambda i, _: i < 3, outer, start)[1]


@pytest.mark.parametrize("kind", [Choice, Settling, Nested])
def test_tensors_around(kind):
    model = of_layer(kind(), 4)
    assert_runs(model, *batches((2, 4), count=4), *batches((3, 4), count=1))


def test_what_a_loop_does_not_change_is_computed_once():
    """The tanh of the input stands before the loop, not in it."""
    main, _, body = names_in(api.convert(of_layer(Settling(), 4)))
    assert main == ["TANH", "WHILE"]
    assert body.count("TANH") == 1


def test_a_branch_computes_its_own():
    """What only one branch needs is not computed for the other."""
    main, *branches = names_in(api.convert(of_layer(Choice(), 4)))
    assert "EXP" not in main
    assert sum("EXP" in names for names in branches) == 1


def test_a_loop_that_changes_a_shape():
    model = of_function(
        lambda x: ops.while_loop(
            lambda s: ops.sum(s) < 9.0,
            lambda s: ops.concatenate([s, s], axis=1),
            (x,),
        ),
        (3,),
    )
    with pytest.raises(ConversionError, match="after a round"):
        api.convert(model)


def test_an_associative_scan_of_unknown_count():
    model = of_function(
        lambda x: ops.associative_scan(lambda a, b: a + b, x, axis=1), (None,)
    )
    with pytest.raises(ConversionError, match="size is not known"):
        api.convert(model)
