"""Shapes that depend on data: the rest is compiled, and results are LiteRT's."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter as Judge

from gossamer.flatbuffer.write import write
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    Cast,
    FullyConnected,
    GatherNd,
    Greater,
    Mul,
    Relu,
    Reshape,
    Sum,
    Tanh,
    Where,
)
from gossamer.runtime.interpreter import Interpreter
from gossamer.runtime.staged import StagedExecutable
from tests.runtime.calls import floats, graph
from tests.runtime.models import executable_of
from tests.runtime.test_state import run

INT32 = DType.INT32


def positives():
    """2 tanh(W x) where it is positive, all of them and their sum; and W x itself."""
    weights = np.random.default_rng(1).normal(size=(12, 6)).astype(np.float32)

    def main(build, x):
        product = build.node(FullyConnected(), x, build.constant("w", weights), None)
        flat = build.node(Reshape((12,)), product, build.constant("s", np.int32([12])))
        where = build.node(Where(), build.node(Greater(), flat, build.number(0)))
        places = build.node(Cast(DType.INT64, INT32), where)
        found = build.node(GatherNd(), flat, places)
        twice = build.node(Mul(), build.node(Tanh(), found), build.number(2))
        axis = build.constant("axis", np.int32([0]))
        return [twice, build.node(Sum(True), twice, axis), build.node(Relu(), flat)]

    return Model((graph([floats(1, 6)], main),))


@pytest.fixture(scope="module")
def data():
    return write(positives())


def pair(data, **options):
    ours, judge = Interpreter(model_content=data, **options), Judge(model_content=data)
    ours.allocate_tensors()
    judge.allocate_tensors()
    return ours, judge


def inputs(count):
    rng = np.random.default_rng(7)
    none = [np.zeros((1, 6), np.float32)]
    return [*(rng.normal(size=(1, 6)).astype(np.float32) for _ in range(count)), *none]


@pytest.mark.parametrize("options", [{}, {"num_threads": 2}])
def test_results_are_litert_s_whatever_their_shape(data, options):
    ours, judge = pair(data, **options)
    sizes = set()
    for x in inputs(30):
        found, expected = run(ours, [x]), run(judge, [x])
        sizes.add(found[0].shape)
        for one, two in zip(found, expected, strict=True):
            assert one.shape == two.shape
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
    assert len(sizes) > 3


def test_only_what_depends_on_data_is_interpreted(data):
    ours, _ = pair(data)
    run(ours, [inputs(1)[0]])
    executable = executable_of(ours)
    assert isinstance(executable, StagedExecutable)
    stage = executable._first
    assert [node.op.name for _, node in stage.waiting] == ["WHERE"]
    (after,) = stage.following.values()
    assert not after.waiting
    assert not after.later
    assert "TANH" in {node.op.name for node in after.compiled.program.subgraph.nodes}


def test_a_few_sets_of_shapes_are_remembered(data):
    ours, _ = pair(data)
    for x in inputs(60):
        run(ours, [x])
    assert 1 < len(executable_of(ours)._first.following) <= 8


def test_another_input_shape_is_prepared_anew():
    def main(build, x):
        where = build.node(Where(), build.node(Greater(), x, build.number(0)))
        return [build.node(Cast(DType.INT64, INT32), where)]

    data = write(Model((graph([TensorType(DType.FLOAT32, (4,))], main),)))
    ours, judge = pair(data)
    for each in (ours, judge):
        each.resize_tensor_input(0, [9])
        each.allocate_tensors()
    x = np.arange(-4, 5, dtype=np.float32)
    np.testing.assert_array_equal(run(ours, [x])[0], run(judge, [x])[0])


def test_every_result_can_be_kept(data):
    _, judge = pair(data)
    kept = Interpreter(model_content=data, experimental_preserve_all_tensors=True)
    kept.allocate_tensors()
    x = inputs(1)[0]
    for one, two in zip(run(kept, [x]), run(judge, [x]), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
    names = {each["name"]: each["index"] for each in kept.get_tensor_details()}
    assert kept.get_tensor(names["where"]).shape[1] == 1
    assert kept.get_tensor(names["tanh"]).ndim == 1
