from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import Svdf
from tests.ops.contract import Case, Constant, Feed, Variable, check, prepare
from tests.ops.values import floats, integers, scale


def case(
    batch: int,
    inputs: int,
    units: int,
    rank: int,
    memory: int,
    *,
    weights: str = "float32",
    activation: str = "none",
    asymmetric: bool = False,
    bias: bool = True,
) -> Case:
    filters = units * rank
    given = (
        Feed(floats(batch, inputs)),
        stored(floats(filters, inputs, seed=1), weights),
        stored(floats(filters, memory, seed=2), weights),
        Constant(floats(units, seed=3)) if bias else None,
        Variable(floats(batch, filters * memory, seed=4)),
    )
    name = f"{weights}-{batch}x{inputs}-{units}x{rank}-{memory}-{activation}"
    op = Svdf(rank, activation, asymmetric)
    return Case(op, given, name=f"{name}-{asymmetric}-{bias}")


def stored(array, weights: str) -> Constant:
    if weights == "float32":
        return Constant(array)
    quantized = np.round(np.clip(array * 50, -127, 127)).astype(np.int8)
    return Constant(quantized.view(weights), scale(0.02))


def integer(
    batch: int,
    inputs: int,
    units: int,
    rank: int,
    memory: int,
    *,
    bias: bool = True,
    out_scale: float = 0.05,
) -> Case:
    filters = units * rank
    given = (
        Feed(integers(np.int8, batch, inputs), scale(0.05, 7)),
        Constant(integers(np.int8, filters, inputs, seed=1), scale(0.01)),
        Constant(integers(np.int16, filters, memory, seed=2), scale(0.0001)),
        Constant(np.arange(units, dtype=np.int32) * 999, scale(1e-6)) if bias else None,
        Variable(integers(np.int16, batch, filters * memory, seed=4), scale(0.001)),
    )
    name = f"int8-{batch}x{inputs}-{units}x{rank}-{memory}-{bias}-{out_scale}"
    return Case(Svdf(rank, "relu"), given, scale(out_scale, -9), name=name)


SHAPES = [
    (2, 5, 4, 2, 6),
    (1, 40, 32, 1, 10),
    (3, 7, 5, 3, 1),
    (1, 1, 1, 1, 1),
    (2, 8, 3, 4, 33),
]
FLOAT = [case(*shape) for shape in SHAPES] + [
    case(2, 5, 4, 2, 6, activation=activation, bias=activation != "tanh")
    for activation in ("relu", "relu6", "relu_n1_to_1", "tanh", "sign_bit")
]
HYBRID = [
    case(*shape, weights=weights, asymmetric=asymmetric)
    for asymmetric in (False, True)
    for weights in ("int8", "uint8")
    for shape in SHAPES
]
INTEGER = [integer(*shape) for shape in SHAPES] + [
    integer(2, 9, 6, 2, 7, bias=False, out_scale=2.0),
    integer(2, 200, 6, 2, 17, out_scale=0.7),
]


@pytest.mark.parametrize("case", FLOAT + HYBRID + INTEGER, ids=str)
def test_contract(case: Case) -> None:
    check(case)


def test_filters_that_do_not_divide() -> None:
    given = case(2, 5, 4, 2, 6)
    with pytest.raises(GraphError, match="rank 3"):
        prepare(Case(Svdf(3), given.inputs))


def test_a_state_of_the_wrong_size() -> None:
    *inputs, _ = case(2, 5, 4, 2, 6).inputs
    with pytest.raises(GraphError, match="expected \\(2, 48\\)"):
        prepare(Case(Svdf(2), (*inputs, Variable(floats(2, 47)))))


def test_a_state_that_is_no_variable() -> None:
    *inputs, _ = case(2, 5, 4, 2, 6).inputs
    with pytest.raises(GraphError, match="not a variable"):
        prepare(Case(Svdf(2), (*inputs, Feed(floats(2, 48)))))


def test_int8_without_relu() -> None:
    with pytest.raises(GraphError, match="expected relu"):
        prepare(Case(Svdf(2), integer(*SHAPES[0]).inputs, scale(0.1)))
