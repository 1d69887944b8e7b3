"""`gossamer bench` measures whole inferences, alone and beside LiteRT."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gossamer.cli.bench import Engine, _random_inputs


def test_json_has_times_and_the_ratio(gossamer, dense):
    facts = json.loads(
        gossamer("bench", dense, "--against", "litert", "--runs", 3, "--json")
    )
    ours, theirs = facts["engines"]
    assert (ours["engine"], theirs["engine"]) == ("gossamer", "litert")
    assert 0 < ours["minimum_us"] <= ours["median_us"]
    assert facts["ratio"] == pytest.approx(theirs["minimum_us"] / ours["minimum_us"])
    assert facts["largest_difference"] < 1e-5


def test_table_alone(gossamer, dense):
    gossamer("bench", dense, "--seconds", 0.01)
    assert [row[0] for row in gossamer.rows()[1:]] == ["engine", "gossamer"]
    assert "litert" not in gossamer.out


def test_runs_are_counted(gossamer, dense):
    facts = json.loads(gossamer("bench", dense, "--runs", 2, "--json"))
    assert facts["engines"][0]["inferences"] % 2 == 0
    assert facts["ratio"] is None


def test_inference_sets_runs_and_gets():
    calls = []

    class Recorder:
        def set_tensor(self, index, value):
            calls.append(("set", index, value))

        def invoke(self):
            calls.append("invoke")

        def get_tensor(self, index):
            calls.append(("get", index))
            return index

    engine = Engine("x", Recorder(), {3: "a", 4: "b"}, [7])
    assert engine.infer() == [7]
    assert calls == [("set", 3, "a"), ("set", 4, "b"), "invoke", ("get", 7)]


def test_random_inputs_are_repeatable_and_typed():
    details = [
        {"name": n, "index": i, "shape": np.array([50]), "dtype": dtype}
        for i, (n, dtype) in enumerate(
            [("f", np.float32), ("q", np.int8), ("i", np.int32), ("b", np.bool_)]
        )
    ]
    first, second = _random_inputs(details), _random_inputs(details)
    for detail in details:
        array = first[detail["index"]]
        assert array.dtype == detail["dtype"]
        np.testing.assert_array_equal(array, second[detail["index"]])
    assert first[1].min() < 0 < first[1].max()
    assert set(first[2].tolist()) == {0, 1}
