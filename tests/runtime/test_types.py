"""Values of every element type go in and come out unchanged."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import interpreter as litert

from gossamer.errors import InputError
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Reshape
from gossamer.runtime.interpreter import Interpreter

NUMBERS = [
    DType.FLOAT32,
    DType.FLOAT16,
    DType.BFLOAT16,
    DType.FLOAT64,
    DType.INT8,
    DType.INT16,
    DType.INT32,
    DType.INT64,
    DType.UINT8,
    DType.UINT16,
    DType.UINT32,
    DType.BOOL,
    DType.COMPLEX64,
    DType.INT4,
]


def reshaped(dtype):
    """x [2, 3] of a type -> RESHAPE -> [6]."""
    build = Builder()
    x = build.input("x", TensorType(dtype, (2, 3)))
    target = build.constant("target", np.array([6], np.int32))
    graph = build.finish([build.node(Reshape(), x, target, name="y")])
    return bytes(write(Model((graph,))))


def passed(interpreter, value):
    """What comes out where `value` goes in."""
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize("dtype", NUMBERS, ids=lambda dtype: dtype.title)
def test_numbers(dtype):
    value = np.array([[1, 0, 1], [1, 1, 0]]).astype(dtype.numpy)
    result = passed(Interpreter(model_content=reshaped(dtype)), value)
    assert result.dtype == dtype.numpy
    assert result.tolist() == value.reshape(6).tolist()


TEXTS = np.array(
    [[b"a", b"bcd", b""], ["ü".encode(), b"\0x\0", b"z" * 300]], np.object_
)


def test_strings_as_litert_gives_them():
    content = reshaped(DType.STRING)
    ours = passed(Interpreter(model_content=content), TEXTS)
    theirs = passed(litert.Interpreter(model_content=content), TEXTS)
    assert ours.dtype == theirs.dtype
    assert ours.tolist() == theirs.tolist() == TEXTS.reshape(6).tolist()


def test_text_becomes_utf8():
    value = np.array([["a", "b", "ü"], ["", "d", "e"]])
    result = passed(Interpreter(model_content=reshaped(DType.STRING)), value)
    assert result.tolist() == [b"a", b"b", "ü".encode(), b"", b"d", b"e"]


def test_numbers_are_no_strings():
    with pytest.raises(InputError, match="type INT64 but expected type STRING"):
        passed(Interpreter(model_content=reshaped(DType.STRING)), np.zeros((2, 3), int))


def test_views_of_strings_are_copies():
    interpreter = Interpreter(model_content=reshaped(DType.STRING))
    passed(interpreter, TEXTS)
    view = interpreter.tensor(0)()
    view[0, 0] = b"other"
    assert interpreter.get_tensor(0)[0, 0] == b"a"


def test_ragged_values_are_refused():
    interpreter = Interpreter(model_content=reshaped(DType.FLOAT32))
    with pytest.raises(InputError, match="not a regular array"):
        passed(interpreter, [[1.0, 2.0], [3.0]])


@pytest.mark.parametrize("shape", [(0, 3), (0,)])
def test_empty_inputs(shape):
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (-1, 3)))
    target = build.constant("target", np.array([-1], np.int32))
    graph = build.finish([build.node(Reshape(), x, target, name="y")])
    interpreter = Interpreter(model_content=bytes(write(Model((graph,)))))
    interpreter.resize_tensor_input(0, (0, 3))
    interpreter.allocate_tensors()
    assert interpreter.tensor(0)().shape == (0, 3)
    interpreter.set_tensor(0, np.zeros((0, 3), np.float32))
    interpreter.invoke()
    assert (
        interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).size == 0
    )
