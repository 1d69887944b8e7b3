from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import Lstm
from tests.ops.contract import Case, Constant, Feed, Variable, check, prepare
from tests.ops.lstm_inputs import (
    INPUT_SCALE,
    OUTPUT_SCALE,
    Kind,
    Maker,
    Sizes,
    intermediates,
)
from tests.ops.values import floats, integers, scale


def full(
    kind: Kind,
    sizes: Sizes,
    *,
    asymmetric: bool = False,
    clips: tuple[float, float] = (0.0, 0.0),
    inputs: int = 24,
) -> Case:
    maker = Maker(kind, sizes)
    shape = (sizes.batch, sizes.inputs)
    x = (
        Feed(integers(np.int8, *shape), INPUT_SCALE)
        if kind.is_integer
        else Feed(floats(*shape))
    )
    given = (x, *maker.cell(), *maker.states(), *maker.norms())[:inputs]
    op = Lstm("tanh", *clips, "full", asymmetric)
    output = OUTPUT_SCALE if kind.is_integer else None
    name = f"{kind}-{sizes}-{asymmetric}-{clips}"
    return Case(op, given, output, name=name, intermediates=intermediates(kind))


def basic(batch: int, inputs: int, units: int) -> Case:
    given = (
        Feed(floats(batch, inputs)),
        Variable(floats(batch, units, seed=1, reach=1)),
        Constant(floats(4 * units, inputs + units, seed=2, reach=1)),
        Constant(floats(4 * units, seed=3)),
        Variable(floats(batch, units, seed=4)),
    )
    return Case(Lstm("tanh", kernel_type="basic"), given, name=f"basic-{units}")


def basic_integer(batch: int, inputs: int, units: int) -> Case:
    state = scale(2.0**-11)
    activation = scale(1 / 128, 128)
    given = (
        Feed(integers(np.uint8, batch, inputs), activation),
        Variable(integers(np.uint8, batch, units, seed=1), activation),
        Constant(integers(np.uint8, 4 * units, inputs + units), scale(0.02, 118)),
        Constant(np.arange(4 * units, dtype=np.int32) * 700 - 9000, scale(0.02 / 128)),
        Variable(integers(np.int16, batch, units, seed=4), state),
    )
    outputs = (activation, state, activation, scale(2.0**-12))
    op = Lstm("tanh", kernel_type="basic")
    return Case(op, given, outputs=outputs, name=f"basic-uint8-{batch}-{units}")


PLAIN = Sizes(2, 5, 7, 7)
WIDE = Sizes(1, 20, 33, 33)
PROJECTED = Sizes(3, 6, 18, 5)
FLOAT = [
    full(Kind(), PLAIN),
    full(Kind(), PLAIN, inputs=20),
    full(Kind(), Sizes(1, 1, 1, 1)),
    full(Kind(cifg=True, peephole=True), WIDE, clips=(0.5, 0.0)),
    full(Kind(projection=True, projection_bias=True), PROJECTED, clips=(0, 0.25)),
    full(Kind(norm=True), PLAIN),
]
HYBRID = [
    full(Kind(weights, **options), sizes, asymmetric=asymmetric)
    for asymmetric in (False, True)
    for weights, sizes, options in (
        ("int8", PLAIN, {}),
        ("int8", WIDE, {"cifg": True}),
        ("uint8", PLAIN, {"peephole": True}),
        ("uint8", WIDE, {}),
        ("uint8", Sizes(1, 1, 1, 1), {}),
        ("int8", PROJECTED, {"projection": True}),
    )
]
INTEGER = [
    full(Kind("integer"), PLAIN),
    full(Kind("integer"), WIDE, clips=(0.5, 0.0)),
    full(Kind("integer", cifg=True), PLAIN),
    full(Kind("integer", peephole=True), PLAIN, inputs=20),
    full(Kind("integer", projection=True), PROJECTED, clips=(0, 0.25)),
    full(Kind("integer", norm=True), PLAIN),
]
BASIC = [basic(*shape) for shape in ((2, 4, 5), (1, 1, 1), (3, 20, 16), (1, 7, 33))]
# LiteRT's kernel goes four cells at a time, and reads eight inputs at once.
BASIC_INTEGER = [
    basic_integer(*shape)
    for shape in ((2, 4, 4), (1, 16, 16), (3, 20, 12), (1, 8, 32), (7, 5, 8))
]


@pytest.mark.parametrize(
    "case", FLOAT + HYBRID + INTEGER + BASIC + BASIC_INTEGER, ids=str
)
def test_contract(case: Case) -> None:
    check(case)


def without(case: Case, *indices: int) -> Case:
    """The case with some inputs left out."""
    given = tuple(
        None if index in indices else each for index, each in enumerate(case.inputs)
    )
    return replace(case, inputs=given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (without(full(Kind(), PLAIN), 5), "input gate"),
        (without(full(Kind(), PLAIN), 12), "input gate"),
        (without(full(Kind(), PLAIN), 2), "no weights"),
        (without(full(Kind(), PLAIN), 13), "no bias"),
        (without(full(Kind(peephole=True), PLAIN), 10), "peephole"),
        (without(full(Kind(norm=True), PLAIN), 23), "normalization"),
        (without(full(Kind(), PLAIN), 18), "no state"),
        (full(Kind(), Sizes(2, 5, 7, 4)), "without a projection"),
        (full(Kind(), PLAIN, clips=(-1.0, 0.0)), "cell_clip"),
        (full(Kind(), PLAIN, inputs=19), "20 or 24"),
        (replace(full(Kind("integer"), PLAIN), intermediates=()), "intermediate"),
        (
            replace(
                full(Kind("integer"), PLAIN),
                intermediates=(scale(1.0),) * 12,
            ),
            "expected 5",
        ),
        (replace(basic(2, 4, 5), inputs=basic(2, 4, 5).inputs[:4]), "expected 5"),
    ],
)
def test_inputs_that_do_not_fit(given: Case, words: str) -> None:
    with pytest.raises(GraphError, match=words):
        prepare(given)


def test_a_cell_state_of_another_scale() -> None:
    given = full(Kind("integer"), PLAIN)
    inputs = list(given.inputs)
    inputs[19] = Variable(inputs[19].array, scale(0.001))
    with pytest.raises(GraphError, match="power of two"):
        prepare(replace(given, inputs=tuple(inputs)))
