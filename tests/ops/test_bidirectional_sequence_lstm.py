from __future__ import annotations

import pytest

from gossamer.errors import GraphError
from gossamer.ops import BidirectionalSequenceLstm
from tests.ops.contract import Case, Feed, check, prepare
from tests.ops.lstm_inputs import Kind, Maker, Sizes
from tests.ops.values import floats


def case(
    kinds: tuple[Kind, Kind],
    sizes: tuple[Sizes, Sizes],
    time: int,
    *,
    time_major: bool = True,
    merge: bool = False,
    asymmetric: bool = False,
    second: int | None = None,
    stacked: bool = False,
    clips: tuple[float, float] = (0.0, 0.0),
) -> Case:
    batch = sizes[0].batch
    lead = (time, batch) if time_major else (batch, time)
    makers = [Maker(kind, size) for kind, size in zip(kinds, sizes, strict=True)]
    forward, backward = makers
    extra = [None] * 8
    if stacked and second is not None:
        extra = [
            each
            for maker in makers
            for each in maker.gates(lambda m=maker: m.matrix(m.sizes.cells, second))
        ]
    given = (
        Feed(floats(*lead, sizes[0].inputs)),
        *forward.cell(),
        *backward.cell(),
        *forward.states(),
        *backward.states(),
        None if second is None else Feed(floats(*lead, second, seed=7)),
        *extra,
    )
    op = BidirectionalSequenceLstm("tanh", *clips, merge, time_major, asymmetric)
    name = f"{kinds[0]}-{batch}x{time}-{time_major}-{merge}-{asymmetric}-{second}"
    return Case(op, given, name=f"{name}-{stacked}-{clips}")


FORWARD, BACKWARD = Sizes(2, 5, 7, 7), Sizes(2, 5, 7, 7)
ONE = (Sizes(1, 6, 18, 18), Sizes(1, 6, 18, 18))
SAME = (FORWARD, BACKWARD)
PROJECTED = (Sizes(2, 5, 20, 6), Sizes(2, 5, 20, 6))


def pair(**options) -> tuple[Kind, Kind]:
    return Kind(**options), Kind(**options, seed=3)


FLOAT = [
    case(pair(), SAME, 4),
    case(pair(), SAME, 4, time_major=False),
    case(pair(), SAME, 3, merge=True),
    # LiteRT takes the state of the second batch entry from a wrong place there.
    case(pair(), ONE, 3, merge=True, time_major=False),
    case(pair(), (Sizes(1, 1, 1, 1), Sizes(1, 1, 1, 1)), 1),
    case(pair(cifg=True), SAME, 3, clips=(0.5, 0.0)),
    case(pair(peephole=True), SAME, 3),
    case(pair(projection=True, projection_bias=True), PROJECTED, 3, clips=(0, 0.25)),
    case(pair(), SAME, 3, second=5),
    case(pair(), SAME, 3, second=5, time_major=False),
    case(pair(), SAME, 3, second=4, stacked=True),
    case(pair(), ONE, 3, second=9, stacked=True, time_major=False, merge=True),
    case(pair(cifg=True), SAME, 3, second=4, stacked=True),
]
HYBRID = [
    case(pair(weights=weights), sizes, 3, asymmetric=asymmetric, **options)
    for asymmetric in (False, True)
    for weights, sizes, options in (
        ("int8", SAME, {}),
        ("int8", SAME, {"time_major": False}),
        ("uint8", ONE, {"merge": True}),
        ("uint8", SAME, {}),
        ("uint8", SAME, {"second": 5}),
        ("int8", SAME, {"second": 5}),
        ("int8", SAME, {"second": 4, "stacked": True, "merge": True}),
    )
] + [case(pair(weights="int8", projection=True), PROJECTED, 3)]


@pytest.mark.parametrize("case", FLOAT + HYBRID, ids=str)
def test_contract(case: Case) -> None:
    check(case)


def test_a_second_input_of_another_size() -> None:
    given = case(pair(), SAME, 3, second=4)
    with pytest.raises(GraphError, match=r"expected \(3, 2, 5\)"):
        prepare(given)


def test_weights_without_a_second_input() -> None:
    given = case(pair(), SAME, 3, second=4, stacked=True)
    inputs = (*given.inputs[:39], None, *given.inputs[40:])
    with pytest.raises(GraphError, match="second input, but none"):
        prepare(Case(given.op, inputs))
