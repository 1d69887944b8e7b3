from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

from gossamer.errors import GraphError
from gossamer.ops import UnidirectionalSequenceLstm
from tests.ops.contract import (
    OPTIMIZED,
    STAGES,
    Case,
    Constant,
    Feed,
    Variable,
    check,
    litert_agrees,
    prepare,
)
from tests.ops.lstm_inputs import (
    INPUT_SCALE,
    OUTPUT_SCALE,
    Kind,
    Maker,
    Sizes,
    intermediates,
)
from tests.ops.values import floats, integers


def case(
    kind: Kind,
    sizes: Sizes,
    time: int,
    *,
    time_major: bool = False,
    activation: str = "tanh",
    cell_clip: float = 0.0,
    proj_clip: float = 0.0,
    asymmetric: bool = False,
    inputs: int = 24,
    x=None,
) -> Case:
    maker = Maker(kind, sizes)
    op = UnidirectionalSequenceLstm(
        activation,
        cell_clip,
        proj_clip,
        time_major,
        asymmetric,
        kind.diagonal,
    )
    lead = (time, sizes.batch) if time_major else (sizes.batch, time)
    shape = (*lead, sizes.inputs)
    if kind.is_integer:
        fed = Feed(integers(np.int8, *shape), INPUT_SCALE)
    else:
        fed = Feed(floats(*shape) if x is None else x)
    given = (fed, *maker.cell(), *maker.states(), *maker.norms())
    name = f"{kind}-{sizes}-{time}-{time_major}-{activation}-{cell_clip}-{asymmetric}"
    return Case(
        op,
        given[:inputs],
        OUTPUT_SCALE if kind.is_integer else None,
        judge=OPTIMIZED if kind.diagonal else OpResolverType.BUILTIN_REF,
        name=name,
        intermediates=intermediates(kind),
    )


PLAIN = Sizes(2, 5, 7, 7)
SMALL = Sizes(1, 1, 1, 1)
WIDE = Sizes(1, 20, 33, 33)
PROJECTED = Sizes(3, 6, 18, 5)
WIDENED = Sizes(2, 4, 6, 19)

FLOAT = [
    case(Kind(), PLAIN, 4),
    case(Kind(), PLAIN, 4, time_major=True, inputs=20),
    case(Kind(), SMALL, 1),
    case(Kind(), WIDE, 6, cell_clip=0.5),
    case(Kind(), Sizes(9, 3, 16, 16), 3, time_major=True),
    case(Kind(), Sizes(9, 3, 16, 16), 3),
    case(Kind(cifg=True), PLAIN, 3),
    case(Kind(peephole=True), WIDE, 3, activation="relu"),
    case(Kind(cifg=True, peephole=True), PLAIN, 3, activation="relu6"),
    case(Kind(projection=True), PROJECTED, 3, proj_clip=0.25, time_major=True),
    case(Kind(projection=True, projection_bias=True), WIDENED, 3, time_major=True),
    case(Kind(projection=True, peephole=True), Sizes(1, 4, 20, 7), 3),
    case(Kind(norm=True), PLAIN, 3),
    case(
        Kind(
            norm=True, cifg=True, peephole=True, projection=True, projection_bias=True
        ),
        PROJECTED,
        3,
        time_major=True,
        cell_clip=1.0,
        proj_clip=0.5,
    ),
    case(Kind(diagonal=True), PLAIN, 3),
    case(Kind(diagonal=True, cifg=True, peephole=True), WIDE, 3, time_major=True),
]

HYBRID = [
    case(kind, sizes, 4, asymmetric=asymmetric, time_major=time_major)
    for asymmetric in (False, True)
    for kind, sizes, time_major in (
        (Kind("int8"), PLAIN, False),
        (Kind("int8"), WIDE, True),
        (Kind("int8"), SMALL, False),
        (Kind("uint8"), PLAIN, True),
        (Kind("uint8"), SMALL, False),
        (Kind("uint8"), WIDE, False),
        (Kind("int8", cifg=True, peephole=True), PLAIN, True),
        (Kind("int8", projection=True, projection_bias=True), PROJECTED, True),
        (Kind("int8", norm=True), WIDE, False),
        (Kind("int8", diagonal=True), PLAIN, False),
    )
] + [
    case(Kind("int8"), PLAIN, 2, x=np.zeros((2, 2, 5), np.float32), asymmetric=True),
    case(Kind("int8"), PLAIN, 2, x=np.zeros((2, 2, 5), np.float32)),
]

INTEGER = [
    case(Kind("integer"), PLAIN, 4),
    case(Kind("integer"), PLAIN, 4, time_major=True, inputs=20),
    case(Kind("integer"), SMALL, 2),
    case(Kind("integer"), WIDE, 3, cell_clip=0.5),
    case(Kind("integer", cifg=True), PLAIN, 3),
    case(Kind("integer", peephole=True), PLAIN, 3, time_major=True),
    case(Kind("integer", cifg=True, peephole=True), WIDE, 3),
    case(Kind("integer", projection=True), PROJECTED, 3, proj_clip=0.25),
    case(
        Kind("integer", projection=True, projection_bias=True),
        WIDENED,
        3,
        time_major=True,
    ),
    case(Kind("integer", norm=True), PLAIN, 3),
    case(
        Kind("integer", norm=True, cifg=True, peephole=True),
        WIDE,
        3,
        time_major=True,
        cell_clip=1.0,
    ),
    case(Kind("integer", norm=True, projection=True), PROJECTED, 3, time_major=True),
]


@pytest.mark.parametrize("case", FLOAT + HYBRID + INTEGER, ids=str)
def test_contract(case: Case) -> None:
    check(case)


def test_a_cell_without_activation() -> None:
    """LiteRT leaves a scratch buffer unwritten there, and reads it: see the formula."""
    given = case(Kind(cifg=True), SMALL, 1, activation="none")
    run = prepare(given)
    for stage in STAGES:
        if stage is not litert_agrees:
            stage(run)
    x, *inputs = (0 if each is None else each.array.item() for each in given.inputs)

    def gate(which: int) -> float:
        weights, recurrent, bias = inputs[which], inputs[4 + which], inputs[11 + which]
        return weights * x + recurrent * inputs[17] + bias

    def logistic(value: float) -> float:
        return 1 / (1 + np.exp(-value))

    forget = logistic(gate(1))
    cell = forget * inputs[18] + (1 - forget) * gate(2)
    found = [run.values[tensor].item() for tensor in run.node.written]
    output = logistic(gate(3)) * cell
    np.testing.assert_allclose(found, [output, output, cell], rtol=1e-6)


def test_weights_that_are_given_when_the_model_runs() -> None:
    """There is no kernel to pack them: the meaning runs instead."""
    given = case(Kind(), PLAIN, 2)
    inputs = list(given.inputs)
    for index in (2, 6, 13):
        inputs[index] = Feed(inputs[index].array)
    check(Case(given.op, tuple(inputs)))


@pytest.mark.parametrize(
    ("index", "given", "words"),
    [
        (0, Feed(floats(2, 5)), "rank 2"),
        (0, Feed(integers(np.int16, 2, 3, 5)), "int16"),
        (2, Constant(floats(7, 4)), r"expected \(7, 5\)"),
        (7, Constant(floats(6, 7)), r"expected \(7, 7\)"),
        (8, Constant(floats(7, 7).astype(np.float16)), "float16"),
        (14, Constant(floats(6)), r"expected \(7,\)"),
        (18, Variable(floats(2, 6)), r"expected \(2, 7\)"),
        (19, Feed(floats(2, 7)), "not a variable"),
        (19, Variable(integers(np.int16, 2, 7)), "int16"),
    ],
)
def test_inputs_that_do_not_fit(index: int, given, words: str) -> None:
    whole = case(Kind(), PLAIN, 3)
    inputs = (*whole.inputs[:index], given, *whole.inputs[index + 1 :])
    with pytest.raises(GraphError, match=words):
        prepare(Case(whole.op, inputs))


def test_a_diagonal_in_integers_is_refused() -> None:
    with pytest.raises(GraphError, match="expected"):
        prepare(case(Kind("integer", diagonal=True), PLAIN, 2))
