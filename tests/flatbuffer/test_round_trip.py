"""What is written is read back the same, and LiteRT reads it too."""

from __future__ import annotations

from dataclasses import replace

import ai_edge_litert.schema_py_generated as generated
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from gossamer.errors import FormatError, GraphError
from gossamer.flatbuffer import read, write
from gossamer.ir.equal import same
from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.op import Builtin
from gossamer.ir.types import DType, TensorType
from tests.flatbuffer.models import ALL, int8_conv, logistic, mlp, with_parts


@pytest.mark.parametrize("name", ALL)
def test_a_model_comes_back_the_same(name):
    model = ALL[name]()
    assert same(model, read(write(model))) is None


@pytest.mark.parametrize("name", ALL)
def test_bytes_are_a_function_of_the_model(name):
    data = write(ALL[name]())
    assert data == write(ALL[name]())
    assert data == write(read(data))


@pytest.mark.parametrize(
    "dtype", [dtype for dtype in DType if dtype.bits], ids=lambda dtype: dtype.title
)
def test_constants_of_every_type_come_back(dtype):
    array = np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype.numpy)
    model = logistic(Tensor("c", TensorType(dtype, (2, 3)), array))
    assert same(model, read(write(model))) is None


def test_strings_and_empty_constants_come_back():
    text = np.array(["naïve".encode(), b""], np.object_)
    model = logistic(
        Tensor("text", TensorType(DType.STRING, (2,)), text),
        Tensor("none", TensorType(DType.INT32, (0,)), np.zeros(0, np.int32)),
    )
    assert same(model, read(write(model))) is None


def judge(data: bytes) -> list[np.ndarray]:
    interpreter = Interpreter(
        model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    rng = np.random.default_rng(3)
    for detail in interpreter.get_input_details():
        values = rng.integers(-100, 100, detail["shape"]).astype(detail["dtype"])
        interpreter.set_tensor(detail["index"], values)
    interpreter.invoke()
    return [
        interpreter.get_tensor(detail["index"])
        for detail in interpreter.get_output_details()
    ]


@pytest.mark.parametrize("model", [mlp(), int8_conv()], ids=["mlp", "int8_conv"])
def test_litert_computes_the_same_with_constants_inside_and_behind(model):
    inside, behind = write(model), small(model)
    assert len(behind) != len(inside)
    for one, other in zip(judge(inside), judge(behind), strict=True):
        assert np.ptp(one) > 0
        np.testing.assert_array_equal(one, other)


def small(model: Model) -> bytes:
    """The file as it is where tables and constants together are too large."""
    padding = np.arange(3000, dtype=np.int32)
    spare = Tensor("spare", TensorType(DType.INT32, (3000,)), padding)
    graph = replace(model.main, tensors=(*model.main.tensors, spare))
    return write(replace(model, subgraphs=(graph,)), limit=8000)


def test_constants_and_options_behind_the_tables_are_found_by_offset():
    data = np.arange(1000, dtype=np.float32)
    large = Tensor("large", TensorType(DType.FLOAT32, (1000,)), data)
    base = with_parts()
    graph = replace(base.main, tensors=(*base.main.tensors, large))
    model = replace(base, subgraphs=(graph,))
    written = write(model, limit=7000)
    record = generated.ModelT.InitFromPackedBuf(written)
    buffer = record.buffers[record.subgraphs[0].tensors[-1].buffer]
    operator = record.subgraphs[0].operators[0]
    assert buffer.data is None
    assert (buffer.offset % 16, buffer.size) == (0, 4000)
    assert written[buffer.offset :][:4000] == data.tobytes()
    assert (operator.customOptions, operator.largeCustomOptionsSize) == (None, 4000)
    assert same(model, read(written)) is None


def test_tables_larger_than_the_limit_are_refused():
    with pytest.raises(FormatError, match=r"takes \d+ bytes without its constants"):
        write(mlp(), limit=100)


def test_buffers_are_aligned_shared_and_the_first_is_empty():
    ones = np.ones((4, 4), np.float32)
    type_ = TensorType(DType.FLOAT32, (4, 4))
    model = logistic(Tensor("a", type_, ones), Tensor("b", type_, ones.copy()))
    data = write(model)
    record = generated.Model.GetRootAs(data)
    assert data[4:8] == b"TFL3"
    assert record.Version() == 3
    assert record.BuffersLength() == 2
    assert record.Buffers(0).DataIsNone()
    start = record.Buffers(1)._tab.Vector(record.Buffers(1)._tab.Offset(4))
    assert start % 16 == 0
    assert data[start : start + 64] == ones.tobytes()


def test_the_same_numbers_and_names_are_stored_once():
    record = generated.Model.GetRootAs(write(int8_conv()))
    graph = record.Subgraphs(0)
    every = {graph.Tensors(i).Name(): graph.Tensors(i) for i in range(5)}
    filters, bias = every[b"filters"], every[b"bias"]

    def places(tensor: generated.Tensor) -> list[int]:
        table = tensor.Quantization()._tab
        return [table.Vector(table.Offset(slot)) for slot in (8, 10)]

    scales, zeros = zip(places(filters), places(bias), strict=True)
    assert scales[0] != scales[1]
    assert zeros[0] == zeros[1]
    assert record.SignatureDefs(0).Inputs(0).Name() == b"image"
    assert write(int8_conv()).count(b"image\0") == 1


@pytest.mark.parametrize(("code", "old"), [(14, 14), (146, 127)])
def test_operator_codes_hold_the_number_twice_where_it_fits(code, old):
    name = {14: "LOGISTIC", 146: "RANDOM_STANDARD_NORMAL"}[code]
    x, y = (Tensor(n, TensorType(DType.FLOAT32, (2,))) for n in "xy")
    node = Node(Builtin(name, code, None, {}), (x,), (y,), version=5)
    model = Model((Subgraph("main", (x, y), (x,), (y,), (node,)),))
    record = generated.Model.GetRootAs(write(model)).OperatorCodes(0)
    assert record.BuiltinCode() == code
    assert record.DeprecatedBuiltinCode() == old
    assert record.Version() == 5


def test_constants_are_views_of_the_bytes():
    data = write(mlp())
    weights = next(t for t in read(data).main.tensors if t.name == "w0").data
    assert np.shares_memory(weights, np.frombuffer(data, np.uint8))
    assert not weights.flags.writeable


def test_a_tensor_of_another_graph_is_refused():
    model = mlp()
    graph = replace(model.main, tensors=model.main.tensors[1:])
    with pytest.raises(GraphError, match="mentions the tensor 'features', which is"):
        write(replace(model, subgraphs=(graph,)))


def test_an_array_of_another_shape_is_refused():
    wrong = Tensor("c", TensorType(DType.INT8, (2,)), np.zeros(3, np.int8))
    with pytest.raises(GraphError, match=r"'c' is of shape \[2\], but its array of"):
        write(logistic(wrong))
