from __future__ import annotations

import numpy as np

from gossamer.ir.build import Builder
from gossamer.quantization.bias_correction import BiasCorrection
from gossamer.quantization.calibrate import calibrate, feed, reference_runner
from gossamer.quantization.full import full_integer
from gossamer.quantization.ranges import Range, activation_quantization
from tests.quantization import graphs, improving, judge


def positive(count=32, seed=100):
    """Inputs whose mean is far from 0, so that an error in weights is a shift."""
    random = np.random.default_rng(seed)
    return [
        {"x": random.uniform(0.5, 1.5, (1, 64)).astype(np.float32)}
        for _ in range(count)
    ]


def layer(*, bias=True):
    build = Builder()
    x = build.input("x", graphs.floats(1, 64))
    y = graphs.dense(build, x, 8, seed=1, name="y", bias=bias)
    return graphs.model_of(build, [x], [y])


def corrected(model, samples, ranges):
    grids = {x: activation_quantization(values) for x, values in ranges.items()}
    correction = BiasCorrection(model, improving.every, grids)
    feed(model, samples, reference_runner, correction.see)
    return correction.corrected()


def shift(model, made, samples):
    pairs = [(judge.ours(model, s)[0], judge.ours(made, s)[0]) for s in samples]
    return np.mean([found - wanted for wanted, found in pairs], (0, 1))


def test_the_mean_error_of_a_layer_goes():
    for model in (layer(), layer(bias=False)):
        ranges = calibrate(model, positive())
        made = corrected(model, positive(), ranges)
        before = shift(model, full_integer(model, positive()), positive())
        after = shift(model, full_integer(made, positive()), positive())
        assert np.abs(after).mean() < 0.5 * np.abs(before).mean()


def test_what_a_narrow_range_cuts_off_on_average_comes_back():
    model = layer()
    (x,) = model.main.inputs
    ranges = {x: Range(0.0, 1.2)}
    made = corrected(model, positive(), ranges)
    cut = [{"x": np.minimum(s["x"], 1.2)} for s in positive()]
    wanted = np.mean([judge.ours(model, s)[0] for s in positive()], (0, 1))
    plain = np.mean([judge.ours(model, s)[0] for s in cut], (0, 1))
    found = np.mean([judge.ours(made, s)[0] for s in cut], (0, 1))
    assert np.abs(found - wanted).max() < 0.2 * np.abs(plain - wanted).max()


def test_layers_that_stay_in_float_are_left_alone():
    model = layer()
    correction = BiasCorrection(model, lambda node: False, {})
    feed(model, positive(), reference_runner, correction.see)
    assert correction.corrected().main.nodes == model.main.nodes
