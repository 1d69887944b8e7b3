"""`gossamer.load`: a file as a function."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.errors import ExecutionError, InputError
from gossamer.flatbuffer import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Add, Sub


@pytest.fixture
def data():
    """x + y and x - y of float32 [-1, 2] and [1, 2]."""
    build = Builder("main")
    x = build.input("x", TensorType(DType.FLOAT32, (-1, 2)))
    y = build.input("y", TensorType(DType.FLOAT32, (1, 2)))
    outputs = [build.node(Add(), x, y), build.node(Sub(), x, y)]
    return write(Model((build.finish(outputs),)))


def test_it_is_called_with_arrays(data, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    for source in (data, path, str(path)):
        total, difference = gossamer.load(source)([[1.0, 2.0]], np.array([[3.0, 5.0]]))
        assert total.dtype == np.float32
        assert total.tolist() == [[4, 7]]
        assert difference.tolist() == [[-2, -3]]


def test_shapes_follow_the_inputs(data):
    function = gossamer.load(data)
    y = np.ones((1, 2), np.float32)
    for rows in (3, 3, 1):
        x = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
        total, _ = function(x, y)
        np.testing.assert_array_equal(total, x + 1)


def test_after_a_shape_that_does_not_fit_it_still_works(data):
    function = gossamer.load(data)
    x, y = np.ones((3, 2), np.float32), np.ones((1, 2), np.float32)
    with pytest.raises(ExecutionError):
        function(np.ones((3, 5), np.float32), y)
    assert function(x, y)[0].shape == (3, 2)


def test_one_output_is_no_tuple():
    build = Builder("main")
    x = build.input("x", TensorType(DType.FLOAT32, (2,)))
    data = write(Model((build.finish([build.node(Add(), x, x)]),)))
    assert gossamer.load(data)([1.0, 2.0]).tolist() == [2, 4]


def test_what_does_not_fit_is_refused(data):
    function = gossamer.load(data)
    with pytest.raises(InputError, match="with 1 arrays; it takes 2: 'x', 'y'"):
        function([[1.0, 2.0]])
    with pytest.raises(InputError, match="INT64"):
        function([[1, 2]], [[1.0, 2.0]])
