"""The benchmark networks: converted and quantized, in Gossamer, LiteRT and Keras."""

from __future__ import annotations

from functools import cache, partial
from itertools import combinations

import numpy as np
import pytest

import gossamer
from benchmarks import zoo
from tests.models import engines

MODELS = {
    **zoo.NETWORKS,
    "mobilenet_v1": partial(zoo.mobilenet_v1, 96, 0.25),
    "mobilenet_v2": partial(zoo.mobilenet_v2, 96, 0.35),
    "mobilenet_v3_small": partial(zoo.mobilenet_v3_small, 64),
    "efficientnet_b0": partial(zoo.efficientnet_b0, 48),
    "resnet50": partial(zoo.resnet50, 48),
    "transformer": partial(zoo.transformer, 1, 12, 2, 16),
    "lstm": partial(zoo.lstm, 5, 32, 64),
    "mobilenet_v1_full": zoo.mobilenet_v1,
    "mobilenet_v2_full": zoo.mobilenet_v2,
}
# One group per network: xdist then builds it in one process only.
NAMES = [
    pytest.param(
        name,
        marks=[
            pytest.mark.xdist_group(name),
            *([pytest.mark.slow] if name.endswith("_full") else []),
        ],
    )
    for name in MODELS
]


@cache
def network(name):
    return zoo.build(MODELS[name])


@pytest.mark.parametrize("name", NAMES)
def test_float_agrees_with_keras(name):
    model = network(name)
    x = zoo.samples(model, 3)
    expected = model.predict(x, verbose=0)
    assert np.ptp(expected, axis=0).max() > 0, "the inputs make no difference"
    data = gossamer.convert(model)
    for interpreter in (engines.ours(data), engines.theirs(data, engines.PLAIN)):
        found = [engines.infer(interpreter, [row[None]])[0][0] for row in x]
        engines.assert_close([np.array(found)], [expected], 1e-4)


# An int8 RSQRT of LiteRT has another last digit in some places.
NEAR = {"transformer": 2}


@pytest.mark.parametrize("name", NAMES)
def test_int8_is_equal_to_the_bit(name):
    model = network(name)
    data = gossamer.convert(
        model,
        quantize="int8",
        calibration=zoo.samples(model, 8, seed=2),
        input_type="int8",
        output_type="int8",
    )
    ours, theirs = engines.ours(data), engines.theirs(data)
    random = np.random.default_rng(4)
    seen = set()
    for _ in range(20):
        inputs = engines.random_inputs(ours, random)
        found = engines.infer(ours, inputs)
        expected = engines.infer(theirs, inputs)
        if name in NEAR:
            engines.assert_steps(found, expected, NEAR[name])
        else:
            engines.assert_equal(found, expected)
        seen.add(found[0].tobytes())
    assert len(seen) > 1, "the inputs make no difference"


@pytest.mark.parametrize("name", NAMES)
def test_dynamic_range_is_as_near_as_litert_to_itself(name):
    """Each layer quantizes its input anew, so that a last bit can grow with depth."""
    model = network(name)
    data = gossamer.convert(model, quantize="dynamic")
    assert len(data) < len(gossamer.convert(model)) / 2
    x = zoo.samples(model, 3)

    def scores(interpreter):
        return np.concatenate([engines.infer(interpreter, [row[None]])[0] for row in x])

    kinds = (engines.REFERENCE, engines.PLAIN, engines.AUTOMATIC)
    theirs = [scores(engines.theirs(data, kernels)) for kernels in kinds]
    ours, exact = scores(engines.ours(data)), model.predict(x, verbose=0)
    spread = max(distance(a, b) for a, b in combinations(theirs, 2))
    slack = 1e-5 * np.ptp(exact)
    assert min(distance(ours, each) for each in theirs) <= spread + slack
    assert distance(ours, exact) <= 1.25 * max(distance(a, exact) for a in theirs)


SMALL = (
    "mnist_mlp",
    "mnist_cnn",
    "ds_cnn",
    "resnet8",
    "tiny_ae",
    "transformer",
    "lstm",
)
LARGE = ("mobilenet_v1", "mobilenet_v2", "efficientnet_b0", "resnet50")


def _named(names, *marks):
    return [pytest.param(x, marks=[pytest.mark.xdist_group(x), *marks]) for x in names]


@pytest.mark.parametrize("name", _named(SMALL) + _named(LARGE, pytest.mark.slow))
def test_int16_activations_are_equal_to_the_bit(name):
    model = network(name)
    calibration = zoo.samples(model, 8, seed=2)
    ends = {"input_type": "int16", "output_type": "int16"}
    data = gossamer.convert(model, "int16x8", calibration, **ends)
    ours, theirs = engines.ours(data), engines.theirs(data)
    random = np.random.default_rng(4)
    for _ in range(5):
        inputs = engines.random_inputs(ours, random)
        engines.assert_equal(engines.infer(ours, inputs), engines.infer(theirs, inputs))


@pytest.mark.parametrize("mode", ["weight_int8", "weight_int4", "weight_int4:32"])
@pytest.mark.parametrize("name", _named(SMALL) + _named(LARGE, pytest.mark.slow))
def test_weights_of_few_bits_compute_as_in_litert(name, mode):
    model = network(name)
    data = gossamer.convert(model, mode)
    ours, theirs = engines.ours(data), engines.theirs(data)
    for row in zoo.samples(model, 3):
        found, expected = (engines.infer(each, [row[None]]) for each in (ours, theirs))
        engines.assert_close(found, expected, 3e-5)


@pytest.mark.parametrize("name", _named(("mnist_mlp", "tiny_ae", "transformer")))
def test_int4_weights_beside_int8_inputs_compute_as_in_litert(name):
    model = network(name)
    data = gossamer.convert(model, "dynamic_int4")
    ours, theirs = engines.ours(data), engines.theirs(data)
    for row in zoo.samples(model, 3):
        found, expected = (engines.infer(each, [row[None]]) for each in (ours, theirs))
        engines.assert_close(found, expected, 1e-5)


def distance(a, b):
    return float(np.abs(a - b).max())
