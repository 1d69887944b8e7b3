"""The kernels of recurrent cells, interpreted: bounds, and units in any order."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.kernels.step import Constant
from gossamer.nest.interpret import interpret
from tests.codegen.machines import TARGETS, as_bytes
from tests.kernels.steps import SLACK
from tests.ops import (
    test_bidirectional_sequence_lstm,
    test_bidirectional_sequence_rnn,
    test_rnn,
    test_svdf,
    test_unidirectional_sequence_lstm,
)
from tests.ops.contract import Case, assert_same, prepare
from tests.ops.lstm_inputs import Kind, Sizes

CELL = Sizes(2, 3, 5, 5)


def lstm(kind: Kind, sizes: Sizes = CELL, **options) -> Case:
    return test_unidirectional_sequence_lstm.case(kind, sizes, 2, **options)


CASES = [
    lstm(Kind(peephole=True)),
    lstm(Kind(cifg=True), Sizes(1, 3, 17, 17), time_major=True),
    lstm(Kind(norm=True, peephole=True)),
    lstm(Kind(), Sizes(13, 1, 2, 2)),
    lstm(Kind("int8"), asymmetric=True),
    lstm(Kind("int8", projection=True), Sizes(2, 3, 5, 3), time_major=True),
    lstm(Kind("integer", peephole=True)),
    lstm(Kind("integer"), Sizes(13, 1, 2, 2), time_major=True),
    lstm(Kind("integer", projection=True, cifg=True), Sizes(2, 3, 5, 3)),
    test_bidirectional_sequence_lstm.case(
        test_bidirectional_sequence_lstm.pair(), (CELL, CELL), 2, merge=True
    ),
    test_bidirectional_sequence_rnn.case(
        2, 2, 3, (5, 7), second=3, stacked=True, merge=True
    ),
    test_rnn.along(13, 2, 3, 5, "int8"),
    test_svdf.case(3, 5, 4, 2, 6),
    test_svdf.case(2, 3, 2, 1, 18, weights="int8", asymmetric=True),
    test_svdf.integer(2, 3, 2, 1, 18),
]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_interpreted(name: str, case: Case) -> None:
    """The interpreter refuses what is outside of a buffer."""
    run = prepare(case)
    node = run.node
    steps = node.op.lower(node, TARGETS[name])
    assert steps is not None
    buffers: dict[object, np.ndarray] = {
        tensor: as_bytes(array, SLACK) for tensor, array in run.feeds.items()
    }
    for y in node.outputs:
        buffers[y] = as_bytes(np.full(y.type.nbytes, 0xA5, np.uint8), SLACK)
    for step in steps:
        for argument in step.arguments:
            if argument not in buffers:
                made = (
                    as_bytes(argument.data, SLACK)
                    if isinstance(argument, Constant)
                    else as_bytes(np.full(argument.nbytes, 0xA5, np.uint8))
                )
                buffers[argument] = made
        memory = [buffers[argument] for argument in step.arguments]
        before = [array.copy() for array in memory]
        middle = step.units // 2
        interpret(step.kernel, memory, middle, step.units)
        interpret(step.kernel, memory, 0, middle)
        for index, array in enumerate(memory):
            if index not in step.written:
                assert (array == before[index]).all()
    for tensor in node.written:
        size = tensor.type.nbytes
        found = buffers[tensor][:size].view(tensor.dtype.numpy).reshape(tensor.shape)
        assert_same(found, run.values[tensor], 1e-5)
        guard = as_bytes(run.feeds.get(tensor, np.zeros(0)), SLACK)[-SLACK:]
        assert (buffers[tensor][size:] == guard).all(), f"beyond {tensor.name}"
