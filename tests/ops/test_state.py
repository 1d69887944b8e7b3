"""Recurrent operators over several runs: state, and its reset, against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter as LiteRt
from ai_edge_litert.interpreter import OpResolverType

from gossamer.flatbuffer.write import write
from gossamer.runtime.interpreter import Interpreter
from gossamer.runtime.interpreter import OpResolverType as Resolver
from tests.ops import (
    test_bidirectional_sequence_lstm,
    test_bidirectional_sequence_rnn,
    test_lstm,
    test_rnn,
    test_svdf,
    test_unidirectional_sequence_lstm,
)
from tests.ops.contract import (
    MACHINES,
    Case,
    assert_same,
    compiled_agrees_on,
    prepare,
)
from tests.ops.lstm_inputs import Kind, Sizes

RUNS = 5
CELL = Sizes(2, 6, 17, 17)
PROJECTED = Sizes(2, 6, 17, 5)


def lstm(kind: Kind, sizes: Sizes = CELL, **options) -> Case:
    return test_unidirectional_sequence_lstm.case(kind, sizes, 3, **options)


COMPILED = [
    lstm(Kind()),
    lstm(Kind(cifg=True, peephole=True), time_major=True, cell_clip=0.5),
    lstm(Kind(projection=True, projection_bias=True), PROJECTED),
    lstm(Kind(norm=True)),
    lstm(Kind("int8")),
    lstm(Kind("int8"), asymmetric=True),
    lstm(Kind("integer")),
    lstm(Kind("integer", peephole=True)),
    lstm(Kind("integer", projection=True), PROJECTED, time_major=True),
    test_lstm.full(Kind(), CELL),
    test_lstm.full(Kind("int8", cifg=True), CELL),
    test_lstm.full(Kind("integer"), CELL),
    test_bidirectional_sequence_lstm.case(
        test_bidirectional_sequence_lstm.pair(), (CELL, CELL), 3, merge=True
    ),
    test_bidirectional_sequence_rnn.case(2, 4, 3, (5, 7)),
    test_rnn.single(2, 4, 5),
    test_rnn.single(2, 4, 5, weights="int8", asymmetric=True),
    test_rnn.along(2, 4, 3, 5),
    test_svdf.case(2, 5, 4, 2, 6),
    test_svdf.case(2, 5, 4, 2, 6, weights="int8", asymmetric=True),
    test_svdf.integer(2, 5, 4, 2, 6),
]
"""Each of these has a kernel."""

INTERPRETED = [
    lstm(Kind("integer", norm=True)),
    test_lstm.basic(2, 4, 8),
    test_lstm.basic_integer(2, 4, 8),
]


@pytest.mark.parametrize("resolver", [Resolver.AUTO, Resolver.BUILTIN_REF])
@pytest.mark.parametrize("case", COMPILED + INTERPRETED, ids=str)
def test_state_is_kept_from_run_to_run(case: Case, resolver: Resolver) -> None:
    """From zero, over five runs with other inputs, and once more after a reset."""
    run = prepare(case)
    data = write(run.model)
    ours = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
    theirs = LiteRt(
        model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    tensors = run.model.main.tensors
    written = [tensors.index(tensor) for tensor in run.node.written]
    inputs = [tensors.index(tensor) for tensor in run.model.main.inputs]
    arrays = [run.feeds[tensor] for tensor in run.model.main.inputs]
    for each in (ours, theirs):
        each.allocate_tensors()
        each.reset_all_variables()
    for number in range(RUNS + 1):
        if number == RUNS:
            ours.reset_all_variables()
            theirs.reset_all_variables()
        for index, array in zip(inputs, arrays, strict=True):
            fed = np.roll(array, number, axis=-1)
            ours.set_tensor(index, fed)
            theirs.set_tensor(index, fed)
        ours.invoke()
        theirs.invoke()
        for index in written:
            assert_same(ours.get_tensor(index), theirs.get_tensor(index), 1e-5)


@pytest.mark.parametrize("case", COMPILED, ids=str)
def test_a_kernel_computes_it(case: Case) -> None:
    run = prepare(case)
    for target in MACHINES:
        assert compiled_agrees_on(run, target), f"{case.op.name} has no kernel"
