"""Recurrent layers: Keras's answer, run after run, here and in LiteRT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer import Interpreter, api
from gossamer.errors import ConversionError
from gossamer.flatbuffer.read import read
from gossamer.passes.base import Log
from tests.frontends.keras.runs import all_names, assert_runs, batches, names_in, run

layers, ops = keras.layers, keras.ops
SEQUENCE = (9, 5)


class Leaky(layers.Layer):
    """A cell of one's own: its output is twice its state."""

    def __init__(self, units):
        super().__init__()
        self.units = self.state_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units))
        self.inner = self.add_weight(shape=(self.units, self.units))

    def call(self, x, states):
        new = ops.tanh(x @ self.kernel + ops.matmul(states[0], self.inner))
        return 2 * new, [0.5 * states[0] + new]


class Warm(Leaky):
    """The same, from a state that is not zero."""

    def get_initial_state(self, batch_size=None):
        return [ops.ones((batch_size, self.units)) * 0.5]


def swish(x):
    return x * ops.sigmoid(x)


LAYERS = {
    "lstm": lambda: layers.LSTM(4),
    "lstm of all moments": lambda: layers.LSTM(4, return_sequences=True),
    "lstm backwards": lambda: layers.LSTM(4, go_backwards=True, return_sequences=True),
    "lstm without bias": lambda: layers.LSTM(4, use_bias=False),
    "lstm with states": lambda: layers.LSTM(4, return_state=True),
    "lstm with other functions": lambda: layers.LSTM(
        4, activation="relu", recurrent_activation="hard_sigmoid"
    ),
    "lstm with a function of one's own": lambda: layers.LSTM(4, activation=swish),
    "lstm unrolled": lambda: layers.LSTM(4, unroll=True, return_sequences=True),
    "gru": lambda: layers.GRU(4),
    "gru of all moments": lambda: layers.GRU(4, return_sequences=True),
    "gru that resets before": lambda: layers.GRU(
        4, reset_after=False, return_sequences=True, return_state=True
    ),
    "gru without bias": lambda: layers.GRU(4, use_bias=False),
    "gru backwards": lambda: layers.GRU(4, go_backwards=True, return_state=True),
    "gru unrolled": lambda: layers.GRU(4, unroll=True, go_backwards=True),
    "simple": lambda: layers.SimpleRNN(4),
    "simple of all moments": lambda: layers.SimpleRNN(
        4, return_sequences=True, return_state=True
    ),
    "simple with relu": lambda: layers.SimpleRNN(4, activation="relu"),
    "a cell of one's own": lambda: layers.RNN(Leaky(3), return_sequences=True),
    "the last of a cell of one's own": lambda: layers.RNN(Leaky(3)),
    "a cell that begins warm": lambda: layers.RNN(Warm(3), return_state=True),
    "a cell unrolled": lambda: layers.RNN(Leaky(3), unroll=True),
    "a standard cell": lambda: layers.RNN(layers.GRUCell(4)),
    "stacked cells": lambda: layers.RNN(
        [layers.LSTMCell(3), layers.GRUCell(4), layers.SimpleRNNCell(2)],
        return_sequences=True,
        return_state=True,
    ),
    "stacked cells of one's own": lambda: layers.RNN([Leaky(3), layers.LSTMCell(4)]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer_with_a_free_batch(name):
    """Any number of sequences; LiteRT needs the loop for that."""
    x = keras.Input(SEQUENCE)
    model = keras.Model(x, LAYERS[name]()(x))
    several = [*batches((2, *SEQUENCE)), *batches((3, *SEQUENCE), count=1)]
    assert_runs(model, *several, in_litert=False)
    assert_runs(model, *several, lstm="while")


@pytest.mark.parametrize("name", LAYERS)
def test_layer_with_a_fixed_batch(name):
    x = keras.Input(SEQUENCE, batch_size=3)
    model = keras.Model(x, LAYERS[name]()(x))
    data = assert_runs(model, *batches((3, *SEQUENCE)))
    assert "SHAPE" not in all_names(data)


@pytest.mark.parametrize("name", [key for key in LAYERS if "unrolled" not in key])
def test_layer_on_any_length(name):
    x = keras.Input((None, 5))
    model = keras.Model(x, LAYERS[name]()(x))
    several = [*batches((2, 7, 5)), *batches((1, 1, 5))]
    assert_runs(model, *several, lstm="while")


CONVOLUTIONS = {
    "1d": (lambda: layers.ConvLSTM1D(3, 3), (6, 7, 2)),
    "2d": (
        lambda: layers.ConvLSTM2D(3, (3, 2), padding="same", return_sequences=True),
        (6, 5, 4, 2),
    ),
    "2d strided with states": (
        lambda: layers.ConvLSTM2D(3, 3, strides=2, return_state=True),
        (6, 7, 7, 2),
    ),
    "2d backwards": (
        lambda: layers.ConvLSTM2D(2, 2, go_backwards=True, use_bias=False),
        (6, 5, 5, 1),
    ),
    "2d of any length": (lambda: layers.ConvLSTM2D(3, 3), (None, 5, 5, 2)),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutional(name):
    make, shape = CONVOLUTIONS[name]
    known = tuple(6 if size is None else size for size in shape)
    x = keras.Input(shape)
    assert_runs(keras.Model(x, make()(x)), *batches((2, *known)))


def test_fused_operators():
    """One operator for an LSTM, and no sign of how its first states are made."""
    x = keras.Input(SEQUENCE)
    data = api.convert(keras.Model(x, layers.LSTM(4, return_sequences=True)(x)))
    assert names_in(data) == [["UNIDIRECTIONAL_SEQUENCE_LSTM"]]
    data = api.convert(keras.Model(x, layers.LSTM(4)(x)))
    assert names_in(data) == [["UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE"]]


def test_loop_operators():
    """The product with the input, then a loop; as many operators as TensorFlow has."""
    x = keras.Input(SEQUENCE, batch_size=2)
    main, condition, body = names_in(
        api.convert(keras.Model(x, layers.LSTM(4)(x)), lstm="while")
    )
    assert main == ["FULLY_CONNECTED", "WHILE"]
    assert condition == ["LESS"]
    assert body.count("FULLY_CONNECTED") == 1
    assert body.count("LOGISTIC") == 3


def test_short_sequences_are_unrolled():
    x = keras.Input((4, 5), batch_size=2)
    names = all_names(api.convert(keras.Model(x, layers.GRU(3)(x))))
    assert "WHILE" not in names
    longer = keras.Input((5, 5), batch_size=2)
    names = all_names(api.convert(keras.Model(longer, layers.GRU(3)(longer))))
    assert "WHILE" in names


def test_given_states():
    """An encoder's last states are a decoder's first."""
    x, y = keras.Input((6, 3)), keras.Input((None, 3))
    _, *states = layers.LSTM(4, return_state=True)(x)
    decoded = layers.LSTM(4, return_sequences=True)(y, initial_state=states)
    model = keras.Model([x, y], layers.Dense(2)(decoded))
    assert_runs(model, *batches((2, 6, 3), (2, 8, 3)))


def test_given_constant_states():
    x = keras.Input(SEQUENCE)
    start = np.linspace(-1, 1, 8).reshape(2, 4).astype(np.float32)
    y = layers.GRU(4)(x, initial_state=start)
    assert_runs(keras.Model(x, y), *batches((2, *SEQUENCE)))


STATEFUL = {
    "lstm": lambda **options: layers.LSTM(4, stateful=True, **options),
    "gru": lambda **options: layers.GRU(4, stateful=True, **options),
    "simple": lambda **options: layers.SimpleRNN(4, stateful=True, **options),
    "own": lambda **options: layers.RNN(Leaky(3), stateful=True, **options),
    "stacked": lambda **options: layers.RNN(
        [layers.GRUCell(3), layers.LSTMCell(2)], stateful=True, **options
    ),
}


@pytest.mark.parametrize("name", STATEFUL)
@pytest.mark.parametrize("lstm", ["fused", "while"])
def test_stateful(name, lstm):
    """Each run goes on where the one before ended, until the variables are reset."""
    x = keras.Input(SEQUENCE, batch_size=2)
    model = keras.Model(x, STATEFUL[name](return_sequences=True)(x))
    data = assert_runs(model, *batches((2, *SEQUENCE), count=4), lstm=lstm)
    interpreter = Interpreter(model_content=data)
    batch = batches((2, *SEQUENCE), count=1)[0]
    first, second = run(interpreter, batch)[0], run(interpreter, batch)[0]
    assert np.abs(first - second).max() > 1e-3
    interpreter.reset_all_variables()
    np.testing.assert_array_equal(run(interpreter, batch)[0], first)


def test_stateful_beside_stateless():
    """Only the states of the layer that forgets are cleared."""
    x = keras.Input(SEQUENCE, batch_size=2)
    y = layers.LSTM(4, stateful=True, return_sequences=True)(x)
    model = keras.Model(x, layers.LSTM(3)(y))
    assert_runs(model, *batches((2, *SEQUENCE), count=3), in_litert=False)


def test_stateful_used_twice():
    """The second use goes on where the first ended."""
    x = keras.Input(SEQUENCE, batch_size=2)
    layer = layers.LSTM(5, stateful=True, return_sequences=True)
    model = keras.Model(x, layer(layer(x)))
    assert_runs(model, *batches((2, *SEQUENCE), count=3))


def test_mixed_precision():
    """Weights and states of float16 are computed in float32."""
    x = keras.Input(SEQUENCE)
    y = layers.LSTM(4, dtype="mixed_float16", return_sequences=True)(x)
    y = layers.GRU(3, dtype="mixed_float16")(y)
    assert_runs(keras.Model(x, y), *batches((1, *SEQUENCE), count=1), tolerance=3e-3)


def test_the_log_tells_what_litert_needs():
    x = keras.Input(SEQUENCE)
    model = keras.Model(x, layers.LSTM(4, name="memory")(x))
    log = Log()
    api.convert(model, log=log)
    told = next(event.node for event in log.events if event.pass_name == "convert")
    assert "'memory'" in told
    assert "reset_all_variables()" in told
    log = Log()
    y = layers.LSTM(4, return_state=True, name="memory")(x)
    api.convert(keras.Model(x, y), log=log)
    told = next(event.node for event in log.events if event.pass_name == "convert")
    assert "its last states are asked for" in told


def test_weights_are_stored_once():
    """A loop's body and two uses of one layer have the same bytes."""
    x = keras.Input((12, 64), batch_size=1)
    layer = layers.GRU(64, return_sequences=True)
    once = len(api.convert(keras.Model(x, layer(x))))
    twice = len(api.convert(keras.Model(x, layer(layer(x)))))
    assert once > 2 * 64 * 192 * 4
    assert twice < 1.2 * once


def test_dynamic_range():
    """Fused and looped: large weights are int8, and the answer is near."""
    x = keras.Input((12, 40), batch_size=1)
    model = keras.Model(x, layers.LSTM(40, return_sequences=True)(x))
    batch = batches((1, 12, 40), count=1)[0]
    expected = np.asarray(keras.ops.convert_to_numpy(model(batch[0])))
    whole = len(api.convert(model))
    for lstm in ("fused", "while"):
        data = api.convert(model, "dynamic", lstm=lstm)
        assert len(data) < 0.5 * whole
        found = run(Interpreter(model_content=data), batch)[0]
        assert 0 < np.abs(found - expected).max() < 0.03


def test_int8_keeps_recurrent_layers_in_float():
    x = keras.Input((12, 6))
    y = layers.LSTM(8, return_sequences=True)(layers.Dense(8)(x))
    model = keras.Model(x, layers.Dense(4)(layers.GRU(5)(y)))
    samples = batches((1, 12, 6), count=20)
    log = Log()
    calibration = np.concatenate([batch[0] for batch in samples])
    data = api.convert(model, "int8", calibration=calibration, log=log)
    told = [event.reason for event in log.events if event.pass_name == "quantize"]
    assert any("it keeps a float variable" in text for text in told)
    assert any("WHILE has no int8 form" in text for text in told)
    assert "QUANTIZE" in names_in(data)[0]
    interpreter = Interpreter(model_content=data)
    for batch in samples[:3]:
        wanted = np.asarray(keras.ops.convert_to_numpy(model(batch[0])))
        assert np.abs(run(interpreter, batch)[0] - wanted).max() < 0.05


def test_a_way_that_is_not_known():
    x = keras.Input(SEQUENCE)
    model = keras.Model(x, layers.LSTM(4)(x))
    with pytest.raises(ConversionError, match="expected 'fused' or 'while'"):
        api.convert(model, lstm="loop")


def test_the_loop_runs_compiled():
    """No node of a body is left to run through its meaning."""
    x = keras.Input(SEQUENCE)
    model = keras.Model(x, layers.GRU(4, return_sequences=True)(x))
    interpreter = Interpreter(model_content=api.convert(model))
    interpreter.allocate_tensors()
    parts = interpreter._main._executable.compiled.parts
    assert all(isinstance(part, str) for part in parts)


def test_states_of_the_file():
    """The states of a layer that forgets are named in the metadata."""
    x = keras.Input(SEQUENCE)
    y = layers.LSTM(4, name="short", return_sequences=True)(x)
    model = read(api.convert(keras.Model(x, y)))
    names = model.metadata["gossamer_transient_states"].decode().split("\n")
    assert names == ["short/output_state", "short/cell_state"]
    states = {x.name: x for x in model.main.tensors if x.is_variable}
    assert set(states) == set(names)
    assert all(state.signature == (-1, 4) for state in states.values())
