"""Dot, along each pair of axes."""

from __future__ import annotations

import keras
import pytest

from tests.frontends.keras.compare import assert_same, operators, sample

layers = keras.layers

PAIRS = {
    "vectors": ((4,), (4,), 1),
    "vector and rows": ((4,), (3, 4), (1, 2)),
    "rows and vector": ((3, 4), (4,), (2, 1)),
    "columns": ((3, 4), (3, 5), 1),
    "rows": ((3, 4), (5, 4), -1),
    "a product": ((3, 4), (4, 5), (2, 1)),
    "the middle of three": ((3, 4, 2), (5, 4), (2, 2)),
    "the first of three": ((3, 4, 2), (6, 3, 5), (1, 2)),
    "the last of three": ((3, 4, 2), (2, 5, 3), (3, 1)),
}


def _model(name, normalize):
    left, right, axes = PAIRS[name]
    inputs = [keras.Input(left), keras.Input(right)]
    return keras.Model(inputs, layers.Dot(axes, normalize=normalize)(inputs))


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_dot(name, normalize):
    left, right, _ = PAIRS[name]
    assert_same(_model(name, normalize), sample(left), sample(right, seed=9))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vectors", ["MUL", "SUM"]),
        ("columns", ["BATCH_MATMUL"]),
        ("rows", ["BATCH_MATMUL"]),
        ("a product", ["BATCH_MATMUL"]),
    ],
)
def test_dot_is_few_operators(name, expected):
    assert operators(_model(name, normalize=False)) == expected
    normal = operators(_model("rows", normalize=True))
    assert normal == ["L2_NORMALIZATION", "L2_NORMALIZATION", "BATCH_MATMUL"]
