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
    from gossamer.ir.graph import Subgraph, Tensor


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
    y = build.node(Add("relu"), y, build.constant("one", np.float32(0.25)))
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
    options = {"padding": "same", "stride_h": 1, "stride_w": 1}
    y = build.node(Conv2D(**options), x, w, build.constant("b", floats(18)))
    return build.finish([swish(build, y)])


def depthwise() -> Subgraph:
    build = Builder()
    x, w = given(build, "x", 2, 7, 6, 21), build.constant("w", floats(1, 3, 3, 21))
    options = {"padding": "same", "stride_h": 1, "stride_w": 1}
    op = DepthwiseConv2D(**options, depth_multiplier=1)
    y = swish(build, build.node(op, x, w, build.constant("b", floats(21))))
    return build.finish([build.node(Add(), y, given(build, "other", 2, 7, 6, 21))])


def attention() -> Subgraph:
    """Scores are scaled and masked; the mask has an element for each score."""
    build = Builder()
    q, k = given(build, "q", 2, 3, 19, 8), given(build, "k", 2, 3, 33, 8)
    y = build.node(BatchMatMul(adj_y=True), q, k)
    y = build.node(Mul(), y, build.constant("scale", np.float32(0.3)))
    return build.finish([build.node(Add(), y, given(build, "mask", 2, 3, 19, 33))])


def small_integers() -> Subgraph:
    build = Builder()
    types = TensorType(DType.INT8, (4, 50))
    x, z = (build.input(n, types, scale(0.02, 3)) for n in "xz")
    y = build.node(Add(), x, z, quantization=scale(0.03, -7))
    y = build.node(Mul(), y, x, quantization=scale(0.05, 1))
    return build.finish([build.node(Sub(), y, z, quantization=scale(0.06, 0))])


GRAPHS = [chain, dense, convolution, depthwise, attention, small_integers]


def run(executable: NativeExecutable, graph: Subgraph) -> np.ndarray:
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


@pytest.mark.parametrize("make", GRAPHS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", ["vnni", "avx2", "sse2"])
def test_joined_steps_give_the_same(make, name: str) -> None:
    graph = make()
    assert count(graph, name) < count(graph, name, keep_all=True)
    if name not in RUNNABLE:
        return
    target = RUNNABLE[name]
    joined = NativeExecutable(graph, {}, target=target)
    apart = NativeExecutable(graph, {}, target=target, keep_all=True)
    np.testing.assert_array_equal(run(joined, graph), run(apart, graph))


def steps_of(graph: Subgraph) -> list[str]:
    fixed, _ = specialize(graph, {})
    actions = lower(fixed, TARGETS["vnni"]).actions
    return [each.kernel.name for each in actions if isinstance(each, PlacedStep)]


def test_a_product_takes_what_follows() -> None:
    assert steps_of(dense()) == ["conv_f32"]
    assert steps_of(attention())[-1] == "batch_f32"
    assert steps_of(depthwise()) == ["depthwise_f32"]
    assert steps_of(chain()) == ["chain"]


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
