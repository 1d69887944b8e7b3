"""Identities and unread nodes go; equal constants become one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.op import Custom
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    Add,
    Cast,
    Concatenation,
    Mean,
    Mul,
    Pad,
    ReduceMax,
    ReduceMin,
    ReduceProd,
    Relu,
    Reshape,
    Slice,
    Split,
    Squeeze,
    StridedSlice,
    Sub,
    Sum,
    Tile,
    Transpose,
)
from gossamer.passes.remove_dead import REMOVE_DEAD
from gossamer.passes.remove_identity import REMOVE_IDENTITY
from gossamer.passes.share_constants import SHARE_CONSTANTS
from tests.passes.graphs import Graph, apply, names, untouched


def reshape(build, x):
    return build.node(Reshape(), x, build.ints("shape", -1, 3))


def transpose(build, x):
    return build.node(Transpose(), x, build.ints("order", 0, 1))


def pad(build, x):
    return build.node(Pad(), x, build.constant("w", np.zeros((2, 2), np.int32)))


def cut(build, x):
    return build.node(Slice(), x, build.ints("at", 0, 0), build.ints("size", -1, -1))


def strided(build, x):
    places = (build.ints("b", 0, 0), build.ints("e", 9, 9), build.ints("s", 1, 1))
    return build.node(StridedSlice(), x, *places)


def tile(build, x):
    return build.node(Tile(), x, build.ints("times", 1, 1))


def split(build, x):
    return build.node(Split(1), build.ints("axis", 0), x)


def cast(build, x):
    return build.node(Cast(DType.FLOAT32, DType.FLOAT32), x)


def product(build, x):
    return build.node(Mul(), build.constant("one", np.ones(3, np.float32)), x)


def difference(build, x):
    return build.node(Sub(), x, build.constant("zero", np.float32(0)))


def concatenation(build, x):
    return build.node(Concatenation(0), x)


def squeeze(build, x):
    return build.node(Squeeze(), x)


IDENTITIES = (
    reshape,
    transpose,
    pad,
    cut,
    strided,
    tile,
    split,
    product,
    difference,
    cast,
    concatenation,
    squeeze,
)


@pytest.mark.parametrize("identity", IDENTITIES)
def test_an_identity_in_the_middle(identity):
    build = Graph()
    y = build.node(Relu(), build.given(2, 3))
    y = build.node(Add(), identity(build, y), y)
    better, _ = apply(build.model(y), REMOVE_IDENTITY)
    assert names(better) == ["RELU", "ADD"]


@pytest.mark.parametrize("identity", IDENTITIES)
def test_an_identity_at_the_end_leaves_the_output_its_name(identity):
    build = Graph()
    hidden = build.node(Relu(), build.given(2, 3))
    model = build.model(identity(build, hidden), build.node(Add(), hidden, hidden))
    better, _ = apply(model, REMOVE_IDENTITY)
    assert names(better) == ["RELU", "ADD"]
    assert better.main.nodes[0].output is model.main.outputs[0]


@pytest.mark.parametrize("kind", [Mean, Sum, ReduceMax, ReduceMin, ReduceProd])
@pytest.mark.parametrize("size", [1, 2])
def test_a_reduction_of_axes_of_size_one(kind, size):
    build = Graph()
    y = build.node(Relu(), build.given(2, 1, size, 3))
    y = build.node(kind(keep_dims=True), y, build.ints("axes", 1, 2))
    better, _ = apply(build.model(build.node(Add(), y, y)), REMOVE_IDENTITY)
    assert ("ADD" in names(better)[1:2]) == (size == 1)


def test_identities_in_a_row():
    build = Graph()
    y = build.node(Relu(), build.given(2, 3))
    for identity in IDENTITIES:
        y = identity(build, y)
    better, log = apply(build.model(y), REMOVE_IDENTITY)
    assert names(better) == ["RELU"]
    assert len(log.done()) == len(IDENTITIES)


def test_a_free_batch():
    build = Graph()
    y = build.node(Relu(), build.given(-1, 3))
    y = build.node(Reshape(), y, build.ints("shape", -1, 3))
    model = build.model(build.node(Relu(), y))
    better, _ = apply(model, REMOVE_IDENTITY)
    assert names(better) == ["RELU", "RELU"]


@pytest.mark.parametrize("identity", [pad, cut, tile])
def test_a_free_size_may_hide_a_change(identity):
    build = Graph()
    y = build.node(Relu(), build.given(-1, 3))
    assert untouched(build.model(identity(build, y)), REMOVE_IDENTITY) == []


def test_reversal_is_not_an_identity():
    build = Graph()
    x = build.given(2, 3)
    places = (build.ints("b", -1, -1), build.ints("e", -9, -9), build.ints("s", -1, -1))
    y = build.node(StridedSlice(), x, *places)
    assert untouched(build.model(y), REMOVE_IDENTITY) == []


def test_an_input_cannot_be_an_output():
    build = Graph()
    model = build.model(squeeze(build, build.given(2, 3)))
    assert "another name" in untouched(model, REMOVE_IDENTITY)[0]


def test_two_outputs_cannot_be_one():
    build = Graph()
    y = build.node(Relu(), build.given(2, 3))
    better, log = apply(build.model(squeeze(build, y), tile(build, y)), REMOVE_IDENTITY)
    assert len(better.main.nodes) == 2
    assert len(log.declined()) == 1


def test_another_scale_is_another_number():
    build = Graph()
    x = build.given(2, dtype=DType.INT8)
    x = replace(x, quantization=Quantization.per_tensor(0.5))
    y = build.node(Squeeze(), x, quantization=Quantization.per_tensor(0.25))
    z = build.node(Relu(), y, quantization=Quantization.per_tensor(0.25))
    nodes = build.finish([z]).nodes
    model = Model((Subgraph("main", (x, y, z), (x,), (z,), nodes),))
    assert "scale" in untouched(model, REMOVE_IDENTITY)[0]


def test_what_nothing_reads_goes():
    build = Graph()
    x = build.given(2, 3)
    unread = build.node(Relu(), build.node(Add(), x, build.floats("c", 3)))
    model = build.model(build.node(Relu(), x))
    better, log = apply(model, REMOVE_DEAD)
    assert names(better) == ["RELU"]
    assert unread not in better.main.tensors
    assert len(better.main.tensors) == 2
    assert len(log.done()) == 2


def test_one_output_of_several_is_enough():
    build = Graph()
    halves = build.nodes(Split(2), build.ints("axis", 1), build.given(2, 4))
    assert untouched(build.model(halves[1]), REMOVE_DEAD) == []


def test_effects_stay():
    type_ = TensorType(DType.FLOAT32, (2,))
    x, y, z = Tensor("x", type_), Tensor("y", type_), Tensor("z", type_)
    state = Tensor("state", type_, is_variable=True)
    nodes = (
        Node(Custom("Beep"), (x,), (z,)),
        Node(Add(), (x, state), (Tensor("w", type_),)),
        Node(Relu(), (x,), (y,)),
    )
    model = Model((Subgraph("main", (x, y, z, state), (x,), (y,), nodes),))
    reasons = untouched(model, REMOVE_DEAD)
    assert len(reasons) == 2
    assert "variable" in reasons[0]
    assert "more than its outputs" in reasons[1]


def test_equal_constants_become_one():
    build = Graph()
    x = build.given(2)
    for name in ("a", "b", "c"):
        x = build.node(Add(), x, build.constant(name, np.ones(2, np.float32)))
    x = build.node(Add(), x, build.constant("d", np.ones((1, 2), np.float32)))
    x = build.node(Add(), x, build.constant("e", np.zeros(2, np.float32)))
    better, _ = apply(build.model(x), SHARE_CONSTANTS)
    assert [tensor.name for tensor in better.main.constants()] == ["a", "d", "e"]


def test_constants_that_only_look_alike():
    build = Graph()
    zeros = np.zeros(2, np.float32)
    x = build.node(Add(), build.given(2), build.constant("zero", zeros))
    x = build.node(Add(), x, build.constant("minus zero", -zeros))
    assert untouched(build.model(x), SHARE_CONSTANTS) == []


def test_other_scales_keep_constants_apart():
    build = Graph()
    same = np.ones(2, np.int8)
    a, b = (
        build.constant(name, same, Quantization.per_tensor(scale))
        for name, scale in (("a", 0.5), ("b", 0.25))
    )
    y = build.node(Add(), a, b, quantization=Quantization.per_tensor(1.0))
    assert untouched(build.model(y), SHARE_CONSTANTS) == []
