"""Quantizers, step by step, against what they are to compute."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import quantization_aware as qat
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops.fake_quant import FakeQuant
from gossamer.quantization.ranges import Range, activation_quantization
from gossamer.quantization_aware.rounding import fake_quantized, grid
from gossamer.training.state import array_of


class Holder(keras.layers.Layer):
    """Something to add variables to."""


def steps(quantizer, batches, shape=()):
    """The ranges after each batch, and what the last became."""
    state = quantizer.build(shape, "x", Holder())
    ends, made = [], None
    for batch in batches:
        made = quantizer(keras.ops.convert_to_tensor(batch), True, state)
        ends.append((array_of(state["min_var"]), array_of(state["max_var"])))
    return ends, np.asarray(keras.ops.convert_to_numpy(made)), state


def batches(count=5, shape=(4, 3)):
    random = np.random.default_rng(0)
    return [(random.normal(size=shape) * 3 + 1).astype(np.float32)] + [
        random.normal(size=shape).astype(np.float32) for _ in range(count - 1)
    ]


def test_moving_averages_begin_with_a_batch_and_move_by_a_thousandth():
    given = batches()
    found, _, _ = steps(qat.MovingAverageQuantizer(), given)
    low, high = min(given[0].min(), 0), max(given[0].max(), 0)
    for batch, (least, greatest) in zip(given, found, strict=True):
        if batch is not given[0]:
            low = low * 0.999 + min(batch.min(), 0) * 0.001
            high = high * 0.999 + max(batch.max(), 0) * 0.001
        np.testing.assert_allclose([least, greatest], [low, high], rtol=1e-6)


def test_all_values_keeps_the_extremes():
    given = batches()
    found, _, _ = steps(qat.AllValuesQuantizer(), given)
    for index, (least, greatest) in enumerate(found):
        seen = np.concatenate(given[: index + 1])
        assert (least, greatest) == (min(seen.min(), 0), max(seen.max(), 0))


def test_the_last_value_is_that_of_each_channel():
    given = batches()
    quantizer = qat.LastValueQuantizer(8, True, True, True)
    found, made, state = steps(quantizer, given, (4, 3))
    for batch, (least, greatest) in zip(given, found, strict=True):
        largest = np.abs(batch).max(0)
        np.testing.assert_array_equal(greatest, largest)
        np.testing.assert_array_equal(least, -largest)
    step = np.abs(given[-1]).max(0) / np.float32(127)
    whole = made / step
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-4)
    assert np.abs(np.rint(whole)).max() == 127
    assert np.abs(made - given[-1]).max() <= step.max() * 0.5001
    later = quantizer(keras.ops.ones((4, 3)) * 9, False, state)
    np.testing.assert_allclose(np.asarray(later)[0], found[-1][1], rtol=1e-6)


def test_channels_may_be_counted_by_two_axes():
    kernel = np.arange(24, dtype=np.float32).reshape(2, 2, 3, 2)
    quantizer = qat.LastValueQuantizer(8, True, True, True, axes=(-2, -1))
    ((_, greatest),), made, _ = steps(quantizer, [kernel], kernel.shape)
    np.testing.assert_array_equal(greatest, kernel.max((0, 1)))
    np.testing.assert_allclose(made[1, 1], kernel[1, 1], rtol=1e-6)


@pytest.mark.parametrize("narrow", [False, True])
def test_symmetric_ranges_have_zero_in_the_middle(narrow):
    quantizer = qat.LastValueQuantizer(8, False, True, narrow)
    ((least, greatest),), made, _ = steps(quantizer, [np.float32([-1, 3])])
    ratio = 1 if narrow else 254 / 256
    np.testing.assert_allclose([least, greatest], [-3 / ratio, 3], rtol=1e-6)
    assert not steps(quantizer, [np.float32([0, 3])])[1][0]
    assert made[1] == pytest.approx(3, rel=1e-2)


def test_a_fixed_range_stays():
    quantizer = qat.FixedQuantizer(8, -1.0, 127 / 128)
    found, made, _ = steps(quantizer, [np.float32([-5, 0.011, 5])])
    assert found == [(-1.0, np.float32(127 / 128))]
    np.testing.assert_array_equal(made, np.float32([-1, 1 / 128, 127 / 128]))


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("ends", [(-1.3, 2.9), (0.0, 6.0), (-0.01, 3.0), (-4.0, 0.0)])
def test_rounding_is_that_of_the_operator(bits, narrow, ends):
    x = np.linspace(-5, 7, 997, dtype=np.float32)
    op = FakeQuant(*ends, bits, narrow)
    (wanted,) = op.reference(x)
    made = fake_quantized(x, *map(np.float32, ends), bits, narrow=narrow)
    step, least, greatest = grid(*map(np.float32, ends), bits, narrow=narrow)
    found = np.asarray(keras.ops.convert_to_numpy(made))
    # At a half way the two may part, by how they divide.
    differs = np.abs(found - wanted) > float(step) * 1e-3
    assert differs.mean() < 0.01
    assert op.infer(Tensor("x", TensorType(DType.FLOAT32, (1,))))
    assert found.min() == pytest.approx(float(least))
    assert found.max() == pytest.approx(float(greatest))
    assert (found == 0).any()


def test_ranges_become_the_integers_that_training_had():
    for low, high in ((-1.3, 2.9), (0.0, 6.0), (-0.01, 3.0), (-4.0, 0.0)):
        step, least, greatest = grid(np.float32(low), np.float32(high), 8, narrow=False)
        scale, zero = activation_quantization(
            Range(float(least), float(greatest))
        ).pair()
        assert scale == pytest.approx(float(step), rel=1e-6)
        assert zero + 128 == round(-float(least) / float(step))


def test_gradients_look_past_the_rounding_and_end_with_the_range():
    jax = pytest.importorskip("jax")
    x = np.float32([-2, -1, -0.3, 0.4, 1, 2])

    def total(x):
        return keras.ops.sum(fake_quantized(x, -1.0, 1.0, 8, narrow=True))

    np.testing.assert_array_equal(jax.grad(total)(x), [0, 1, 1, 1, 1, 0])


@pytest.mark.parametrize("bits", [1, 17])
def test_impossible_numbers_of_bits_are_refused(bits):
    with pytest.raises(ValueError, match="num_bits must be from 2 to 16"):
        qat.LastValueQuantizer(bits)


def test_a_fixed_range_without_zero_is_refused():
    with pytest.raises(ValueError, match="must hold 0"):
        qat.FixedQuantizer(8, 1.0, 2.0)


def test_quantizers_are_made_again_of_their_arguments():
    every = [
        qat.LastValueQuantizer(4, True, True, True, axes=(-2,)),
        qat.MovingAverageQuantizer(8),
        qat.AllValuesQuantizer(8, False, True),
        qat.FixedQuantizer(8, -2.0, 1.0),
    ]
    for quantizer in every:
        again = type(quantizer).from_config(quantizer.get_config())
        assert again.get_config() == quantizer.get_config()
