from __future__ import annotations

import pytest

from gossamer.ir.work import multiplications
from tests.ops import test_svdf, test_unidirectional_sequence_lstm
from tests.ops.contract import prepare
from tests.ops.lstm_inputs import Kind, Sizes
from tests.runtime import calls


def test_a_cell_multiplies_each_row_with_all_of_its_weights() -> None:
    sizes = Sizes(2, 5, 7, 7)
    run = prepare(test_unidirectional_sequence_lstm.case(Kind(), sizes, 3))
    assert multiplications(run.node) == 2 * 3 * 4 * (7 * 5 + 7 * 7)


def test_filters_multiply_features_and_memory() -> None:
    run = prepare(test_svdf.case(2, 5, 4, 2, 6))
    assert multiplications(run.node) == 2 * 8 * (5 + 6)


@pytest.mark.parametrize("name", ["counter", "chosen", "recurrent", "nested"])
def test_variables_and_calls_multiply_nothing(name: str) -> None:
    model = getattr(calls, name)()
    for node in (node for graph in model.subgraphs for node in graph.nodes):
        if node.op.name != "FULLY_CONNECTED":
            assert multiplications(node) == 0
