from __future__ import annotations

import numpy as np

from gossamer.ir.build import Builder
from gossamer.ir.types import DType
from gossamer.quantization.float16 import float16
from tests.quantization import graphs, judge


def test_float_constants_go_through_dequantize_and_integers_do_not():
    model = graphs.classifier()
    made = float16(model)
    kinds = [node.op.name for node in made.main.nodes]
    before = [node.op.name for node in model.main.nodes]
    # Two matrices and one bias.
    assert kinds == ["DEQUANTIZE"] * 3 + before
    constants = {t.name: t.dtype for t in made.main.tensors if t.is_constant}
    assert constants == {
        "hidden/weights": DType.FLOAT16,
        "hidden/bias": DType.FLOAT16,
        "scores/weights": DType.FLOAT16,
        "shape": DType.INT32,
    }


def test_single_numbers_stay_in_float32():
    made = float16(graphs.network())
    scalars = [t for t in made.main.tensors if t.is_constant and t.shape == ()]
    assert [t.dtype for t in scalars] == [DType.FLOAT32]


def test_inputs_outputs_and_signatures_are_kept():
    model = graphs.network()
    made = float16(model)
    assert made.main.inputs == model.main.inputs
    assert made.main.outputs == model.main.outputs
    assert made.signatures == model.signatures


def test_a_shared_constant_is_stored_once():
    build = Builder()
    x = build.input("x", graphs.floats(1, 4))
    shift = build.constant("shift", graphs.normal(1, 4))
    once = build.node(graphs.Add(), x, shift)
    twice = build.node(graphs.Add(), once, shift)
    made = float16(graphs.model_of(build, [x], [twice]))
    assert [n.op.name for n in made.main.nodes] == ["DEQUANTIZE", "ADD", "ADD"]


def test_values_beyond_float16_are_clipped_and_told():
    build = Builder()
    x = build.input("x", graphs.floats(1, 2))
    huge = build.constant("huge", np.float32([1e6, -2.0]))
    model = graphs.model_of(build, [x], [build.node(graphs.Mul(), x, huge)])
    told = []
    made = float16(model, log=told.append)
    stored = next(t for t in made.main.tensors if t.dtype is DType.FLOAT16)
    np.testing.assert_array_equal(stored.data, np.float16([65504, -2]))
    assert told == ["'huge': 1 values beyond 65504 are clipped to it"]


def test_it_computes_what_the_float_model_does_and_what_litert_does():
    model = graphs.network()
    made = float16(model)
    for sample in graphs.samples(model, 3):
        outputs = zip(judge.ours(model, sample), judge.ours(made, sample), strict=True)
        # Half precision has 11 bits: 66 dB for one tensor.
        assert all(
            judge.signal_to_noise(wanted, found) > 50 for wanted, found in outputs
        )
        pairs = zip(judge.ours(made, sample), judge.litert(made, sample), strict=True)
        for mine, theirs in pairs:
            np.testing.assert_allclose(mine, theirs, atol=1e-5)
