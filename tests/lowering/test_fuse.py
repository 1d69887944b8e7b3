"""Steps that are joined: which, and with the results that they have one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from gossamer.lowering.lower import lower
from gossamer.lowering.program import PlacedStep
from gossamer.lowering.specialize import specialize
from gossamer.ops import (
    Add,
    BatchMatMul,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Gelu,
    Logistic,
    Mul,
    Relu,
    Reshape,
    Softmax,
    Sub,
)
from gossamer.runtime.native import NativeExecutable
from tests.codegen.machines import RUNNABLE, TARGETS
from tests.ops.values import floats, integers, scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array


def given(build: Builder, name: str, *shape: int) -> Tensor:
    return build.input(name, TensorType(DType.FLOAT32, shape))


def swish(build: Builder, x: Tensor) -> Tensor:
    return build.node(Mul(), x, build.node(Logistic(), x))


def chain() -> Subgraph:
    """Rows, columns and single numbers meet values of the whole shape."""
    build = Builder()
    x, row = given(build, "x", 3, 5, 37), given(build, "row", 3, 5, 1)
    column = build.constant("column", floats(37))
    y = build.node(Sub(), build.node(Mul(), x, row), column)
    y = build.node(Add("relu"), y, build.constant("one", np.array(0.25, np.float32)))
    return build.finish([build.node(Mul(), y, x)])


def dense() -> Subgraph:
    """The residual sum and its activation are seen in another shape."""
    build = Builder()
    x, other = given(build, "x", 9, 20), given(build, "other", 3, 3, 35)
    w = build.constant("w", floats(35, 20))
    y = build.node(FullyConnected(), x, w, build.constant("b", floats(35)))
    y = build.node(Reshape(), y, build.constant("s", np.array([3, 3, 35], np.int32)))
    y = build.node(Add(), y, other)
    return build.finish([build.node(Gelu(), y)])


def convolution() -> Subgraph:
    build = Builder()
    x, w = given(build, "x", 2, 7, 6, 8), build.constant("w", floats(18, 3, 3, 8))
    y = build.node(
        Conv2D(padding="same", stride_h=1, stride_w=1),
        x,
        w,
        build.constant("b", floats(18)),
    )
    return build.finish([swish(build, y)])


def depthwise() -> Subgraph:
    build = Builder()
    x, w = given(build, "x", 2, 7, 6, 21), build.constant("w", floats(1, 3, 3, 21))
    op = DepthwiseConv2D(padding="same", stride_h=1, stride_w=1, depth_multiplier=1)
    y = swish(build, build.node(op, x, w, build.constant("b", floats(21))))
    return build.finish([build.node(Add(), y, given(build, "other", 2, 7, 6, 21))])


def attention() -> Subgraph:
    """Scores are scaled and masked; the mask has an element for each score."""
    build = Builder()
    q, k = given(build, "q", 2, 3, 19, 8), given(build, "k", 2, 3, 33, 8)
    y = build.node(BatchMatMul(adj_y=True), q, k)
    y = build.node(Mul(), y, build.constant("scale", np.array(0.3, np.float32)))
    return build.finish([build.node(Add(), y, given(build, "mask", 2, 3, 19, 33))])


def small_integers() -> Subgraph:
    build = Builder()
    types = TensorType(DType.INT8, (4, 50))
    x, z = (build.input(n, types, scale(0.02, 3)) for n in "xz")
    y = build.node(Add(), x, z, quantization=scale(0.03, -7))
    y = build.node(Mul(), y, x, quantization=scale(0.05, 1))
    return build.finish([build.node(Sub(), y, z, quantization=scale(0.06, 0))])


def small_weights(build: Builder, name: str, *shape: int) -> Tensor:
    """Beside them float inputs are quantized as they come."""
    return build.constant(name, integers(np.int8, *shape), scale(0.02, 0))


def hybrid_dense() -> Subgraph:
    """Two products of one input; the second has a residual sum behind it."""
    build = Builder()
    x = given(build, "x", 40, 70)
    v, w = (small_weights(build, n, 35, 70) for n in "vw")
    bias = build.constant("b", floats(35))
    y = build.node(Gelu(), build.node(FullyConnected(), x, v, bias))
    return build.finish([build.node(Add(), build.node(FullyConnected(), x, w), y)])


def hybrid_convolution(images: int = 1) -> Subgraph:
    build = Builder()
    x, w = given(build, "x", images, 9, 8, 24), small_weights(build, "w", 40, 3, 3, 24)
    op = Conv2D(padding="same", stride_h=1, stride_w=1)
    y = swish(build, build.node(op, x, w, build.constant("b", floats(40))))
    return build.finish([build.node(Add(), y, given(build, "z", images, 9, 8, 40))])


def hybrid_images() -> Subgraph:
    """Each image has a scale of its own."""
    return hybrid_convolution(3)


def hybrid_depthwise() -> Subgraph:
    build = Builder()
    x, w = given(build, "x", 2, 7, 6, 21), small_weights(build, "w", 1, 3, 3, 21)
    op = DepthwiseConv2D(padding="same", stride_h=1, stride_w=1, depth_multiplier=1)
    y = swish(build, build.node(op, x, w, build.constant("b", floats(21))))
    return build.finish([build.node(Add(), y, given(build, "z", 2, 7, 6, 21))])


HYBRID = [hybrid_dense, hybrid_convolution, hybrid_images, hybrid_depthwise]
GRAPHS = [chain, dense, convolution, depthwise, attention, small_integers, *HYBRID]


def run(executable: NativeExecutable, graph: Subgraph) -> Array:
    for seed, tensor in enumerate(graph.inputs):
        view = executable.view(tensor)
        assert view is not None
        is_float = tensor.dtype is DType.FLOAT32
        draw = floats(*tensor.shape, seed=seed)
        view[...] = draw if is_float else integers(np.int8, *tensor.shape, seed=seed)
    executable.invoke()
    found = executable.view(graph.outputs[0])
    assert found is not None
    return found.copy()


def count(graph: Subgraph, name: str, *, keep_all: bool = False) -> int:
    fixed, _ = specialize(graph, {}, keep_all=keep_all)
    actions = lower(fixed, TARGETS[name], keep_all=keep_all).actions
    return len([each for each in actions if isinstance(each, PlacedStep)])


@pytest.mark.parametrize("make", GRAPHS, ids=[make.__name__ for make in GRAPHS])
@pytest.mark.parametrize("name", ["amx", "vnni", "avx2", "sse2"])
def test_joined_steps_give_the_same(make: Callable[[], Subgraph], name: str) -> None:
    graph = make()
    assert count(graph, name) < count(graph, name, keep_all=True)
    if name not in RUNNABLE:
        return
    target = RUNNABLE[name]
    joined = NativeExecutable(graph, {}, target=target)
    apart = NativeExecutable(graph, {}, target=target, keep_all=True)
    np.testing.assert_array_equal(run(joined, graph), run(apart, graph))


def steps_of(graph: Subgraph, name: str = "vnni") -> list[str]:
    fixed, _ = specialize(graph, {})
    actions = lower(fixed, TARGETS[name]).actions
    return [each.kernel.name for each in actions if isinstance(each, PlacedStep)]


def test_a_product_takes_what_follows() -> None:
    assert steps_of(dense()) == ["conv_f32"]
    assert steps_of(attention())[-1] == "batch_f32"
    assert steps_of(depthwise()) == ["depthwise_f32"]
    assert steps_of(chain()) == ["chain"]


@pytest.mark.parametrize("name", ["amx", "vnni"])
def test_a_product_with_small_weights_takes_what_follows(name: str) -> None:
    assert steps_of(hybrid_images(), name) == ["quantize_items", "conv_hybrid"]
    found = steps_of(hybrid_depthwise(), name)
    assert found == ["quantize_items", "depthwise_hybrid"]


def test_what_is_read_elsewhere_stays() -> None:
    build = Builder()
    x = given(build, "x", 4, 9)
    y = build.node(Relu(), x)
    z = build.node(Gelu(), y)
    other = build.node(Softmax(1.0), y)
    assert len(steps_of(build.finish([z, other]))) == 3


def test_an_output_stays() -> None:
    build = Builder()
    y = build.node(Relu(), given(build, "x", 4, 9))
    assert len(steps_of(build.finish([y, build.node(Gelu(), y)]))) == 2


def test_smaller_values_are_not_computed_anew_for_each_element() -> None:
    build = Builder()
    x, row = given(build, "x", 4, 9), given(build, "row", 4, 1)
    y = build.node(Mul(), x, build.node(Logistic(), row))
    assert len(steps_of(build.finish([y]))) == 2
