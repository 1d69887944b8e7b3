"""Models with some of their layers exchanged."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer.training.framework import register
from gossamer.training.rewrite import exchanged, stripped
from gossamer.training.wrapper import Reparametrized
from tests.training import nets


@register
class Doubled(Reparametrized):
    """Computes with kernels that are twice those stored."""

    PREFIX = "doubled"

    def effective(self, index, value, *, training):
        return value * 2


def doubled(model):
    def exchange(layer):
        return Doubled(layer) if hasattr(layer, "kernel") else layer

    return exchanged(model, exchange)


@pytest.mark.parametrize("name", nets.NETS)
def test_a_model_keeps_its_weights_when_layers_are_wrapped_and_unwrapped(name):
    model, (x, _) = nets.NETS[name](), nets.data(2)
    before, names = nets.outputs(model, x), [w.path for w in model.trainable_weights]
    wrapped = doubled(model)
    assert not np.allclose(nets.outputs(wrapped, x), before, atol=1e-3)
    assert len(wrapped.trainable_weights) == len(names)
    plain = stripped(wrapped, Doubled)
    assert len(plain.trainable_weights) == len(names)
    assert len(plain.layers) == len(model.layers)


@pytest.mark.parametrize("name", nets.NETS)
def test_a_wrapped_model_is_saved_and_loaded(name, tmp_path):
    wrapped, (x, _) = doubled(nets.NETS[name]()), nets.data(2)
    wrapped.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"Own": nets.Own}
    )
    np.testing.assert_allclose(nets.outputs(loaded, x), nets.outputs(wrapped, x))
    assert type(loaded).__name__ == type(wrapped).__name__


def test_a_subclassed_model_has_its_own_class_again_in_the_end():
    model = doubled(nets.own())
    assert isinstance(model, nets.Own)
    assert type(model) is not nets.Own
    assert type(stripped(model, Doubled)) is nets.Own
