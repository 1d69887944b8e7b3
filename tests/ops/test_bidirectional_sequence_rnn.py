from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import BidirectionalSequenceRnn, UnidirectionalSequenceRnn
from tests.ops.contract import STAGES, Case, Feed, check, litert_agrees, prepare
from tests.ops.test_rnn import cell, stored
from tests.ops.values import floats


def case(
    batch: int,
    time: int,
    inputs: int,
    units: tuple[int, int],
    weights: str = "float32",
    *,
    time_major: bool = False,
    merge: bool = False,
    asymmetric: bool = False,
    activation: str = "tanh",
    second: int | None = None,
    stacked: bool = False,
) -> Case:
    lead = (time, batch) if time_major else (batch, time)
    extra = (None, None)
    if stacked and second is not None:
        made = [floats(unit, second, seed=8, reach=0.3) for unit in units]
        extra = (stored(made[0], weights), stored(made[1], weights))
    given = (
        Feed(floats(*lead, inputs)),
        *cell(batch, inputs, units[0], weights),
        *cell(batch, inputs, units[1], weights),
        None if second is None else Feed(floats(*lead, second, seed=9)),
        *extra,
    )
    op = BidirectionalSequenceRnn(time_major, activation, merge, asymmetric)
    name = f"{weights}-{batch}x{time}x{inputs}-{units}-{time_major}-{merge}"
    return Case(op, given, name=f"{name}-{asymmetric}-{second}-{stacked}")


FLOAT = [
    case(2, 4, 3, (5, 7), time_major=True),
    case(2, 4, 3, (5, 7)),
    case(2, 4, 3, (5, 7), merge=True),
    case(3, 2, 20, (17, 33), merge=True, time_major=True),
    case(1, 1, 1, (1, 1), activation="relu"),
    case(2, 4, 3, (5, 7), time_major=True, second=3),
    case(2, 4, 3, (5, 7), second=4, stacked=True),
    case(2, 4, 3, (5, 7), second=3, stacked=True, time_major=True, merge=True),
]
HYBRID = [
    case(*shape, weights, merge=merge, asymmetric=asymmetric)
    for asymmetric in (False, True)
    for weights in ("int8", "uint8")
    for shape, merge in (((2, 4, 3, (5, 7)), False), ((1, 3, 20, (17, 33)), True))
] + [
    # LiteRT's loop over time runs once more for each moment: one moment is right.
    case(2, 1, 3, (5, 7), "int8", time_major=True, asymmetric=True),
    case(2, 1, 3, (5, 7), "int8", time_major=True, second=3),
    # It takes rows of the second input at the first one's distance: sizes are equal.
    case(2, 4, 3, (5, 7), "int8", second=3, stacked=True),
]


@pytest.mark.parametrize("case", FLOAT + HYBRID, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("weights", ["float32", "int8"])
@pytest.mark.parametrize("time_major", [False, True])
def test_a_second_input_is_the_backward_one(weights: str, *, time_major: bool) -> None:
    """Without weights for it. LiteRT ignores it where the batch comes first."""
    given = case(2, 4, 3, (5, 7), weights, second=3, time_major=time_major)
    run = prepare(given)
    for stage in STAGES:
        if stage is not litert_agrees:
            stage(run)
    x, second = given.inputs[0].array, given.inputs[9].array
    axis = 0 if time_major else 1
    for index, source in enumerate((x, np.flip(second, axis))):
        op = UnidirectionalSequenceRnn(time_major, "tanh")
        start = 1 + 4 * index
        alone = prepare(Case(op, (Feed(source), *given.inputs[start : start + 4])))
        expected = alone.values[alone.node.output]
        expected = np.flip(expected, axis) if index else expected
        found = run.values[run.node.outputs[index]]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_second_input_of_another_size() -> None:
    with pytest.raises(GraphError, match="second input"):
        prepare(case(2, 4, 3, (5, 7), second=4))
