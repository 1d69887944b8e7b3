"""The interpreter computes, resizes, shows its memory and knows its state."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from gossamer.errors import ExecutionError, FormatError, InputError, UnsupportedError
from gossamer.runtime.delegate import OpResolverType, load_delegate
from gossamer.runtime.interpreter import Interpreter, InterpreterWithCustomOps
from gossamer.runtime.session import guarded
from tests.runtime import models

X, SCORES = 0, 5


@pytest.fixture
def ready():
    interpreter = Interpreter(model_content=models.dense())
    interpreter.allocate_tensors()
    return interpreter


def indices(interpreter):
    return {each["name"]: each["index"] for each in interpreter.get_tensor_details()}


def run(interpreter, x):
    names = indices(interpreter)
    interpreter.set_tensor(names["x"], x)
    interpreter.invoke()
    return interpreter.get_tensor(names["scores"])


def sample(rows, seed=0):
    return np.random.default_rng(seed).random((rows, 2, 2), np.float32)


class TestRun:
    def test_output_is_the_models_function_of_the_input(self, ready):
        x = sample(1)
        np.testing.assert_allclose(run(ready, x), models.dense_answer(x), rtol=1e-6)

    def test_a_second_run_forgets_the_first(self, ready):
        run(ready, sample(1, seed=1))
        x = sample(1, seed=2)
        np.testing.assert_allclose(run(ready, x), models.dense_answer(x), rtol=1e-6)

    def test_get_tensor_gives_a_copy(self, ready):
        first = run(ready, sample(1, seed=1))
        kept = first.copy()
        run(ready, sample(1, seed=2))
        np.testing.assert_array_equal(first, kept)

    def test_reference_kernels_agree(self):
        reference = Interpreter(
            model_content=models.dense(),
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        )
        reference.allocate_tensors()
        x = sample(1)
        np.testing.assert_allclose(run(reference, x), models.dense_answer(x), rtol=1e-6)

    @pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
    def test_content_may_be_any_bytes(self, form):
        interpreter = Interpreter(model_content=form(models.dense()))
        assert interpreter.num_subgraphs() == 1

    def test_path_may_be_text_or_path(self, tmp_path):
        path = tmp_path / "dense.tflite"
        path.write_bytes(models.dense())
        for form in (path, str(path)):
            with Interpreter(form) as interpreter:
                assert interpreter.get_input_details()[0]["name"] == "x"

    def test_strided_and_foreign_byte_order_values_are_copied_right(self, ready):
        x = sample(1)
        wide = np.zeros((1, 2, 4), np.float32)
        wide[:, :, ::2] = x
        for value in (wide[:, :, ::2], x.astype(x.dtype.newbyteorder())):
            result = run(ready, value)
            np.testing.assert_allclose(result, models.dense_answer(x), rtol=1e-6)

    def test_outputs_read_after_setting_inputs_are_still_the_last_run(self):
        interpreter = Interpreter(model_content=models.reshaped())
        interpreter.allocate_tensors()
        names = indices(interpreter)
        interpreter.set_tensor(names["x"], np.full((2, 6), 1, np.float32))
        interpreter.invoke()
        interpreter.set_tensor(names["x"], np.full((2, 6), 2, np.float32))
        assert interpreter.get_tensor(names["y"]).max() == 1


class TestResize:
    def test_batch_of_five(self, ready):
        ready.resize_tensor_input(0, [5, 2, 2])
        ready.allocate_tensors()
        assert ready.get_output_details()[0]["shape"].tolist() == [5, 3]
        x = sample(5)
        np.testing.assert_allclose(run(ready, x), models.dense_answer(x), rtol=1e-6)

    def test_shape_changes_at_once_and_the_signature_stays(self, ready):
        ready.resize_tensor_input(0, np.array([7, 2, 2], np.int32))
        details = ready.get_input_details()[0]
        assert details["shape"].tolist() == [7, 2, 2]
        assert details["shape_signature"].tolist() == [-1, 2, 2]

    def test_resize_asks_for_allocation_again(self, ready):
        ready.resize_tensor_input(0, [2, 2, 2])
        with pytest.raises(ExecutionError, match="not ready"):
            ready.invoke()

    def test_same_shape_keeps_the_memory(self, ready):
        x = sample(1)
        scores = run(ready, x)
        ready.resize_tensor_input(0, [1, 2, 2])
        names = indices(ready)
        np.testing.assert_array_equal(ready.get_tensor(names["x"]), x)
        np.testing.assert_array_equal(ready.get_tensor(names["scores"]), scores)

    def test_strict_allows_the_free_dimension(self, ready):
        ready.resize_tensor_input(0, [3, 2, 2], strict=True)
        ready.allocate_tensors()
        assert run(ready, sample(3)).shape == (3, 3)

    def test_shape_known_only_by_running(self):
        interpreter = Interpreter(model_content=models.free_target())
        interpreter.allocate_tensors()
        names = indices(interpreter)
        x = np.arange(4, dtype=np.float32)
        interpreter.set_tensor(names["x"], x)
        for target in ([2, 2], [1, 4], [4, 1]):
            interpreter.set_tensor(names["target"], np.array(target, np.int32))
            interpreter.invoke()
            result = interpreter.get_tensor(names["y"])
            np.testing.assert_array_equal(result, x.reshape(target))
            shape = interpreter.get_output_details()[0]["shape"]
            assert shape.tolist() == target
            assert interpreter.tensor(names["y"])().shape == tuple(target)


class TestViews:
    def test_view_writes_the_input_and_reads_the_output(self, ready):
        names = indices(ready)
        ready.tensor(names["x"])()[...] = 2
        ready.invoke()
        expected = models.dense_answer(np.full((1, 2, 2), 2, np.float32))
        np.testing.assert_allclose(ready.tensor(names["scores"])(), expected)

    @pytest.mark.parametrize("part", [lambda v: v, lambda v: v[0], lambda v: v.T])
    def test_living_view_or_slice_forbids_moving_memory(self, ready, part):
        held = part(ready.tensor(0)())
        with pytest.raises(ExecutionError, match="at least 1 reference"):
            ready.resize_tensor_input(0, [2, 2, 2])
        with pytest.raises(ExecutionError, match=r"call allocate_tensors\(\) again"):
            ready.allocate_tensors()
        ready.invoke()
        del held
        ready.resize_tensor_input(0, [2, 2, 2])
        ready.allocate_tensors()

    def test_constants_cannot_be_written(self, ready):
        weights = ready.tensor(indices(ready)["weights"])()
        np.testing.assert_array_equal(weights, models.WEIGHTS)
        with pytest.raises(ValueError, match="read-only"):
            weights[0] = 0

    def test_view_outlives_the_interpreter(self):
        interpreter = Interpreter(model_content=models.dense())
        interpreter.allocate_tensors()
        interpreter.set_tensor(0, np.ones((1, 2, 2), np.float32))
        view = interpreter.tensor(0)()
        del interpreter
        assert view.sum() == 4


class TestState:
    def test_constants_are_readable_before_allocation(self):
        interpreter = Interpreter(model_content=models.dense())
        weights = interpreter.get_tensor(indices(interpreter)["weights"])
        np.testing.assert_array_equal(weights, models.WEIGHTS)

    def test_intermediates_are_kept_on_demand(self):
        interpreter = Interpreter(
            model_content=models.dense(), experimental_preserve_all_tensors=True
        )
        interpreter.allocate_tensors()
        x = sample(1)
        run(interpreter, x)
        flat = interpreter.get_tensor(indices(interpreter)["flat"])
        np.testing.assert_array_equal(flat, x.reshape(1, 4))

    def test_intermediates_are_refused_otherwise(self, ready):
        run(ready, sample(1))
        with pytest.raises(InputError, match="experimental_preserve_all_tensors=True"):
            ready.get_tensor(indices(ready)["flat"])

    def test_variables_live_between_runs_until_they_are_reset(self):
        interpreter = Interpreter(model_content=models.stateful())
        interpreter.allocate_tensors()
        state, y = (indices(interpreter)[name] for name in ("state", "y"))
        interpreter.set_tensor(state, np.full((2, 2), 7, np.float32))
        for _ in range(2):
            interpreter.invoke()
            assert interpreter.get_tensor(y).tolist() == [7, 7, 7, 7]
        interpreter.reset_all_variables()
        interpreter.invoke()
        assert interpreter.get_tensor(y).tolist() == [0, 0, 0, 0]

    def test_too_large_a_shape_is_refused_at_allocation(self):
        interpreter = Interpreter(
            model_content=models.dense(),
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        )
        interpreter.resize_tensor_input(0, [2**31 - 1, 2**15, 2**15])
        with pytest.raises(ExecutionError, match=r"2147483647, 32768, 32768"):
            interpreter.allocate_tensors()

    def test_context_manager_closes(self):
        with Interpreter(model_content=models.dense()) as interpreter:
            interpreter.allocate_tensors()
            runner = interpreter.get_signature_runner()
        for call in (
            interpreter.invoke,
            interpreter.allocate_tensors,
            lambda: runner(in_x=sample(1)),
        ):
            with pytest.raises(ExecutionError, match="closed"):
                call()

    def test_two_threads_in_one_interpreter_are_refused(self, ready):
        inside, leave = threading.Event(), threading.Event()

        def slow():
            inside.set()
            leave.wait(10)

        ready._main.run = guarded(slow, ready._main.lock)
        thread = threading.Thread(target=ready.invoke)
        thread.start()
        assert inside.wait(10)
        try:
            for call in (ready.invoke, ready.allocate_tensors, ready.close):
                with pytest.raises(ExecutionError, match="another thread"):
                    call()
        finally:
            leave.set()
            thread.join()
        ready.invoke()

    def test_a_failed_run_leaves_the_interpreter_usable(self):
        interpreter = Interpreter(model_content=models.free_target())
        interpreter.allocate_tensors()
        names = indices(interpreter)
        interpreter.set_tensor(names["target"], np.array([3, 3], np.int32))
        with pytest.raises(RuntimeError, match=r"Node number 0 \(RESHAPE\)"):
            interpreter.invoke()
        interpreter.set_tensor(names["target"], np.array([4, 1], np.int32))
        interpreter.invoke()
        assert interpreter.get_tensor(names["y"]).shape == (4, 1)

    def test_repr_tells_what_goes_in_and_comes_out(self, ready):
        assert "x: float32[1x2x2] -> scores: float32[1x3]" in repr(ready)


class TestConstruction:
    def test_delegates_are_refused(self):
        with pytest.raises(UnsupportedError, match="experimental_delegates has 1"):
            Interpreter(model_content=models.dense(), experimental_delegates=[object()])
        with pytest.raises(UnsupportedError, match=r"from libedge\.so"):
            load_delegate("libedge.so", {"device": "usb"})

    def test_empty_delegates_and_all_options_are_accepted(self):
        Interpreter(
            model_content=models.dense(),
            experimental_delegates=[],
            num_threads=2,
            experimental_op_resolver_type=OpResolverType.BUILTIN,
            experimental_disable_delegate_clustering=True,
            experimental_default_delegate_latest_features=True,
            experimental_compress_quantization_zero_points=True,
            experimental_disable_delegate_node_fusion=True,
            experimental_force_delegate_node_profiling=True,
        ).allocate_tensors()

    def test_custom_kernels_are_refused_and_none_is_fine(self):
        content = models.dense()
        InterpreterWithCustomOps(model_content=content).allocate_tensors()
        with pytest.raises(UnsupportedError, match="RegisterMine"):
            InterpreterWithCustomOps(["RegisterMine"], model_content=content)

    def test_damaged_file_is_named(self, tmp_path):
        path = tmp_path / "broken.tflite"
        path.write_bytes(b"not a model at all")
        with pytest.raises(FormatError, match=r"broken\.tflite"):
            Interpreter(path)
