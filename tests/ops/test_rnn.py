from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ops import Rnn, UnidirectionalSequenceRnn
from tests.ops.contract import Case, Constant, Feed, Variable, check, prepare
from tests.ops.values import floats, scale


def stored(array, weights: str) -> Constant:
    if weights == "float32":
        return Constant(array)
    quantized = np.round(np.clip(array * 200, -127, 127)).astype(np.int8)
    return Constant(quantized.view(weights), scale(0.005))


def cell(batch: int, inputs: int, units: int, weights: str) -> tuple:
    """Weights so small that tanh stays away from 1.

    Beside 8-bit weights a state of -1 to 1 would be quantized in the middle between
    two integers, where the last bit of tanh decides.
    """
    return (
        stored(floats(units, inputs, seed=1, reach=0.3), weights),
        stored(floats(units, units, seed=2, reach=0.3), weights),
        Constant(floats(units, seed=3)),
        Variable(floats(batch, units, seed=4)),
    )


def single(
    batch: int,
    inputs: int,
    units: int,
    activation: str = "tanh",
    weights: str = "float32",
    *,
    asymmetric: bool = False,
) -> Case:
    given = (Feed(floats(batch, inputs)), *cell(batch, inputs, units, weights))
    name = f"{weights}-{batch}x{inputs}-{units}-{activation}-{asymmetric}"
    return Case(Rnn(activation, asymmetric), given, name=name)


def along(
    batch: int,
    time: int,
    inputs: int,
    units: int,
    weights: str = "float32",
    *,
    time_major: bool = False,
    activation: str = "tanh",
    asymmetric: bool = False,
) -> Case:
    lead = (time, batch) if time_major else (batch, time)
    x = Feed(floats(*lead, inputs))
    op = UnidirectionalSequenceRnn(time_major, activation, asymmetric)
    name = f"{weights}-{batch}x{time}x{inputs}-{units}-{time_major}-{asymmetric}"
    given = (x, *cell(batch, inputs, units, weights))
    return Case(op, given, name=f"{name}-{activation}")


ACTIVATIONS = ("none", "relu", "relu6", "relu_n1_to_1", "tanh", "sign_bit")
SHAPES = [(2, 4, 5), (1, 1, 1), (5, 17, 33)]
LONG = [(2, 4, 3, 5), (1, 1, 1, 1), (7, 3, 17, 33), (1, 9, 20, 16)]
SINGLE = [single(2, 4, 5, activation) for activation in ACTIVATIONS] + [
    single(*shape) for shape in SHAPES[1:]
]
SINGLE_HYBRID = [
    single(*shape, weights=weights, asymmetric=asymmetric)
    for asymmetric in (False, True)
    for weights in ("int8", "uint8")
    for shape in SHAPES
]
ALONG = [
    along(*shape, time_major=time_major)
    for time_major in (False, True)
    for shape in LONG
] + [along(2, 3, 4, 5, activation=activation) for activation in ACTIVATIONS]
ALONG_HYBRID = [
    along(*shape, weights, time_major=time_major, asymmetric=asymmetric)
    for asymmetric in (False, True)
    for weights, time_major in (("int8", True), ("uint8", False))
    for shape in LONG
]


@pytest.mark.parametrize("case", SINGLE + SINGLE_HYBRID + ALONG + ALONG_HYBRID, ids=str)
def test_contract(case: Case) -> None:
    check(case)


def test_weights_of_another_size() -> None:
    x, weights, _, *rest = single(2, 4, 5).inputs
    with pytest.raises(GraphError, match="expected \\(5, 5\\)"):
        prepare(Case(Rnn(), (x, weights, Constant(floats(5, 4)), *rest)))


def test_a_state_that_is_no_variable() -> None:
    *inputs, _ = single(2, 4, 5).inputs
    with pytest.raises(GraphError, match="not a variable"):
        prepare(Case(Rnn(), (*inputs, Constant(floats(2, 5)))))


def test_an_input_of_another_rank() -> None:
    with pytest.raises(GraphError, match="expected 3"):
        prepare(Case(UnidirectionalSequenceRnn(), single(2, 4, 5).inputs))


def test_integer_weights_without_a_scale() -> None:
    x, weights, recurrent, *rest = single(2, 4, 5, weights="int8").inputs
    given = (x, Constant(weights.array), Constant(recurrent.array), *rest)
    with pytest.raises(UnsupportedError, match="no scale"):
        prepare(Case(Rnn(), given))
