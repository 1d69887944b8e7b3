"""Specializing: shapes are fixed, what is known is folded, the rest of no use goes."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from gossamer.lowering.specialize import specialize
from gossamer.ops import Add, Fill, Mul, Neg, Relu, Reshape, Shape, Where


def floats(*shape: int) -> TensorType:
    return TensorType(DType.FLOAT32, shape)


def constant(build: Builder, *values: float, dtype=np.float32):
    return build.constant("c", np.array(values, dtype))


def test_what_depends_on_constants_only_is_folded() -> None:
    build = Builder()
    x = build.input("x", floats(3))
    two = build.node(Add(), constant(build, 1, 2, 3), constant(build, 1, 1, 1))
    graph = build.finish([build.node(Mul(), x, two)])
    fixed, moved = specialize(graph, {})
    assert [node.op.name for node in fixed.nodes] == ["MUL"]
    assert moved[two].data is not None
    assert moved[two].data.tolist() == [2, 3, 4]
    assert fixed.nodes[0].inputs[1] is moved[two]


def test_the_shape_of_an_input_is_known_without_its_data() -> None:
    build = Builder()
    x = build.input("x", floats(-1, 3))
    shape = build.node(Shape(DType.INT32), x)
    made = build.node(Fill(), shape, build.constant("v", np.float32(7)))
    graph = build.finish([made])
    fixed, moved = specialize(graph, {x: (5, 3)})
    assert fixed.nodes == ()
    assert moved[made].data is not None
    assert (moved[made].data == np.full((5, 3), 7, np.float32)).all()


def test_new_shapes_reach_every_tensor() -> None:
    build = Builder()
    x = build.input("x", floats(-1, 4))
    y = build.node(Relu(), x)
    z = build.node(Reshape(), y, constant(build, -1, 2, dtype=np.int32))
    graph = build.finish([z])
    fixed, moved = specialize(graph, {x: (6, 4)})
    assert moved[x].shape == fixed.inputs[0].shape == (6, 4)
    assert moved[y].shape == (6, 4)
    assert fixed.outputs[0].shape == (12, 2)
    assert fixed.outputs[0].signature is None


def test_without_new_shapes_those_of_the_file_hold() -> None:
    build = Builder()
    x = build.input("x", floats(2, 4))
    fixed, _ = specialize(build.finish([build.node(Relu(), x)]), {})
    assert fixed.outputs[0].shape == (2, 4)


def test_nodes_of_no_use_go_unless_all_are_kept() -> None:
    build = Builder()
    x = build.input("x", floats(4))
    used = build.node(Relu(), x)
    unused = build.node(Neg(), build.node(Neg(), x))
    graph = build.finish([used])
    fixed, _ = specialize(graph, {})
    assert [node.op.name for node in fixed.nodes] == ["RELU"]
    kept, moved = specialize(graph, {}, keep_all=True)
    assert [node.op.name for node in kept.nodes] == ["RELU", "NEG", "NEG"]
    assert moved[unused] in kept.tensors


def test_shapes_that_do_not_fit_are_refused() -> None:
    build = Builder()
    x = build.input("x", floats(-1, 4))
    graph = build.finish([build.node(Add(), x, constant(build, 1, 2, 3, 4))])
    with pytest.raises(GraphError, match="ADD"):
        specialize(graph, {x: (2, 5)})


def test_a_shape_that_depends_on_data_is_refused() -> None:
    build = Builder()
    x = build.input("x", TensorType(DType.BOOL, (4,)))
    graph = build.finish([build.node(Where(), x)])
    with pytest.raises(UnsupportedError, match="depends on data"):
        specialize(graph, {})


def test_the_graph_that_was_given_stays_as_it_was() -> None:
    build = Builder()
    x = build.input("x", floats(-1, 4))
    graph = build.finish([build.node(Relu(), x)])
    specialize(graph, {x: (9, 4)})
    assert graph.inputs == (x,)
    assert x.shape == (1, 4)
