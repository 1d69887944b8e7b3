"""DENSIFY, and sparse constants that operators read directly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

from gossamer.errors import GraphError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.evaluate import evaluate
from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.sparse import dense_data
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Densify, FullyConnected
from gossamer.runtime.interpreter import Interpreter
from tests.ops.contract import STAGES, Case, Run
from tests.ops.sparse import sparse_tensor
from tests.ops.values import bias, feed, floats, scale, weights

if TYPE_CHECKING:
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Array

Layout = tuple[tuple[int, ...], tuple[bool, ...], tuple[tuple[int, int], ...]]


def scattered(shape: tuple[int, ...], dtype: type[np.generic], zeros: float) -> Array:
    """Whole numbers, a share of them zero."""
    rng = np.random.default_rng([*shape, int(zeros * 100)])
    drawn = rng.integers(1, 100, shape) * (rng.random(shape) >= zeros)
    return np.asarray(drawn, dtype)


LAYOUTS: list[tuple[tuple[int, ...], Layout]] = [
    ((6, 8), ((0, 1), (False, True), ())),
    ((6, 8), ((1, 0), (False, True), ())),
    ((6, 8), ((0, 1), (True, True), ())),
    ((6, 8), ((0, 1, 2), (False, True, False), ((1, 4),))),
    ((6, 8), ((0, 1, 2, 3), (False, True, False, False), ((0, 2), (1, 4)))),
    ((6, 8), ((1, 0, 3, 2), (False, True, False, False), ((0, 2), (1, 4)))),
    ((5, 1, 1, 7), ((0, 1, 2, 3), (False, False, False, True), ())),
    ((4, 3, 2, 8), ((0, 1, 2, 3, 4), (False, True, True, True, False), ((3, 4),))),
    ((1, 1), ((0, 1), (False, True), ())),
]


@pytest.mark.parametrize("zeros", [0.0, 0.8, 1.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8])
@pytest.mark.parametrize(("shape", "layout"), LAYOUTS, ids=str)
def test_contract(
    shape: tuple[int, ...], layout: Layout, dtype: type[np.generic], zeros: float
) -> None:
    array = scattered(shape, dtype, zeros)
    x = sparse_tensor(array, *layout)
    y = Tensor("y", TensorType(x.dtype, shape))
    node = Node(Densify(), (x,), (y,))
    graph = Subgraph("main", (x, y), (), (y,), (node,))
    # LiteRT refuses buffers without a byte, which is what all zeros leave.
    judged = STAGES if x.data is not None and x.data.size else ()
    run = Run(Case(Densify(), ()), Model((graph,)), {}, evaluate(graph, {}))
    assert (run.values[y] == array).all()
    for stage in judged:
        stage(run)


def dense_layer(x: Array, sparse: Tensor, added: Tensor | None, q: Quantization | None):
    """A FULLY_CONNECTED whose weights are stored sparse."""
    given = feed(np.int8, x.shape, scale(0.02, -3)) if q else None
    first = Tensor(
        "x",
        TensorType(DType.INT8 if q else DType.FLOAT32, x.shape),
        quantization=given.quantization if given else None,
    )
    y = Tensor("y", TensorType(first.dtype, (len(x), sparse.shape[0])), quantization=q)
    node = Node(FullyConnected(), (first, sparse, added), (y,))
    tensors = tuple(t for t in (first, sparse, added, y) if t is not None)
    graph = Subgraph("main", tensors, (first,), (y,), (node,))
    feeds = {first: given.array if given else x}
    judge = OpResolverType.BUILTIN_REF
    case = Case(FullyConnected(), (), judge=judge)
    return Run(case, Model((graph,)), feeds, evaluate(graph, feeds))


FLOAT_LAYOUTS: list[Layout] = [
    ((0, 1), (False, True), ()),
    ((0, 1, 2), (False, True, False), ((1, 4),)),
]


@pytest.mark.parametrize("layout", FLOAT_LAYOUTS, ids=str)
@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("has_bias", [False, True])
def test_dense_layers_of_sparse_floats(
    layout: Layout, rows: int, *, has_bias: bool
) -> None:
    array = floats(12, 32) * (scattered((12, 32), np.float32, 0.75) != 0)
    added = None
    if has_bias:
        added = Tensor("b", TensorType(DType.FLOAT32, (12,)), floats(12))
    run = dense_layer(floats(rows, 32), sparse_tensor(array, *layout), added, None)
    for stage in STAGES:
        stage(run)


def test_dense_layers_of_sparse_int8() -> None:
    """LiteRT takes blocks of sixteen, and requantizes as its optimized kernels do.

    The meaning is that of the dense layer.
    """
    given = weights((12, 64), 0)
    block = np.repeat(scattered((12, 4), np.int8, 0.5) != 0, 16, axis=1)
    array = np.asarray(given.array * block, np.int8)
    layout = ((0, 1, 2), (False, True, False), ((1, 16),))
    sparse = sparse_tensor(array, *layout, given.quantization)
    added = bias(0.02, given, 12, np.int32)
    kept = Tensor("b", TensorType(DType.INT32, (12,)), added.array, added.quantization)
    run = dense_layer(np.zeros((4, 64), np.int8), sparse, kept, scale(0.5, 4))
    for stage in STAGES:
        if stage.__name__ != "litert_agrees":
            stage(run)
    dense = replace(sparse, data=array, sparsity=None)
    other = dense_layer(np.zeros((4, 64), np.int8), dense, kept, scale(0.5, 4))
    (y,), (z,) = ([each.values[each.node.output]] for each in (run, other))
    assert (y == z).all()


def test_the_interpreter_densifies() -> None:
    array = scattered((6, 8), np.float32, 0.7)
    x = sparse_tensor(array, (0, 1), (False, True))
    y = Tensor("y", TensorType(DType.FLOAT32, (6, 8)))
    graph = Subgraph("main", (x, y), (), (y,), (Node(Densify(), (x,), (y,)),))
    file = write(Model((graph,)))
    assert read(file).main.tensors[0].sparsity == x.sparsity
    interpreter = Interpreter(model_content=file)
    interpreter.allocate_tensors()
    interpreter.invoke()
    assert (interpreter.get_tensor(1) == array).all()


def test_a_sparsity_that_does_not_fit_is_refused() -> None:
    x = sparse_tensor(scattered((6, 8), np.float32, 0.5), (0, 1), (False, True))
    assert x.data is not None
    assert x.sparsity is not None
    rows, columns = x.sparsity.dimensions
    beyond = replace(columns, indices=(*(columns.indices or ())[:-1], 8))
    fewer = replace(x, data=x.data[:-1])
    other = replace(x, sparsity=replace(x.sparsity, dimensions=(rows, beyond)))
    for wrong in (fewer, other):
        with pytest.raises(GraphError, match="sparsity of tensor 'sparse'"):
            dense_data(wrong)
