"""Rows of 8-bit operators that become one table: which, and with the same results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from gossamer.lowering.lower import lower
from gossamer.lowering.program import PlacedStep
from gossamer.lowering.specialize import specialize
from gossamer.ops import Add, Div, Logistic, Mul, Quantize, Relu, Tanh
from gossamer.runtime.native import NativeExecutable
from tests.codegen.machines import RUNNABLE, TARGETS
from tests.ops.values import integers, scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array

CURVE = scale(1 / 256, -128)


def given(build: Builder, *shape: int, dtype: DType = DType.INT8) -> Tensor:
    return build.input("x", TensorType(dtype, shape), scale(0.04, 5))


def swish(build: Builder, x: Tensor) -> Tensor:
    gate = build.node(Logistic(), x, quantization=CURVE)
    return build.node(Mul(), x, gate, quantization=scale(0.03, -100))


def one() -> Subgraph:
    build = Builder()
    return build.finish([swish(build, given(build, 3, 5, 37))])


def row() -> Subgraph:
    """A constant number, another scale, and a clamp on the way."""
    build = Builder()
    number = build.constant("c", np.array([[7]], np.int8), scale(0.5, 1))
    y = build.node(Relu(), given(build, 2, 70), quantization=scale(0.03, -128))
    y = build.node(Quantize(), y, quantization=scale(0.1, 0))
    y = build.node(Add(), y, number, quantization=scale(0.08, -9))
    return build.finish([swish(build, y)])


def branches() -> Subgraph:
    """Two curves of one source meet; both are read nowhere else."""
    build = Builder()
    x = given(build, 131)
    left = build.node(Tanh(), x, quantization=scale(1 / 128, 0))
    right = build.node(Logistic(), x, quantization=CURVE)
    return build.finish([build.node(Add(), left, right, quantization=scale(0.02, 3))])


GRAPHS = [one, row, branches]


def kernels(graph: Subgraph, name: str = "vnni") -> list[str]:
    fixed, _ = specialize(graph, {})
    actions = lower(fixed, TARGETS[name]).actions
    return [each.kernel.name for each in actions if isinstance(each, PlacedStep)]


@pytest.mark.parametrize("make", GRAPHS, ids=[make.__name__ for make in GRAPHS])
@pytest.mark.parametrize("name", ["vnni", "avx2", "sse2"])
def test_a_table_gives_the_same(make: Callable[[], Subgraph], name: str) -> None:
    graph = make()
    assert len(kernels(graph, name)) == 1
    if name not in RUNNABLE:
        return
    (x,), (y,) = graph.inputs, graph.outputs
    found: list[Array] = []
    for keep_all in (False, True):
        executable = NativeExecutable(
            graph, {}, target=RUNNABLE[name], keep_all=keep_all
        )
        view = executable.view(x)
        assert view is not None
        view[...] = integers(np.int8, *x.shape)
        executable.invoke()
        result = executable.view(y)
        assert result is not None
        found.append(result.copy())
    assert len(np.unique(found[0])) > 2
    np.testing.assert_array_equal(found[0], found[1])


def test_what_is_read_elsewhere_stays() -> None:
    build = Builder()
    y = build.node(Relu(), given(build, 4, 9), quantization=scale(0.02, -128))
    curve = build.node(Tanh(), y, quantization=scale(1 / 128, 0))
    graph = build.finish([build.node(Mul(), curve, curve, quantization=CURVE), y])
    assert kernels(graph) == ["byte_table", "byte_table"]


def test_two_sources_are_no_table() -> None:
    build = Builder()
    x = given(build, 4, 9)
    other = build.input("other", TensorType(DType.INT8, (4, 9)), scale(0.02, 0))
    gate = build.node(Logistic(), other, quantization=CURVE)
    graph = build.finish([build.node(Mul(), x, gate, quantization=scale(0.03, 0))])
    assert kernels(graph) == ["byte_table", "mul"]


def test_smaller_values_are_not_computed_anew_for_each_element() -> None:
    build = Builder()
    x = given(build, 4, 9)
    vector = build.constant("c", integers(np.int8, 9), scale(0.02, 0))
    y = build.node(Add(), x, vector, quantization=scale(0.03, 0))
    assert kernels(build.finish([swish(build, y)])) == ["add", "byte_table"]


def test_wider_numbers_are_no_table() -> None:
    build = Builder()
    x = build.input("x", TensorType(DType.INT16, (4, 9)), scale(0.02, 0))
    gate = build.node(Logistic(), x, quantization=scale(1 / 32768, 0))
    graph = build.finish([build.node(Mul(), x, gate, quantization=scale(0.03, 0))])
    assert len(kernels(graph)) == 2


def test_what_may_fail_is_done_in_its_place() -> None:
    build = Builder()
    x = given(build, 4, 9, dtype=DType.UINT8)
    y = build.node(Div(), x, x, quantization=scale(0.03, 0))
    fixed, _ = specialize(build.finish([y]), {})
    assert not isinstance(lower(fixed, TARGETS["vnni"]).actions[0], PlacedStep)
