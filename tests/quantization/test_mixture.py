from __future__ import annotations

import itertools

import numpy as np
import pytest

from gossamer.errors import QuantizationError
from gossamer.ir.types import DType
from gossamer.ir.verify import verify
from gossamer.quantization.calibrate import calibrate
from gossamer.quantization.mixture import Mixture
from gossamer.quantization.rules import MODES
from tests.quantization import graphs, judge


def mixture(model):
    return Mixture(model, lambda: calibrate(model, graphs.samples(model)))


def noise(model, made):
    found = [
        judge.signal_to_noise(
            judge.ours(model, sample)[0], judge.litert(made, sample)[0]
        )
        for sample in graphs.samples(model, 4, seed=7)
    ]
    return min(found)


@pytest.mark.parametrize("modes", list(itertools.product(MODES, MODES)))
def test_each_layer_has_its_mode(modes):
    model = graphs.classifier()
    made = mixture(model).quantized(dict(zip(("hidden", "scores"), modes, strict=True)))
    verify(made)
    assert noise(model, made) > (12 if "int4" in " ".join(modes) else 25)
    nodes = {y.name: node for node in made.main.nodes for y in node.outputs}
    stored = {
        "int8": DType.INT8,
        "int16x8": DType.INT8,
        # Few weights stay in float where nothing is gained by it.
        "dynamic": DType.INT8,
        "dynamic_int4": DType.INT4,
        "weight_int8": DType.INT8,
        "weight_int4": DType.INT4,
        "float16": DType.FLOAT16,
        "float32": DType.FLOAT32,
    }
    hidden = nodes.get("hidden").input(1)
    source = nodes[hidden.name].input(0) if hidden.name in nodes else hidden
    assert source.dtype is stored[modes[0]]
    expected = {"int8": DType.INT8, "int16x8": DType.INT16}.get(modes[0], DType.FLOAT32)
    assert nodes["hidden"].output.dtype is expected


def test_nothing_named_is_the_float_model():
    model = graphs.network()
    made = mixture(model).quantized({})
    sample = graphs.samples(model, 1)[0]
    pairs = zip(judge.ours(model, sample), judge.ours(made, sample), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


def test_calibration_runs_once_and_only_for_integers():
    model, calls = graphs.network(), []

    def ranges():
        calls.append(1)
        return calibrate(model, graphs.samples(model))

    made = Mixture(model, ranges)
    made.quantized({"side": "float16"})
    assert not calls
    made.quantized({"side": "int8"})
    made.quantized({"stem": "int8"})
    assert len(calls) == 1


def test_an_unknown_mode_is_refused():
    with pytest.raises(QuantizationError, match="'int3' is not known"):
        mixture(graphs.network()).quantized({"side": "int3"})
