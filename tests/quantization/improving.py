"""Networks on which it is known what helps, and how well they survive int8."""

from __future__ import annotations

import numpy as np

from gossamer.ir.build import Builder
from gossamer.ops import Conv2D, DepthwiseConv2D
from gossamer.quantization.calibrate import feed, reference_runner
from gossamer.quantization.full import full_integer
from tests.quantization import graphs, judge


def every(node):
    return True


def feeder(model, count=16, seed=100):
    """What runs a model on samples and shows every value."""
    samples = graphs.samples(model, count, seed)
    return lambda see: feed(model, samples, reference_runner, see)


def outputs(model, seed=7, count=8):
    samples = graphs.samples(model, count, seed)
    return np.array([judge.ours(model, sample)[0] for sample in samples])


def quality(model, wanted=None):
    """Decibels of the int8 model against the answers of `wanted` (or its own)."""
    made = full_integer(model, graphs.samples(model, 16))
    return judge.signal_to_noise(outputs(wanted or model), outputs(made))


def depthwise_outliers(factor=200.0, activation="relu"):
    """CONV, depthwise, CONV: four channels are large, and undone by what reads them."""
    build = Builder()
    image = build.input("image", graphs.floats(1, 8, 8, 4))
    random = np.random.default_rng(0)
    factors = np.ones(16)
    factors[[1, 5, 6, 11]] = factor
    before = random.normal(0, 0.5, (16, 1, 1, 4))
    middle = random.normal(0, 0.4, (1, 3, 3, 16)) * factors
    after = random.normal(0, 0.3, (8, 1, 1, 16)) / factors
    x = image
    for name, weights, size in (
        ("before", before, 16),
        ("middle", middle, 16),
        ("after", after, 8),
    ):
        kind = DepthwiseConv2D if name == "middle" else Conv2D
        extra = {"depth_multiplier": 1} if name == "middle" else {}
        fused = "none" if name == "after" else activation
        bias = random.normal(0, 0.1, size) * (factors if name == "middle" else 1)
        x = build.node(
            kind(fused_activation_function=fused, **graphs.CONV, **extra),
            x,
            build.constant(f"{name}/weights", weights.astype(np.float32)),
            build.constant(f"{name}/bias", bias.astype(np.float32)),
            name=name,
        )
    return graphs.model_of(build, [image], [x])
