"""Operators outside the schema that classes are declared for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gossamer.errors import FormatError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.custom_registry import custom_operator
from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.op import Custom, Op
from gossamer.ir.types import Array, DType, TensorType
from gossamer.runtime.interpreter import Interpreter


@custom_operator("GossamerTestAddByte")
class _AddByte(Op):
    """Adds a number, stored as one byte."""

    number: int = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> _AddByte:
        if len(data) != 1:
            raise FormatError(f"GossamerTestAddByte has {len(data)} bytes")
        return cls(data[0])

    def to_bytes(self) -> bytes:
        return bytes([self.number])

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        assert inputs[0] is not None
        return (inputs[0].type,)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (inputs[0] + np.float32(self.number),)


@custom_operator("GossamerTestPlain")
class _Plain(Op):
    """Has no options."""


def _model(op: Op) -> Model:
    type_ = TensorType(DType.FLOAT32, (2,))
    x, y = Tensor("x", type_), Tensor("y", type_)
    return Model((Subgraph("", (x, y), (x,), (y,), (Node(op, (x,), (y,)),)),))


def test_a_declared_operator_is_read_as_its_class_and_runs() -> None:
    build = Builder("main")
    x = build.input("x", TensorType(DType.FLOAT32, (2,)))
    y = build.node(_AddByte(7), x)
    file = write(Model((build.finish((y,)),)))
    (node,) = read(file).main.nodes
    assert node.op == _AddByte(7)
    assert (node.op.name, node.op.code) == ("GossamerTestAddByte", 32)
    interpreter = Interpreter(model_content=file)
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, np.array([1, 2], np.float32))
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert found.tolist() == [8, 9]


def test_an_operator_that_no_class_is_declared_for_keeps_its_bytes() -> None:
    op = Custom("GossamerTestUnknown", b"\x01\x02\x03")
    (node,) = read(write(_model(op))).main.nodes
    assert node.op == op


@pytest.mark.parametrize("name", ["GossamerTestAddByte", "GossamerTestPlain"])
def test_options_of_another_form_are_refused(name: str) -> None:
    with pytest.raises(FormatError, match=f"{name} has 2 bytes"):
        read(write(_model(Custom(name, b"ab"))))


def test_a_name_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        custom_operator("GossamerTestPlain")(type("Again", (Op,), {}))
