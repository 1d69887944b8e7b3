"""The specification's rules, on the tensors of quantized graphs."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.quantization.full import full_integer
from tests.quantization import graphs


def quantized(model, **options):
    return full_integer(
        model,
        graphs.samples(model),
        **{"input_type": DType.INT8, "output_type": DType.INT8, **options},
    )


def tensors(model):
    return {tensor.name: tensor for tensor in model.main.tensors}


def kinds(model):
    return [node.op.name for node in model.main.nodes]


def test_no_node_is_added_to_a_graph_that_is_all_int8():
    model = graphs.network()
    made = quantized(model)
    assert kinds(made) == kinds(model)
    assert [x.name for x in made.main.inputs] == ["image"]
    assert [y.name for y in made.main.outputs] == ["scores", "answer"]


def test_activations_are_int8_with_one_scale():
    for tensor in tensors(quantized(graphs.network())).values():
        if not tensor.is_constant:
            assert tensor.dtype is DType.INT8
            assert tensor.quantization.scale.shape == (1,)


@pytest.mark.parametrize(
    ("name", "axis"),
    [
        ("stem/weights", 0),
        ("side/weights", 0),
        ("deep/weights", 3),
        ("scores/weights", 0),
    ],
)
def test_weights_are_symmetric_per_channel(name, axis):
    weights = tensors(quantized(graphs.network()))[name]
    real = tensors(graphs.network())[name].data
    assert weights.dtype is DType.INT8
    assert weights.quantization.axis == axis
    assert not weights.quantization.zero_point.any()
    others = tuple(i for i in range(real.ndim) if i != axis)
    largest = np.abs(real).max(axis=others)
    np.testing.assert_array_equal(weights.quantization.scale, largest / np.float32(127))
    # Each channel reaches the end of [-127, 127].
    reach = np.abs(weights.data.astype(int)).max(axis=others)
    np.testing.assert_array_equal(reach, 127)


def test_bias_is_int32_at_the_scale_of_the_products():
    made = tensors(quantized(graphs.network()))
    for source, name in (("image", "stem"), ("stem", "deep"), ("pooled", "scores")):
        bias, weights = made[f"{name}/bias"], made[f"{name}/weights"]
        assert bias.dtype is DType.INT32
        scale, _ = made[source].quantization.pair()
        products = np.float32(scale) * weights.quantization.scale
        np.testing.assert_array_equal(bias.quantization.scale, products)
        real = tensors(graphs.network())[f"{name}/bias"].data
        assert (np.abs(bias.data * products - real) <= 0.501 * products).all()


def test_outputs_of_relu_have_their_zero_at_the_end():
    made = tensors(quantized(graphs.network()))
    assert made["stem"].quantization.pair()[1] == -128
    assert made["deep"].quantization.pair()[1] == -128


def test_softmax_has_the_scale_of_its_definition():
    made = tensors(quantized(graphs.network()))
    assert made["answer"].quantization.pair() == (1 / 256, -128)


def test_concatenation_and_pools_tie_their_tensors():
    made = tensors(quantized(graphs.network()))
    shared = made["both"].quantization
    for name in ("total", "largest", "side", "average"):
        assert shared.same(made[name].quantization), name
    assert not shared.same(made["half"].quantization)


def test_every_output_of_a_split_has_the_scale_of_its_input():
    made = tensors(quantized(graphs.several_outputs()))
    for name in ("first", "second", "third", "fourth", "outer", "clipped"):
        assert made[name].quantization.same(made["x"].quantization), name


def test_a_constant_operand_takes_its_own_range():
    factor = tensors(quantized(graphs.network()))["factor"]
    assert factor.dtype is DType.INT8
    assert factor.quantization.pair() == (np.float32(0.5) / np.float32(255), -128)
    assert int(factor.data) == 127


def test_integer_constants_stay_as_they_are():
    model = graphs.classifier()
    before, after = tensors(model)["shape"], tensors(quantized(model))["shape"]
    assert after is before


def test_a_fixed_scale_goes_along_with_values_that_only_move():
    made = tensors(quantized(graphs.padded_sigmoid()))
    for name in ("gate", "padded", "flat"):
        assert made[name].quantization.pair() == (1 / 256, -128), name


def test_a_fixed_scale_is_requantized_where_it_meets_a_free_one():
    made = quantized(graphs.pinned_and_free())
    found = tensors(made)
    assert found["gate"].quantization.pair() == (1 / 256, -128)
    assert "QUANTIZE" in kinds(made)
    both = next(n for n in made.main.nodes if n.op.name == "CONCATENATION")
    for x in both.inputs:
        assert x.quantization.same(both.output.quantization)
    assert found["free"].quantization.same(both.output.quantization)


def test_signatures_lead_to_the_new_tensors():
    made = quantized(graphs.network(), input_type=DType.UINT8)
    (signature,) = made.signatures
    assert signature.inputs == {"image": made.main.inputs[0]}
    assert list(signature.outputs.values()) == list(made.main.outputs)
    assert signature.inputs["image"].dtype is DType.UINT8
