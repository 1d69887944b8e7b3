"""What depends on constants only is computed once."""

from __future__ import annotations

import numpy as np

from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.op import Custom
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    Add,
    Concatenation,
    Dequantize,
    Fill,
    Gather,
    Pack,
    Reshape,
    Shape,
    StridedSlice,
    Transpose,
)
from gossamer.passes.fold_constants import FOLD_CONSTANTS
from tests.passes.graphs import Graph, apply, names, untouched


def test_a_chain_of_constants():
    build = Graph()
    w = build.node(Transpose(), build.floats("w", 3, 2), build.ints("order", 1, 0))
    w = build.node(Add(), w, build.floats("c", 3), name="sum")
    better, log = apply(
        build.model(build.node(Add(), build.given(2, 3), w)), FOLD_CONSTANTS
    )
    assert names(better) == ["ADD"]
    assert better.main.nodes[0].input(1).name == "sum"
    assert [event.node for event in log.done()] == [
        "TRANSPOSE 'transpose'",
        "ADD 'sum'",
    ]


def test_the_shape_of_fixed_sizes():
    build = Graph()
    x = build.given(2, 3, 4)
    places = [build.ints(name, value) for name, value in (("a", 0), ("b", 1), ("c", 1))]
    batch = build.node(
        StridedSlice(shrink_axis_mask=1), build.node(Shape(DType.INT32), x), *places
    )
    sizes = build.node(Pack(2), batch, build.constant("rest", np.array(12, np.int32)))
    better, _ = apply(build.model(build.node(Reshape(), x, sizes)), FOLD_CONSTANTS)
    assert names(better) == ["RESHAPE"]
    np.testing.assert_array_equal(better.main.nodes[0].input(1).data, [2, 12])


def test_a_free_shape_is_not_known():
    build = Graph()
    model = build.model(build.node(Shape(DType.INT32), build.given(-1, 3)))
    assert untouched(model, FOLD_CONSTANTS) == []


def test_outputs_of_the_graph_keep_their_node():
    build = Graph()
    model = build.model(build.node(Add(), build.floats("a", 2), build.floats("b", 2)))
    assert untouched(model, FOLD_CONSTANTS) == ["it computes an output of the graph"]


def test_large_results_stay_small_in_the_file():
    build = Graph()
    filled = build.node(Fill(), build.ints("dims", 1000, 1000), build.floats("v"))
    model = build.model(build.node(Add(), build.given(1), filled))
    assert "4000000 bytes" in untouched(model, FOLD_CONSTANTS)[0]


def test_sizes_that_lie_allocate_nothing():
    build = Graph()
    dims = build.ints("dims", 2**31 - 1, 2**20)
    filled = build.node(Fill(), dims, build.floats("v"))
    model = build.model(build.node(Concatenation(0), filled))
    assert "bytes" in untouched(model, FOLD_CONSTANTS)[0]


def test_an_index_out_of_range_is_left_for_the_run():
    build = Graph()
    picked = build.node(Gather(), build.floats("x", 3), build.ints("i", 7))
    model = build.model(build.node(Add(), build.given(1), picked))
    assert "index 7" in untouched(model, FOLD_CONSTANTS)[0]


def test_an_unknown_operator_is_left_alone():
    data = np.zeros(2, np.float32)
    type_ = TensorType(DType.FLOAT32, (2,))
    a, b, c = Tensor("a", type_, data), Tensor("b", type_), Tensor("c", type_)
    nodes = (Node(Custom("Mystery"), (a,), (b,)), Node(Add(), (b, b), (c,)))
    model = Model((Subgraph("main", (a, b, c), (), (c,), nodes),))
    assert "Mystery" in untouched(model, FOLD_CONSTANTS)[0]


def test_quantized_constants_fold_by_their_integers():
    build = Graph()
    quantization = Quantization.per_tensor(0.5, 1)
    q = build.constant("q", np.array([[1, 3]], np.int8), quantization)
    flat = build.node(
        Reshape(), q, build.ints("shape", 2), name="flat", quantization=quantization
    )
    real = build.node(Dequantize(), flat)
    better, _ = apply(
        build.model(build.node(Add(), build.given(2), real)), FOLD_CONSTANTS
    )
    np.testing.assert_array_equal(better.main.nodes[0].input(1).data, [0.0, 1.0])
