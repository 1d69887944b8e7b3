"""Layers of one graph in different modes."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.assembly import Recipe, quantized_model
from gossamer.errors import QuantizationError
from gossamer.ir.build import Builder
from gossamer.ir.types import DType
from gossamer.passes.base import Log
from gossamer.quantization.constants import WeightOptions
from gossamer.quantization.rules import Rules
from tests.quantization import graphs, judge
from tests.quantization.test_dynamic import nodes
from tests.quantization.test_weights import rows

MIXES = {
    "int8 beside int16 and float": [
        ("stem|deep", "int8"),
        ("side|total|largest|average|both", "int16x8"),
        ("pooled", "float32"),
        ("", "int8"),
    ],
    "int16 first": [("stem", "int16x8"), ("scores|answer", "float32"), ("", "int8")],
    "residual in int16": [("total", "int16x8"), ("", "int8")],
    "float in between": [("side", "float16"), ("", "int16x8")],
}


def mixed(model, rules, log=None, **options):
    recipe = Recipe(Rules.of(rules), graphs.samples, **options)
    return quantized_model(model, recipe, log)


def types(model):
    return {name: str(node.output.dtype.title) for name, node in nodes(model).items()}


@pytest.mark.parametrize("name", MIXES)
@pytest.mark.parametrize("end", [DType.FLOAT32, DType.INT8, DType.INT16, DType.UINT8])
def test_a_mix_computes_what_the_float_model_does_and_what_litert_does(name, end):
    model = graphs.network()
    if not any(mode == "int8" for _, mode in MIXES[name]) and end.bits == 8:
        with pytest.raises(QuantizationError, match="expected one of float32, int16"):
            mixed(model, MIXES[name], input_type=end, output_type=end)
        return
    made = mixed(model, MIXES[name], input_type=end, output_type=end)
    assert {x.dtype for x in (*made.main.inputs, *made.main.outputs)} == {end}
    for sample in graphs.samples(model, 3, seed=9):
        entered = {x.name: judge.as_input(x, sample[x.name]) for x in made.main.inputs}
        mine, theirs = judge.ours(made, entered), judge.litert(made, entered)
        for y, real, ours, litert in zip(
            made.main.outputs, judge.ours(model, sample), mine, theirs, strict=True
        ):
            if end.is_float:
                np.testing.assert_allclose(ours, litert, rtol=1e-5, atol=1e-6)
            else:
                np.testing.assert_array_equal(ours, litert)
            assert judge.signal_to_noise(real, judge.real(y, ours)) > 18


def test_each_tensor_is_produced_in_its_layers_type():
    made = mixed(graphs.network(), MIXES["int8 beside int16 and float"])
    found = types(made)
    assert found["stem"] == found["deep"] == found["half"] == "int8"
    assert found["side"] == found["total"] == found["both"] == "int16"
    assert found["pooled"] == "float32"
    # What int16 reads of int8 goes through a QUANTIZE, and no float lies between.
    assert found["stem_int16"] == "int16"
    assert nodes(made)["stem_int16"].op.name == "QUANTIZE"
    assert nodes(made)["stem_int16"].input(0).dtype is DType.INT8


def test_what_a_layer_is_in_float_for_is_not_told_as_a_failure():
    log = Log()
    mixed(graphs.with_float_island(), [("before", "float32"), ("", "int8")], log)
    told = [str(event.node) + (event.reason or "") for event in log.events]
    text = " ".join(map(str, log.events))
    assert "NEG has no int8 form" in text
    assert "before" not in "".join(told)


def test_strict_asks_only_what_the_rules_ask():
    rules = [("negative", "float32"), ("", "int8")]
    made = mixed(graphs.with_float_island(), rules, strict=True)
    assert types(made)["negative"] == "float32"
    with pytest.raises(QuantizationError, match="NEG has no int16 form"):
        mixed(graphs.with_float_island(), "int16x8", strict=True)


def test_weights_of_the_layers_left_in_float_are_stored_as_their_rules_say():
    model = rows(Builder())
    found = nodes(mixed(model, [("one", "int8"), ("two", "dynamic")]))
    assert found["one"].input(0).dtype is DType.INT8
    assert found["two"].input(0).dtype is DType.FLOAT32
    assert found["two"].input(1).dtype is DType.INT8
    found = nodes(mixed(model, [("one", "float16"), ("two", "weight_int4")]))
    assert found["one/weights_float32"].input(0).dtype is DType.FLOAT16
    assert found["two/weights_float32"].input(0).dtype is DType.INT4


def test_a_constant_of_two_layers_is_stored_for_each():
    build = Builder()
    x = build.input("x", graphs.floats(1, 32))
    weights = build.constant("shared", graphs.normal(1, 32, 32, spread=0.2))
    one = build.node(graphs.FullyConnected(), x, weights, None, name="one")
    two = build.node(graphs.FullyConnected(), one, weights, None, name="two")
    model = graphs.model_of(build, [x], [two])
    made = mixed(model, [("one", "float16"), ("two", "float32")])
    assert nodes(made)["two"].input(1) is weights
    assert nodes(made)["one"].input(1).name == "shared_float32"


def test_biases_beside_int16_have_64_bits_or_32():
    for expected in (DType.INT64, DType.INT32):
        model = graphs.network()
        options = {"weights": WeightOptions(expected), "output_type": DType.INT16}
        made = mixed(model, "int16x8", **options)
        found = nodes(made)
        assert found["stem"].input(2).dtype is expected
        assert found["scores"].input(2).dtype is expected
        assert found["deep"].input(2).dtype is DType.INT64
        (sample,) = graphs.samples(model, 1, seed=9)
        for mine, theirs in zip(
            judge.ours(made, sample), judge.litert(made, sample), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("mode", ["int8", "dynamic"])
def test_weights_have_one_scale_where_channels_are_switched_off(mode):
    model = rows(Builder())
    made = mixed(model, mode, weights=WeightOptions(per_channel_dense=False))
    assert nodes(made)["one"].input(1).quantization.scale.size == 1
    (sample,) = graphs.samples(model, 1, seed=9)
    (wanted,), (found,) = judge.ours(model, sample), judge.ours(made, sample)
    assert judge.signal_to_noise(wanted, found) > 25
