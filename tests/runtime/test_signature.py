"""Signature runners: named inputs, any batch, several subgraphs."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import ExecutionError
from gossamer.runtime.interpreter import Interpreter
from tests.runtime import models


def test_runner_takes_any_batch_without_allocation():
    runner = Interpreter(model_content=models.dense()).get_signature_runner()
    for rows in (1, 4, 2, 2):
        x = np.random.default_rng(rows).random((rows, 2, 2), np.float32)
        scores = runner(in_x=x)["out_scores"]
        np.testing.assert_allclose(scores, models.dense_answer(x), rtol=1e-6)


def test_results_are_copies():
    runner = Interpreter(model_content=models.dense()).get_signature_runner()
    first = runner(in_x=np.ones((1, 2, 2), np.float32))["out_scores"]
    kept = first.copy()
    runner(in_x=np.zeros((1, 2, 2), np.float32))
    np.testing.assert_array_equal(first, kept)


def test_each_signature_runs_its_own_subgraph():
    interpreter = Interpreter(model_content=models.two_signatures())
    x = np.arange(4, dtype=np.float32).reshape(2, 2)
    flat = interpreter.get_signature_runner("flat")(x=x)["y"]
    row = interpreter.get_signature_runner("row")(x=x)["y"]
    np.testing.assert_array_equal(flat, [0, 1, 2, 3])
    np.testing.assert_array_equal(row, [[0, 1, 2, 3]])
    assert interpreter.get_tensor(0, subgraph_index=1).shape == (2, 2)


def test_runner_shares_the_interpreters_memory():
    interpreter = Interpreter(model_content=models.dense())
    runner = interpreter.get_signature_runner()
    runner(in_x=np.full((3, 2, 2), 7, np.float32))
    assert interpreter.get_tensor(0).shape == (3, 2, 2)


def test_living_view_forbids_another_batch_only():
    interpreter = Interpreter(model_content=models.dense())
    interpreter.allocate_tensors()
    view = interpreter.tensor(0)()
    runner = interpreter.get_signature_runner()
    runner(in_x=np.full((1, 2, 2), 3, np.float32))
    assert view.sum() == 12
    with pytest.raises(ExecutionError, match="at least 1 reference"):
        runner(in_x=np.zeros((2, 2, 2), np.float32))


def test_repr_is_a_call():
    runner = Interpreter(model_content=models.dense()).get_signature_runner()
    assert repr(runner) == "<SignatureRunner serving_default(in_x) -> out_scores>"
