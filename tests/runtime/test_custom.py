"""Custom operators that a user declares: functions, classes, one interpreter's."""

from __future__ import annotations

import numpy as np
import pytest
from flatbuffers import flexbuffers

import gossamer
from gossamer.errors import (
    ExecutionError,
    FormatError,
    GraphError,
    InputError,
    UnsupportedError,
)
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.custom_registry import registered_custom
from gossamer.ir.flexbuffers import encode
from gossamer.ir.graph import Model
from gossamer.ir.op import Custom
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Relu
from gossamer.ops.element_steps import element_step
from gossamer.runtime.interpreter import Interpreter, InterpreterWithCustomOps

X = np.array([[-1.0, 0.5, 2.0]], np.float32)


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    """Declarations are of this test only."""
    before = dict(registered_custom())
    yield
    table = registered_custom()
    table.clear()
    table.update(before)


def built(*ops, shape=(1, 3), dtype=DType.FLOAT32, quantization=None):
    """Operators in a row as a file."""
    build = Builder("main")
    x = build.input("x", TensorType(dtype, shape), quantization)
    for op in ops:
        x = build.node(op, x, quantization=quantization)
    return bytes(write(Model((build.finish([x]),))))


def file_with(name, data=b"", shape=(1, 3)):
    """A file of one custom operator that nothing was said about when it was made."""

    class Opaque(Custom):
        def infer(self, *inputs):
            return (inputs[0].type,)

    content = built(Opaque(name, data), shape=shape)
    assert type(read(content).main.nodes[0].op) is Custom
    return content


def answer(interpreter, x=X):
    with interpreter:
        if x.shape != tuple(interpreter.get_input_details()[0]["shape"]):
            interpreter.resize_tensor_input(0, x.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_a_function_is_an_operator():
    content = file_with("Scale", encode({"factor": 3, "T": 1}))

    @gossamer.custom_operator("Scale")
    def scale(x, *, factor: float = 1.0):
        assert isinstance(factor, float)
        return x * factor

    np.testing.assert_array_equal(answer(Interpreter(model_content=content)), X * 3)
    assert scale(2.0, factor=4.0) == 8.0
    assert repr(scale) == "<custom operator Scale>"


def test_the_file_keeps_its_own_bytes():
    @gossamer.custom_operator("Scale")
    def scale(x, *, factor: float = 1.0):
        return x * factor

    data = bytes(flexbuffers.Dumps({"factor": 2.5}))
    op = read(file_with_op("Scale", data)).main.nodes[0].op
    assert op == scale.operator(factor=2.5)
    assert op.to_bytes() == data != scale.operator(factor=2.5).to_bytes()
    assert read(bytes(write(read(built(op))))).main.nodes[0].op.to_bytes() == data


def file_with_op(name, data):
    return built(registered_custom()[name].from_bytes(data))


def test_declaring_again_replaces():
    content = file_with("Twice")
    for factor in (2, 3):
        gossamer.custom_operator("Twice")(lambda x, factor=factor: x * factor)
        found = answer(Interpreter(model_content=content))
        np.testing.assert_array_equal(found, X * factor)


def test_sizes_follow_the_inputs():
    @gossamer.custom_operator("Pairs")
    def pairs(x):
        return np.concatenate([x, x], axis=0), x.sum(axis=1)

    graph = read(built(pairs.operator(), shape=(-1, 3))).main
    assert [y.signature for y in graph.nodes[0].outputs] == [(-1, 3), (-1,)]
    x = np.ones((4, 3), np.float32)
    content = built(pairs.operator(), Relu(), shape=(-1, 3))
    assert answer(Interpreter(model_content=content), x).shape == (8, 3)


def test_a_shape_rule_is_asked_first():
    @gossamer.custom_operator("First", dtypes=["int32"])
    def first(x, *, count: int):
        assert x.any()
        return np.full(count, 7, np.int32)

    @first.shape
    def _(x, *, count):
        assert x == (1, 3)
        return (count,)

    found = answer(Interpreter(model_content=built(first.operator(count=2))))
    np.testing.assert_array_equal(found, np.array([7, 7], np.int32))


def test_several_shapes_from_a_rule():
    @gossamer.custom_operator("Two", dtypes=["float32", "int32"])
    def two(x):
        return x, np.zeros(3, np.int32)

    two.shape(lambda x: [x, (3,)])
    types = read(built(two.operator())).main.nodes[0].outputs
    assert [str(y.type) for y in types] == ["float32[1x3]", "int32[3]"]


def test_sizes_that_depend_on_values():
    @gossamer.custom_operator("Positive", dynamic=True)
    def positive(x):
        return x[x > 0]

    content = built(positive.operator(), Relu())
    found = answer(Interpreter(model_content=content))
    np.testing.assert_array_equal(found, np.array([0.5, 2], np.float32))


def test_options_as_bytes():
    @gossamer.custom_operator("Raw")
    def raw(x, *, options: bytes):
        return x * float(options.decode())

    found = answer(Interpreter(model_content=built(raw.operator(options=b"2.5"))))
    np.testing.assert_array_equal(found, X * np.float32(2.5))


def test_all_options():
    @gossamer.custom_operator("Any")
    def any_(x, **options):
        return x + len(options)

    content = built(any_.operator(a=1, b=[1, 2]))
    np.testing.assert_array_equal(answer(Interpreter(model_content=content)), X + 2)


@pytest.mark.parametrize("stored", [False, True])
def test_quantized_tensors(stored):
    @gossamer.custom_operator("Double", stored=stored)
    def double(x):
        assert x.dtype == (np.int8 if stored else np.float32)
        return x * x.dtype.type(2)

    quantization = Quantization.per_tensor(0.5, 3)
    content = built(double.operator(), dtype=DType.INT8, quantization=quantization)
    x = np.array([[5, 3, -7]], np.int8)
    expected = [[10, 6, -14]] if stored else [[7, 3, -17]]
    found = answer(Interpreter(model_content=content), x)
    np.testing.assert_array_equal(found, np.array(expected, np.int8))


def test_a_class_with_a_kernel():
    @gossamer.custom_operator("Plus")
    class Plus(gossamer.CustomOperator):
        amount: float
        times: int = 1

        def infer(self, *inputs):
            return (inputs[0].type,)

        def reference(self, *inputs):
            return (inputs[0] + np.float32(self.amount * self.times),)

        def lower(self, node, target):
            total = self.amount * self.times
            x, y = node.input(0), node.output
            return element_step(
                "plus", target, (x,), y, lambda nest, value: value + total
            )

    content = built(Plus(amount=0.25, times=2))
    interpreter = Interpreter(model_content=content)
    np.testing.assert_array_equal(answer(interpreter), X + np.float32(0.5))
    assert read(content).main.nodes[0].op == Plus(0.25, 2)
    with pytest.raises(FormatError, match=r"Plus lacks an option.*amount"):
        Plus.from_bytes(encode({"times": 2}))
    with pytest.raises(FormatError, match="option 'times' of Plus is 'x', not a value"):
        Plus.from_bytes(encode({"amount": 1.0, "times": "x"}))


def test_a_function_with_a_kernel():
    @gossamer.custom_operator("Negative")
    def negative(x):
        return -x

    @negative.lower
    def _(node, target):
        x, y = node.input(0), node.output
        return element_step("negative", target, (x,), y, lambda nest, value: -value)

    content = built(negative.operator())
    np.testing.assert_array_equal(answer(Interpreter(model_content=content)), -X)


def test_for_one_interpreter():
    content = file_with("Mine")
    given = {"Mine": lambda x: x + 1}
    found = answer(Interpreter(model_content=content, custom_operators=given))
    np.testing.assert_array_equal(found, X + 1)
    with pytest.raises(UnsupportedError, match="unresolved custom op: Mine"):
        answer(Interpreter(model_content=content))
    with pytest.raises(InputError, match="custom operator Mine is given as 3"):
        Interpreter(model_content=content, custom_operators={"Mine": 3})


def test_registerers():
    content = file_with("Mine")

    @gossamer.custom_operator("Mine")
    def mine(x):
        return x + 2

    registered_custom().clear()
    interpreter = InterpreterWithCustomOps([mine], model_content=content)
    np.testing.assert_array_equal(answer(interpreter), X + 2)
    with pytest.raises(UnsupportedError, match="'RegisterMine' is no operator"):
        InterpreterWithCustomOps(["RegisterMine"], model_content=content)


def test_an_operator_that_nobody_declared():
    with pytest.raises(UnsupportedError) as caught:
        answer(Interpreter(model_content=file_with("Nowhere")))
    assert "Encountered unresolved custom op: Nowhere" in str(caught.value)
    assert '@gossamer.custom_operator("Nowhere")' in str(caught.value)


def test_what_a_function_raises_is_told():
    content = file_with("Picky")

    @gossamer.custom_operator("Picky")
    def picky(x):
        if x.any():
            raise KeyError("no such thing")
        return x

    with pytest.raises(ExecutionError, match="it failed with KeyError") as caught:
        answer(Interpreter(model_content=content))
    causes = []
    error = caught.value
    while error is not None:
        causes.append(type(error))
        error = error.__cause__
    assert KeyError in causes


def test_failing_on_zeros_asks_for_a_rule():
    @gossamer.custom_operator("Inverse")
    def inverse(x):
        return np.linalg.inv(x)

    with pytest.raises(GraphError, match=r"run on zeros to learn the shape.*`shape`"):
        built(inverse.operator(), shape=(3, 3))


def test_inputs_cannot_be_changed():
    content = file_with("Greedy")

    @gossamer.custom_operator("Greedy")
    def greedy(x):
        x += 1
        return x

    with pytest.raises(gossamer.errors.GossamerError, match="read-only"):
        answer(Interpreter(model_content=content))


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (encode({}), "Needy lacks its option 'size'; the file has none"),
        (encode({"sise": 2}), "lacks its option 'size'; the file has sise"),
        (encode({"size": "two"}), "option 'size' of Needy is 'two', not a value"),
        (b"\x01", "a FlexBuffer has 3 bytes at least"),
    ],
)
def test_options_that_do_not_fit(data, match):
    content = file_with("Needy", data)

    @gossamer.custom_operator("Needy")
    def needy(x, *, size: int):
        return x * size

    with pytest.raises(FormatError, match=match):
        read(content)
    with pytest.raises(InputError, match="Needy has no option 'width'"):
        needy.operator(size=1, width=2)
    with pytest.raises(InputError, match="Needy lacks its option 'size'"):
        needy.operator()


def test_only_operators_are_declared():
    with pytest.raises(InputError, match=r"derive it from gossamer\.CustomOperator"):
        gossamer.custom_operator("Bad")(dict)
    with pytest.raises(ExecutionError, match="the function gave None"):
        gossamer.custom_operator("None")(lambda _: None).operator().reference(X)
