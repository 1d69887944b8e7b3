"""BITWISE_XOR, RIGHT_SHIFT, BITCAST, ATAN2, FAKE_QUANT."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Atan2, Bitcast, BitwiseXor, FakeQuant, RightShift
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import Case, Feed, Run, check_compiled, litert_results, prepare
from tests.ops.elements import PAIRS, SHAPES, SPECIAL, numbers, plain, types
from tests.ops.inputs import refused, tensor

WHOLE = types("int8 uint8 int16 uint16 int32 uint32")
CASES = [
    Case(BitwiseXor(), (plain(dtype, a), plain(dtype, b, 1)))
    for dtype in WHOLE
    for a, b in PAIRS
]
CASES += [
    Case(RightShift(), (plain(dtype, a), plain(dtype, b, 1, low=low, high=40)))
    for dtype in WHOLE
    for a, b in PAIRS
    for low in (0, -3)
]
CASES += [
    Case(Atan2(), (plain(dtype, shape), plain(dtype, shape, 1)), tolerance=1e-6)
    for dtype in types("float32 float16 bfloat16")
    for shape in (*SHAPES, (300,))
]
CASES += [
    Case(
        Atan2(),
        tuple(Feed(each.ravel()) for each in np.meshgrid(SPECIAL, SPECIAL)),
        tolerance=1e-6,
        name="special",
    )
]
CASES += [
    Case(FakeQuant(low, high, bits), (plain(DType.FLOAT32, shape),))
    for low, high in ((-1.0, 1.0), (-0.25, 5.75), (0.0, 6.0), (-7.0, 0.0))
    for bits in (8, 4, 16, 2)
    for shape in (*SHAPES, (300,))
]


# LiteRT refuses a narrow range, which has no use for activations.
CASES += [
    Case(
        FakeQuant(low, high, 2, narrow_range=True),
        (Feed(np.float32([-9, 0, 0.75, 2, 9])),),
        expected=np.float32(steps),
    )
    for low, high, steps in (
        (-1.0, 1.0, [-1, 0, 1, 1, 1]),
        (0.0, 4.0, [0, 0, 0, 2, 4]),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("shape", SHAPES[:-1])
def test_angles_of_double_precision_have_no_kernel(shape):
    run = prepare(
        Case(Atan2(), (plain(DType.FLOAT64, shape), plain(DType.FLOAT64, shape, 1)))
    )
    (theirs,) = litert_results(run)
    np.testing.assert_allclose(run.values[run.node.output], theirs, rtol=1e-15)


def bitcast(x, source, target):
    """A graph of one BITCAST."""
    ratio = source.bits / target.bits
    shape = x.shape if ratio == 1 else (*x.shape, int(ratio))
    shape = x.shape[:-1] if ratio < 1 else shape
    given = Tensor("x", TensorType(source, x.shape))
    result = Tensor("y", TensorType(target, shape))
    node = Node(Bitcast(), (given,), (result,))
    return Subgraph("main", (given, result), (given,), (result,), (node,))


@pytest.mark.parametrize("target", types("int8 uint16 float16 float32 int64 bool"))
@pytest.mark.parametrize("source", types("uint8 int16 bfloat16 int32 uint32 float64"))
def test_bitcast(source, target):
    for lead in ((), (3,), (2, 5), (0, 2), (1, 1, 7)):
        last = max(target.bits // source.bits, 1)
        shape = lead if last == 1 else (*lead, last)
        x = numbers(source, shape)
        if target is DType.BOOL:
            x = np.zeros_like(x)
        graph = bitcast(x, source, target)
        (given,), (result,) = graph.inputs, graph.outputs
        case = Case(Bitcast(), (Feed(x, None, source),))
        executable = NativeExecutable(graph, {given: shape})
        executable.view(given)[...] = x
        executable.invoke()
        ours = executable.view(result)
        if x.size:
            (theirs,) = litert_results(Run(case, Model((graph,)), {given: x}))
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            assert ours.tobytes() == theirs.tobytes()
        assert not executable.program.interpreted
        (node,) = graph.nodes
        assert node.op.integer(node, x)[0].tobytes() == ours.tobytes()


def test_refuses():
    refused(BitwiseXor(), tensor((2,)), tensor((2,)), match="has no bits")
    refused(RightShift(), tensor((2,), DType.BOOL), tensor((2,), DType.BOOL))
    refused(Atan2(), tensor((2,)), tensor((3,)), match="2 and 3")
    refused(Atan2(), tensor((2,)), tensor((1, 2)), match="differ in shape")
    refused(FakeQuant(1.0, 2.0, 8), tensor((2,)), match="hold no numbers")
    refused(FakeQuant(0.0, 0.0, 8), tensor((2,)), match="hold no numbers")
    refused(FakeQuant(-1.0, 1.0, 99), tensor((2,)), match="hold no numbers")
    refused(FakeQuant(-np.inf, 1.0, 8), tensor((2,)), match="hold no numbers")
    refused(FakeQuant(-1.0, 1.0, 8), tensor((2,), DType.INT8), match="float32")


@pytest.mark.parametrize(
    ("shape", "source", "target"),
    [((3,), "int8", "int32"), ((), "int8", "int32"), ((2,), "int4", "int8")],
)
def test_bytes_that_do_not_fit(shape, source, target):
    build = Builder()
    x = build.input("x", TensorType(DType[source.upper()], shape))
    y = Tensor("y", TensorType(DType[target.upper()], shape))
    with pytest.raises(GraphError, match="BITCAST"):
        Bitcast().infer_node(Node(Bitcast(), (x,), (y,)))
