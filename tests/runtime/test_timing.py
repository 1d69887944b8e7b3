"""How long an inference takes: what is timed, and in which order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from gossamer.runtime import timing
from gossamer.runtime.timing import Engine, random_inputs


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
    first, second = random_inputs(details), random_inputs(details)
    for detail in details:
        array = first[detail["index"]]
        assert array.dtype == detail["dtype"]
        np.testing.assert_array_equal(array, second[detail["index"]])
    assert first[1].min() < 0 < first[1].max()
    assert set(first[2].tolist()) == {0, 1}


def test_engines_take_turns():
    class Counter:
        def __init__(self, calls):
            self.calls = calls

        def allocate_tensors(self):
            pass

        def get_input_details(self):
            return [{"index": 0, "shape": (2,), "dtype": np.int8}]

        def get_output_details(self):
            return [{"index": 1}]

        def set_tensor(self, index, value):
            assert (index, value.dtype, value.shape) == (0, np.int8, (2,))

        def invoke(self):
            self.calls.append(self)

        def get_tensor(self, index):
            return index

    calls = []
    engines = [timing.engine("x", Counter(calls)), timing.engine("x", Counter(calls))]
    timing.take_turns(engines, 0)
    assert [len(each.seconds) for each in engines] == [3, 3]
    changes = sum(a is not b for a, b in pairwise(calls))
    assert changes == 7  # warmed up one after the other, then three rounds of two
