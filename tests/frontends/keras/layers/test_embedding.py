"""Tables of vectors: Keras's own answer against the converted file in LiteRT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.frontends.keras.compare import assert_same, of_layer, operators

layers = keras.layers


@pytest.mark.parametrize("shape", [(), (4,), (4, 3)])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
def test_embedding(shape, dtype):
    model = of_layer(layers.Embedding(5, 3), shape, dtype)
    ids = np.random.default_rng(2).integers(0, 5, (2, *shape)).astype(dtype)
    if dtype != "int64":  # which JAX computes in int32
        assert_same(model, ids)
    is_index = dtype in ("int32", "int64")
    assert operators(model) == (["GATHER"] if is_index else ["CAST", "GATHER"])


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("cap", [None, 2.0])
def test_reversible_embedding(ties, cap):
    layer = layers.ReversibleEmbedding(50, 30, tie_weights=ties, logit_soft_cap=cap)
    ids = keras.Input((4,), dtype="int32")
    model = keras.Model(ids, layer(layer(ids), reverse=True))
    assert_same(model, np.array([[0, 1, 4, 3], [2, 2, 0, 1]], np.int32))
    scaled = ["MUL"] if cap else []
    end = ["TANH", "MUL"] if cap else []
    assert operators(model) == ["GATHER", *scaled, "FULLY_CONNECTED", *end]


def test_tied_rows_are_stored_once():
    layer = layers.ReversibleEmbedding(50, 30, logit_soft_cap=2.0)
    ids = keras.Input((4,), dtype="int32")
    model = keras.Model(ids, layer(layer(ids), reverse=True))
    data = assert_same(model, np.array([[0, 1, 4, 3]], np.int32))
    assert len(data) < 1.5 * 4 * 50 * 30


EINSUM = {
    "a projection": ("abc,cde->abde", (None, 2, 3), "de", (4, 5)),
    "a part of the bias": ("abc,cde->abde", (None, 2, 3), "d", (4, 5)),
    "the last bias": ("abc,cde->abde", (None, 2, 3), "e", (4, 5)),
    "a bias of a left axis": ("abc,cd->abd", (4, 6), "b", (4, 5)),
    "without bias": ("abc,cd->abd", (None, 6), None, (4, 5)),
    "dots": ("...x,xy->...y", 6, "y", (3, 4, 5)),
    "two axes": ("abcd,cde->abe", (None, 6), "e", (3, 4, 5)),
    "a batch of kernels": ("abc,bcd->abd", (4, 6), "d", (4, 5)),
}


@pytest.mark.parametrize("case", EINSUM.values(), ids=EINSUM.keys())
def test_einsum_dense(case):
    equation, output, bias, shape = case
    layer = layers.EinsumDense(equation, output, bias_axes=bias, activation="relu")
    model = of_layer(layer, shape)
    x = np.random.default_rng(4).normal(0, 1, (2, *shape)).astype(np.float32)
    assert_same(model, x)


def test_a_projection_with_bias_is_two_operators():
    layer = layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de")
    assert operators(of_layer(layer, (4, 5))) == ["FULLY_CONNECTED", "RESHAPE"]
