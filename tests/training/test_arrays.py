"""Weights as arrays are changed as tensors are.

A back end may divide by a constant in another way, which moves the last bit.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import clustering, quantization_aware, sparsity
from gossamer.quantization_aware import quantizers
from gossamer.training.arrays import ops_for
from gossamer.training.framework import Layer

SHAPE = (3, 3, 5, 8)


def conv():
    made = keras.layers.Conv2D(8, 3)
    made.build((None, 9, 9, 5))
    value = np.random.default_rng(4).normal(size=SHAPE).astype(np.float32)
    made.kernel.assign(np.where(np.abs(value) < 0.3, 0, value))
    return made


def of_both(wrapper):
    """The changed kernel, from a tensor and from an array."""
    (place,) = wrapper.held
    array = keras.ops.convert_to_numpy(place.variable)
    tensor = wrapper.effective(0, keras.ops.convert_to_tensor(array), training=False)
    made = wrapper.effective(0, array, training=False)
    assert isinstance(made, np.ndarray)
    assert made.dtype == np.float32
    return keras.ops.convert_to_numpy(tensor), made


def test_pruned():
    wrapper = sparsity.prune_low_magnitude(conv())
    wrapper.masks[0].assign(np.arange(360).reshape(SHAPE) % 3 > 0)
    np.testing.assert_array_equal(*of_both(wrapper))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"preserve_sparsity": True},
        {"cluster_per_channel": True},
        {"cluster_per_channel": True, "preserve_sparsity": True},
        {"on_grid": True, "number_of_clusters": 15},
    ],
    ids=str,
)
def test_clustered(options):
    wrapper = clustering.cluster_weights(conv(), **{"number_of_clusters": 6, **options})
    tensor, made = of_both(wrapper)
    np.testing.assert_array_equal(tensor, made)
    assert len(np.unique(made[..., 0])) <= 15


def test_averaged_gradients_leave_the_values():
    """A tensor's values pass through a division that gradients need."""
    wrapper = clustering.cluster_weights(conv(), 6, gradient_aggregation="avg")
    tensor, made = of_both(wrapper)
    np.testing.assert_allclose(tensor, made, rtol=1e-6)


@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize("per_axis", [False, True])
@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("kind", ["LastValueQuantizer", "AllValuesQuantizer"])
def test_rounded(kind, symmetric, bits, per_axis, is_seen):
    x = keras.ops.convert_to_numpy(conv().kernel)
    quantizer = getattr(quantizers, kind)(bits, per_axis, symmetric, not symmetric)
    state = quantizer.build(SHAPE, "kernel", Layer())
    if is_seen or kind == "AllValuesQuantizer":
        quantizer(keras.ops.convert_to_tensor(x * 0.9), True, state)
    tensor = quantizer(keras.ops.convert_to_tensor(x), False, state)
    made = quantizer(x, False, state)
    assert isinstance(made, np.ndarray)
    assert made.dtype == np.float32
    np.testing.assert_allclose(keras.ops.convert_to_numpy(tensor), made, rtol=2e-6)
    levels = 2**bits * (8 if per_axis else 1)
    assert 1 < len(np.unique(made)) <= levels


def test_what_is_kept_of_clusters_and_zeros():
    layer = conv()
    layer.kernel.assign(np.round(keras.ops.convert_to_numpy(layer.kernel)))
    model = keras.Sequential([keras.layers.Input((9, 9, 5)), layer])
    scheme = quantization_aware.Default8BitClusterPreserveQuantizeScheme(
        preserve_sparsity=True
    )
    made = quantization_aware.quantize_model(model, scheme=scheme)
    (wrapper,) = (x for x in made.layers if hasattr(x, "kept"))
    np.testing.assert_allclose(*of_both(wrapper), rtol=2e-6)


def test_a_value_of_a_graph_stays_in_the_graph():
    assert ops_for(keras.ops.ones(3)) is keras.ops
    assert ops_for(keras.KerasTensor((3,))) is keras.ops
    assert ops_for(np.ones(3)) is not keras.ops
