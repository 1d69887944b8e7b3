"""Several models in one file."""

from __future__ import annotations

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter as LiteRT
from jax import lax

from gossamer import Interpreter, combine, convert, from_jax
from gossamer.errors import ConversionError, FormatError
from gossamer.flatbuffer.read import read
from tests.frontends.keras.compare import randomize
from tests.runtime import models


@pytest.fixture(scope="module")
def coder():
    """An encoder and a decoder that share a layer of 64 x 64 weights."""
    shared = keras.layers.Dense(64, name="shared")
    x = keras.Input((64,), name="x")
    encoder = keras.Model(x, keras.layers.Dense(8)(shared(x)), name="encoder")
    z = keras.Input((8,), name="z")
    decoder = keras.Model(z, shared(keras.layers.Dense(64)(z)), name="decoder")
    return randomize(encoder), randomize(decoder)


def results(engine, data, key, **inputs):
    return engine(model_content=data).get_signature_runner(key)(**inputs)["output_0"]


@pytest.mark.parametrize("engine", [Interpreter, LiteRT])
@pytest.mark.parametrize("quantize", [None, "dynamic"])
def test_each_has_a_signature(engine, quantize, coder):
    encoder, decoder = coder
    data = convert({"encode": encoder, "decode": decoder}, quantize=quantize)
    x = np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)
    z = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    limit = 1e-4 if quantize is None else 1.0
    for key, given, model in (
        ("encode", {"x": x}, encoder),
        ("decode", {"z": z}, decoder),
    ):
        (value,) = given.values()
        expected = np.asarray(model(value))
        found = results(engine, data, key, **given)
        np.testing.assert_allclose(found, expected, atol=limit * np.abs(expected).max())


def test_weights_are_stored_once(coder):
    encoder, decoder = coder
    both = convert({"encode": encoder, "decode": decoder})
    apart = len(convert(encoder)) + len(convert(decoder))
    assert len(both) < apart - 64 * 64 * 4 + 2048
    assert [signature.key for signature in read(both).signatures] == [
        "encode",
        "decode",
    ]


def test_each_is_calibrated_by_its_own_samples(coder):
    encoder, decoder = coder
    x = np.random.default_rng(0).normal(size=(8, 64)).astype(np.float32)
    z = np.random.default_rng(1).normal(size=(8, 8)).astype(np.float32)
    data = convert(
        {"encode": encoder, "decode": decoder},
        quantize="int8",
        calibration={"encode": x, "decode": z},
    )
    expected = np.asarray(encoder(x))
    found = results(Interpreter, data, "encode", x=x)
    np.testing.assert_allclose(found, expected, atol=0.05 * np.ptp(expected))
    with pytest.raises(ConversionError, match="calibration has no entry 'decode'"):
        convert(
            {"encode": encoder, "decode": decoder},
            quantize="int8",
            calibration={"encode": x},
        )


@pytest.mark.parametrize("engine", [Interpreter, LiteRT])
def test_loops_call_their_own_subgraphs(engine):
    def grow(x):
        return lax.fori_loop(0, 3, lambda _, y: y * 2, x)

    def shrink(x):
        return lax.while_loop(lambda y: y.sum() > 1, lambda y: y * 0.5, x)

    x = np.float32([1, 2, 3])
    data = convert({"grow": from_jax(grow, x), "shrink": from_jax(shrink, x)})
    for key, function in (("grow", grow), ("shrink", shrink)):
        found = results(engine, data, key, x=x)
        np.testing.assert_allclose(found, function(jnp.asarray(x)), rtol=1e-6)


def test_files_are_combined_again():
    two = combine({"a": models.dense(), "b": models.dense()})
    again = combine({"c": two, "d": models.dense()})
    keys = [signature.key for signature in read(again).signatures]
    assert keys == ["c/a", "c/b", "d"]
    assert len(two) < 2 * len(models.dense())


def test_mistakes():
    with pytest.raises(ConversionError, match="no model was given"):
        combine({})
    with pytest.raises(FormatError):
        combine({"a": b"nothing of this kind"})
