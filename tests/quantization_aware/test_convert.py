"""Trained models as integer models: no calibration, and the same answers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import gossamer
from gossamer import clustering, sparsity
from gossamer import quantization_aware as qat
from gossamer.errors import QuantizationError
from gossamer.flatbuffer.read import read
from gossamer.ir.types import DType
from gossamer.training.state import array_of
from tests.quantization_aware.nets import learned, litert, ours, quantized, trained
from tests.training import nets

layers = keras.layers


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def weights(data, *names):
    """The constants that some operators multiply by, with their quantization."""
    nodes = read(data).main.nodes
    return [node.input(1) for node in nodes if node.op.name in names]


def step_of(data):
    last = read(data).main.nodes[-1]
    assert last.op.name == "DEQUANTIZE"
    return last.input(0).quantization.pair()[0]


def require_same_answers(model, data, x, parts=(0.45, 0.95)):
    """Bits as LiteRT has them; most as in training, nearly all a step apart at most."""
    found = ours(data, x)
    np.testing.assert_array_equal(found, litert(data, x))
    off = np.rint(np.abs(found - nets.outputs(model, x)) / step_of(data))
    assert (off == 0).mean() >= parts[0]
    assert (off <= 1).mean() >= parts[1]


SEQUENTIAL = pytest.mark.xdist_group("trained sequential")
FUNCTIONAL = pytest.mark.xdist_group("trained functional")


@pytest.mark.parametrize("name", [pytest.param("sequential", marks=SEQUENTIAL), "own"])
def test_a_trained_model_is_an_integer_model(name):
    model, (x, _) = learned(name), nets.data()
    data = gossamer.convert(model, "int8")
    graph = read(data).main
    real = [n.op.name for n in graph.nodes if n.output.dtype is DType.FLOAT32]
    assert real == ["DEQUANTIZE"]
    require_same_answers(model, data, x)


@FUNCTIONAL
def test_what_has_no_range_stays_in_float():
    model, (x, _) = learned("functional"), nets.data()
    data = gossamer.convert(model, "int8")
    graph = read(data).main
    kinds = [(n.op.name, n.output.dtype) for n in graph.nodes]
    assert kinds.count(("CONV_2D", DType.INT8)) == 2
    assert kinds.count(("UNIDIRECTIONAL_SEQUENCE_LSTM", DType.FLOAT32)) == 2
    assert ("BATCH_MATMUL", DType.FLOAT32) in kinds
    assert kinds[-2] == ("FULLY_CONNECTED", DType.INT8)
    np.testing.assert_array_equal(ours(data, x), litert(data, x))
    with pytest.raises(QuantizationError, match="is not known without calibration"):
        gossamer.convert(model, "int8", strict=True)


@FUNCTIONAL
def test_calibration_fills_in_what_was_not_trained():
    model, (x, _) = learned("functional"), nets.data()
    data = gossamer.convert(model, "int8", x)
    kinds = [(n.op.name, n.output.dtype) for n in read(data).main.nodes]
    assert ("BATCH_MATMUL", DType.INT8) in kinds


@SEQUENTIAL
def test_the_converter_of_the_toolkit_needs_no_data_either():
    model = learned("sequential")
    converter = gossamer.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [gossamer.Optimize.DEFAULT]
    made = read(converter.convert()).main
    assert made.nodes[1].output.dtype is DType.INT8
    converter.inference_input_type = np.int8
    converter.inference_output_type = np.int8
    ends = read(converter.convert()).main
    assert ends.inputs[0].dtype is ends.outputs[0].dtype is DType.INT8


@SEQUENTIAL
def test_a_float_file_keeps_the_rounding_and_can_be_quantized_later():
    model, (x, _) = learned("sequential"), nets.data()
    data = gossamer.convert(model)
    assert "FAKE_QUANT" in [node.op.name for node in read(data).main.nodes]
    np.testing.assert_allclose(ours(data, x), nets.outputs(model, x), atol=2e-2)
    assert gossamer.quantize(data, "int8")[-4:]
    np.testing.assert_array_equal(
        ours(gossamer.quantize(data, "int8"), x),
        ours(gossamer.convert(model, "int8"), x),
    )


def test_an_untrained_model_asks_for_calibration():
    model = qat.quantize_model(nets.sequential())
    with pytest.raises(QuantizationError, match="needs a calibration set"):
        gossamer.convert(model, "int8")
    assert gossamer.convert(model)


@SEQUENTIAL
def test_weights_have_the_scale_of_training():
    model = learned("sequential")
    layer = model.layers[-1]
    data = gossamer.convert(model, "int8")
    (stored,) = weights(data, "FULLY_CONNECTED")
    with layer.substituted():
        rounded = np.asarray(keras.ops.convert_to_numpy(layer.layer.kernel))
    quantization = stored.quantization
    made = quantization.dequantize(stored.data)
    np.testing.assert_allclose(made, rounded.T, rtol=1e-5, atol=1e-7)


def test_four_bits_are_stored_as_four_bits():
    model, (x, _) = quantized("own", qat.DefaultNBitQuantizeScheme(4, 8)), nets.data()
    data = gossamer.convert(model, "int8")
    found = weights(data, "CONV_2D", "FULLY_CONNECTED")
    assert {each.dtype for each in found} == {DType.INT4}
    require_same_answers(model, data, x)


def test_sixteen_bits_of_activations():
    scheme = qat.DefaultNBitQuantizeScheme(8, 16)
    model, (x, _) = quantized("own", scheme), nets.data()
    data = gossamer.convert(model, "int16x8")
    found = ours(data, x)
    np.testing.assert_array_equal(found, litert(data, x))
    np.testing.assert_allclose(found, nets.outputs(model, x), atol=2e-3)


def test_zeros_stay_zero():
    pruned = sparsity.prune_low_magnitude(
        nets.sequential(), sparsity.ConstantSparsity(0.75, 0, frequency=1)
    )
    x, y = nets.data()
    step = sparsity.UpdatePruningStep()
    nets.compiled(pruned).fit(x, y, callbacks=[step], verbose=0)
    model = qat.quantize_apply(
        qat.quantize_annotate_model(sparsity.strip_pruning(pruned)),
        qat.Default8BitPrunePreserveQuantizeScheme(),
    )
    data = gossamer.convert(trained(model, epochs=4), "int8")
    for each in weights(data, "CONV_2D", "FULLY_CONNECTED"):
        assert (each.data == 0).mean() >= 0.75
    require_same_answers(model, data, x)


@pytest.mark.parametrize("sparse", [False, True])
def test_shared_values_stay_shared(sparse):
    net = nets.own()
    kernel = net.rest[0].kernel
    kernel.assign(np.where(np.abs(array_of(kernel)) < 0.05, 0, array_of(kernel)))
    clustered = trained(
        clustering.cluster_weights(net, 6, preserve_sparsity=sparse), epochs=1
    )
    scheme = qat.Default8BitClusterPreserveQuantizeScheme(preserve_sparsity=sparse)
    stripped = clustering.strip_clustering(clustered)
    zeros = (array_of(stripped.rest[0].kernel) == 0).mean()
    model = qat.quantize_apply(qat.quantize_annotate_model(stripped), scheme)
    before = array_of(model.rest[0].trainable_variables[-1])
    data = gossamer.convert(trained(model), "int8")
    assert (array_of(model.rest[0].trainable_variables[-1]) != before).any()
    for each in weights(data, "CONV_2D", "FULLY_CONNECTED"):
        channels = each.data.reshape(each.shape[0], -1)
        assert all(len(np.unique(channel)) <= 6 for channel in channels)
    dense = weights(data, "FULLY_CONNECTED")[0].data
    if sparse:
        assert zeros > 0.1
        assert (dense == 0).mean() >= zeros


def test_pruned_and_clustered_models_convert_as_they_compute():
    x, y = nets.data(8)
    pruned = sparsity.prune_low_magnitude(
        nets.functional(), sparsity.ConstantSparsity(0.5, 0, frequency=1)
    )
    nets.compiled(pruned).fit(x, y, callbacks=[sparsity.UpdatePruningStep()], verbose=0)
    clustered = clustering.cluster_weights(nets.sequential(), 4)
    for model in (pruned, clustered):
        wanted = nets.outputs(model, x)
        np.testing.assert_allclose(
            ours(gossamer.convert(model), x), wanted, rtol=1e-4, atol=1e-5
        )
