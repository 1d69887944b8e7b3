"""Which layers are rounded, where, and that this can be saved."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import gossamer
from gossamer import quantization_aware as qat
from gossamer import sparsity
from gossamer.flatbuffer.read import read
from gossamer.ir.types import DType
from gossamer.quantization_aware.wrapper import QuantizeWrapper, quantized_layers
from gossamer.training.framework import register
from tests.quantization_aware.nets import FAST, litert, ours, trained
from tests.training import nets

layers = keras.layers


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def rounds(model):
    """What each layer rounds beside its weights, by its name."""
    return {
        layer.layer.name: [each.name for each in layer.roundings]
        for layer in quantized_layers(model)
    }


def mobile():
    start = layers.Input((8, 8, 2), name="start")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="conv")(start)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    y = layers.DepthwiseConv2D(3, padding="same", name="depth")(x)
    y = layers.ReLU(6.0, name="relu6")(layers.BatchNormalization(name="norm6")(y))
    y = layers.Conv2D(8, 1, name="point")(y)
    x = layers.ReLU(name="after")(layers.Add(name="add")([x, y]))
    left = layers.Conv2D(4, 1, name="left")(x)
    x = layers.Concatenate(name="join")([left, layers.MaxPooling2D(1, name="max")(x)])
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling2D(name="mean")(x))
    return keras.Model(start, layers.Dense(10, "softmax", name="head")(x))


def test_tensors_are_rounded_where_the_converter_keeps_them():
    assert rounds(qat.quantize_model(mobile())) == {
        "conv": ["input_0"],
        "relu": ["output_0"],
        "depth": [],
        "relu6": ["output_0"],
        "point": ["output_0"],
        "after": ["output_0"],
        "left": [],
        "join": ["output_0"],
        "mean": ["output_0"],
        "head": ["before_activation", "output_0"],
    }


def test_a_mobile_network_is_all_integers():
    x, y = np.random.default_rng(0).normal(size=(32, 8, 8, 2)).astype("f"), None
    y = np.arange(32) % 10
    model = qat.quantize_model(mobile())
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2, **FAST)
    data = gossamer.convert(model, "int8", strict=True)
    found = ours(data, x)
    np.testing.assert_array_equal(found, litert(data, x))
    assert np.abs(found - nets.outputs(model, x)).max() <= 2 / 256


def test_layers_that_are_not_annotated_stay_in_float():
    start = layers.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, name="plain")(start)
    x = qat.quantize_annotate_layer(layers.Conv2D(4, 3, name="chosen"))(x)
    x = layers.Dense(10, name="head")(layers.Flatten()(x))
    model = qat.quantize_apply(keras.Model(start, x))
    assert rounds(model) == {"chosen": ["input_0", "output_0"]}
    data = gossamer.convert(trained(model), "int8")
    kinds = [(n.op.name, n.output.dtype) for n in read(data).main.nodes]
    assert kinds.count(("CONV_2D", DType.FLOAT32)) == 1
    assert kinds.count(("CONV_2D", DType.INT8)) == 1
    assert ("FULLY_CONNECTED", DType.FLOAT32) in kinds


@register
class OnlyKernel(qat.QuantizeConfig):
    """A dense layer with 4 bits, and its activation with 8."""

    def get_weights_and_quantizers(self, layer):
        return [(layer.kernel, qat.LastValueQuantizer(4, False, True, True))]

    def get_activations_and_quantizers(self, layer):
        return [(layer.activation, qat.MovingAverageQuantizer())]

    def set_quantize_weights(self, layer, quantize_weights):
        layer.kernel = quantize_weights[0]

    def set_quantize_activations(self, layer, quantize_activations):
        layer.activation = quantize_activations[0]

    def get_output_quantizers(self, layer):
        return []

    def get_config(self):
        return {}


def test_a_configuration_of_ones_own(tmp_path):
    start = layers.Input((8, 8, 1))
    dense = layers.Dense(10, "relu", name="dense")
    x = qat.quantize_annotate_layer(dense, OnlyKernel())(layers.Flatten()(start))
    annotated = keras.Model(start, x)
    annotated.save(tmp_path / "annotated.keras")
    with qat.quantize_scope({"OnlyKernel": OnlyKernel}):
        annotated = keras.models.load_model(tmp_path / "annotated.keras")
    model = trained(qat.quantize_apply(annotated))
    assert rounds(model) == {"dense": ["behind_activation", "input_0"]}
    (layer,) = quantized_layers(model)
    with layer.substituted():
        kernel = keras.ops.convert_to_numpy(layer.layer.kernel)
        assert len(np.unique(kernel)) <= 15
    data = gossamer.convert(model, "int8", strict=True)
    x, _ = nets.data()
    np.testing.assert_array_equal(ours(data, x), litert(data, x))


@pytest.mark.parametrize("name", ["sequential", "functional"])
@pytest.mark.parametrize("scheme", [None, qat.Default8BitPrunePreserveQuantizeScheme()])
def test_training_goes_on_after_saving_as_if_it_had_not_stopped(tmp_path, name, scheme):
    net = nets.NETS[name]()
    straight = keras.models.clone_model(net)
    straight.set_weights(net.get_weights())
    whole = trained(qat.quantize_model(straight, scheme=scheme), epochs=4)
    half = trained(qat.quantize_model(net, scheme=scheme), epochs=2)
    half.save(tmp_path / "half.keras")
    again = keras.models.load_model(tmp_path / "half.keras")
    x, y = nets.data()
    np.testing.assert_array_equal(nets.outputs(again, x), nets.outputs(half, x))
    again.fit(x, y, epochs=4, initial_epoch=2, **FAST)
    pairs = zip(again.weights, whole.weights, strict=True)
    for left, right in pairs:
        np.testing.assert_array_equal(np.asarray(left), np.asarray(right), left.path)


def test_clusters_are_saved(tmp_path):
    net = nets.sequential()
    kernel = net.layers[-1].kernel
    kernel.assign(np.round(np.asarray(kernel) * 8) / 8)
    scheme = qat.Default8BitClusterPreserveQuantizeScheme()
    model = trained(qat.quantize_model(net, scheme=scheme))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x, _ = nets.data()
    np.testing.assert_array_equal(nets.outputs(again, x), nets.outputs(model, x))
    assert again.layers[-1].kept == model.layers[-1].kept
    assert model.layers[-1].kept[0].clusters


def test_every_kind_of_kernel_has_channels_of_its_own():
    start = layers.Input((8, 8, 4))
    every = [
        layers.Conv2DTranspose(6, 3, name="transpose"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, name="depth"),
        layers.SeparableConv2D(5, 3, name="separable"),
        layers.EinsumDense("abcd,de->abce", (None, None, 7), name="einsum"),
        layers.Conv2D(3, 1, name="conv"),
    ]
    x = start
    for layer in every:
        x = layer(x)
    model = qat.quantize_model(keras.Model(start, x))
    found = {
        layer.layer.name: [
            tuple(state["max_var"].shape) for state in layer._weight_states
        ]
        for layer in quantized_layers(model)
    }
    assert found == {
        "transpose": [(6,)],
        "depth": [(6, 2)],
        "separable": [(5,), (12, 1)],
        "einsum": [(7,)],
        "conv": [(3,)],
    }


def test_an_embedding_is_rounded_as_it_is_read():
    start = layers.Input((6,), dtype="int32")
    x = layers.Flatten()(layers.Embedding(20, 4, name="table")(start))
    model = qat.quantize_model(keras.Model(start, layers.Dense(10, name="head")(x)))
    assert rounds(model) == {"table": ["output_0"], "head": ["output_0"]}
    x = np.random.default_rng(0).integers(0, 20, (32, 6)).astype(np.int32)
    nets.compiled(model).fit(x, np.arange(32) % 10, verbose=0)
    data = gossamer.convert(model, "int8", strict=True)
    np.testing.assert_array_equal(ours(data, x), litert(data, x))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: qat.quantize_annotate_layer(nets.own()), "must be a layer"),
        (lambda: qat.quantize_model(layers.Dense(1)), "a model can be annotated"),
        (lambda: qat.quantize_apply(nets.own()), "no layers to quantize"),
        (lambda: qat.quantize_model(nets.Own()), "has no weights yet"),
        (
            lambda: qat.quantize_model(sparsity.prune_low_magnitude(nets.own())),
            "strip the model of it first",
        ),
    ],
)
def test_what_cannot_be_quantized_is_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_names_have_the_prefix_that_was_asked_for():
    model = qat.quantize_model(nets.own(), "rounded_")
    assert isinstance(model.first, QuantizeWrapper)
    assert model.first.name == f"rounded_{model.first.layer.name}"
