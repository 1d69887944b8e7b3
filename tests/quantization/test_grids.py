"""Weights on a uniform grid of few steps lose nothing as int4."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.types import DType
from gossamer.ops import Conv2D, FullyConnected
from gossamer.quantization.grids import grid_quantization
from tests.quantization import graphs, judge
from tests.quantization.test_weights import stored

STEP = np.float32(0.0371)


def on_grid(seed, *shape):
    """Weights of whole steps; channel i reaches i + 1 steps, at most 7."""
    rng = np.random.default_rng(seed)
    reach = np.minimum(np.arange(shape[0]) + 1, 7).reshape(-1, *[1] * len(shape[1:]))
    return np.rint(rng.uniform(-reach, reach, shape)).astype(np.float32) * STEP


def network():
    build = Builder()
    x = build.input("x", graphs.floats(1, 6, 6, 16))
    kernel = build.constant("kernel", on_grid(1, 24, 1, 1, 16))
    wide = build.constant("wide", on_grid(2, 40, 3, 3, 24))
    dense = build.constant("dense", on_grid(3, 30, 40))

    def bias(size):
        return build.constant(f"bias{size}", graphs.normal(size, size))

    y = build.node(Conv2D("same", 1, 1), x, kernel, bias(24))
    y = build.node(Conv2D("valid", 2, 2), y, wide, bias(40))
    y = build.node(FullyConnected(), y, dense, bias(30))
    return graphs.model_of(build, [x], [y])


def test_int4_weights_are_the_float_ones():
    model = network()
    made = stored(model, "weight_int4")
    integers = [x for x in made.main.tensors if x.dtype is DType.INT4]
    assert {x.name.split("_")[0] for x in integers} == {"wide", "dense"}
    known = {x.name: x.data for x in model.main.tensors}
    for tensor in integers:
        wanted = known[tensor.name]
        found = tensor.quantization.dequantize(tensor.data)
        np.testing.assert_allclose(found, wanted, rtol=3e-7)
    sample = graphs.samples(model, 1)[0]
    (wanted,), (found,) = judge.ours(model, sample), judge.ours(made, sample)
    assert judge.signal_to_noise(wanted, found) > 110
    np.testing.assert_allclose(judge.litert(made, sample)[0], found, atol=1e-5)


def grid_scale(rows, axis):
    return grid_quantization(rows, axis, DType.INT4).scale


def test_steps_of_channels():
    rows = np.float32([[0, 1, -5], [0, 2, 4], [7, 3, 1], [0.5, 0.9, 1.0]])
    found = grid_scale(rows, 0)
    assert found == pytest.approx([1, 2 / 3, 1, 1 / 7])
    assert grid_scale(rows.T, 1) == pytest.approx(found)
    assert grid_scale(rows[:3], None) == pytest.approx([1])


def test_values_on_no_grid_have_the_step_of_their_range():
    rows = np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32)
    largest = np.abs(rows).max(axis=1)
    assert grid_scale(rows, 0) == pytest.approx(largest / 7)
