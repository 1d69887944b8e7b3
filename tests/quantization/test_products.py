from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ops import Conv2D, DepthwiseConv2D, FullyConnected
from gossamer.quantization.products import changes, products
from tests.quantization import graphs, judge


def single(op, shape, weights, bias=None):
    build = Builder()
    x = build.input("x", graphs.floats(*shape))
    constant = build.constant("weights", graphs.normal(1, *weights))
    shift = None if bias is None else build.constant("bias", graphs.normal(2, bias))
    return graphs.model_of(build, [x], [build.node(op, x, constant, shift, name="y")])


WINDOW = {"stride_w": 2, "stride_h": 1, "dilation_w_factor": 2, "padding": "same"}
MODELS = {
    "conv": single(Conv2D(**WINDOW), (2, 7, 9, 3), (5, 3, 2, 3), 5),
    "valid": single(
        Conv2D(padding="valid", stride_w=1, stride_h=2), (1, 7, 9, 3), (5, 3, 3, 3)
    ),
    "grouped": single(Conv2D(**WINDOW), (1, 6, 6, 4), (6, 3, 3, 2), 6),
    "depthwise": single(
        DepthwiseConv2D(depth_multiplier=2, **WINDOW), (2, 5, 6, 3), (1, 3, 3, 6), 6
    ),
    "dense": single(FullyConnected(), (4, 10), (3, 10), 3),
    "rows": single(FullyConnected(keep_num_dims=True), (2, 5, 10), (3, 10)),
}


def the(model):
    (product,) = products(model)
    return product


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_matrix_times_the_mean_patch_is_the_mean_output(model):
    product = the(model)
    x = graphs.normal(3, *model.main.inputs[0].shape)
    (y,) = judge.ours(model, {"x": x})
    matrix = product.matrix(product.weights.data)
    found = (matrix @ product.mean_patch(x)[..., None]).reshape(-1) + product.bias
    np.testing.assert_allclose(
        found, y.reshape(-1, y.shape[-1]).mean(0), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_all_patches_give_all_outputs(model):
    product = the(model)
    x = graphs.normal(3, *model.main.inputs[0].shape)
    (y,) = judge.ours(model, {"x": x})
    patches = product.some_patches(x, 10_000, np.random.default_rng(0))
    matrix = product.matrix(product.weights.data)
    rows = patches @ matrix.swapaxes(1, 2)
    found = rows.transpose(1, 0, 2).reshape(y.reshape(-1, y.shape[-1]).shape)
    np.testing.assert_allclose(
        found + product.bias, y.reshape(-1, y.shape[-1]), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_matrix_is_stored_as_it_was(model):
    product = the(model)
    weights = product.weights.data
    np.testing.assert_array_equal(product.stored(product.matrix(weights)), weights)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_scaled_channels_are_undone_by_their_spread(model):
    product = the(model)
    x = graphs.normal(3, *model.main.inputs[0].shape)
    scale = np.linspace(0.5, 2, x.shape[-1]).astype(np.float32)
    matrix = product.matrix(product.weights.data) * product.spread(scale)
    made = changes({product.node: product.stored(matrix)}).apply(model)
    np.testing.assert_allclose(
        judge.ours(made, {"x": x / scale})[0],
        judge.ours(model, {"x": x})[0],
        atol=1e-4,
        rtol=1e-4,
    )


def test_few_patches_are_taken_of_many():
    product = the(MODELS["conv"])
    x = graphs.normal(3, 2, 7, 9, 3)
    patches = product.some_patches(x, 5, np.random.default_rng(0))
    assert patches.shape == (1, 5, 18)


def test_a_layer_without_a_bias_gets_one():
    model = MODELS["rows"]
    bias = np.float32([1, 2, 3])
    made = changes(biases={model.main.nodes[0]: bias}).apply(model)
    x = {"x": graphs.normal(3, 2, 5, 10)}
    np.testing.assert_allclose(
        judge.ours(made, x)[0], judge.ours(model, x)[0] + bias, atol=1e-5
    )
    assert made.main.outputs == model.main.outputs


def test_weights_that_two_layers_read_are_left_alone():
    build = Builder()
    x = build.input("x", graphs.floats(1, 4))
    weights = build.constant("weights", graphs.normal(1, 4, 4))
    y = build.node(FullyConnected(), x, weights, None)
    z = build.node(FullyConnected(), y, weights, None)
    assert not products(graphs.model_of(build, [x], [z]))
