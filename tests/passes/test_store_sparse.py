"""Constants without their zeros: which are stored so, and who runs the file."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

import gossamer
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ops import (
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Gather,
    Reshape,
    Tanh,
    TransposeConv,
)
from gossamer.passes.base import run
from gossamer.passes.store_sparse import STORE_ALL_SPARSE, STORE_SPARSE
from tests.passes.graphs import Graph, apply, names, untouched
from tests.quantization import judge

ENGINES = (OpResolverType.AUTO, OpResolverType.BUILTIN_REF)


def pruned(build, name, *shape, zeros=0.8, block=1):
    values = build.rng.normal(size=shape).astype(np.float32)
    kept = build.rng.random((*shape[:-1], -(-shape[-1] // block))) >= zeros
    is_kept = np.repeat(kept, block, -1)[..., : shape[-1]]
    return build.constant(name, np.where(is_kept, values, np.float32(0)))


def network(zeros=0.8):
    """Convolutions of every kind and a dense layer, pruned."""
    build = Graph()
    x = build.given(1, 6, 6, 64)
    conv, one = Conv2D("same", 1, 1, "relu"), Conv2D("valid", 1, 1, "relu6")
    y = build.node(
        conv, x, pruned(build, "w3", 32, 3, 3, 64, zeros=zeros), build.floats("b3", 32)
    )
    y = build.node(
        DepthwiseConv2D("same", 1, 1, 8),
        y,
        pruned(build, "wd", 1, 3, 3, 256, zeros=zeros),
        build.floats("bd", 256),
    )
    y = build.node(
        one, y, pruned(build, "w1", 16, 1, 1, 256, zeros=zeros), build.floats("b1", 16)
    )
    sizes = build.ints("sizes", 1, 12, 12, 16)
    weights = pruned(build, "wt", 16, 5, 5, 16, zeros=zeros)
    y = build.node(TransposeConv("same", 2, 2), sizes, weights, y)
    y = build.node(Reshape((1, 2304)), y, build.ints("flat", 1, 2304))
    dense = pruned(build, "w", 20, 2304, zeros=zeros)
    y = build.node(FullyConnected(), y, dense, build.floats("b", 20))
    return build.model(build.node(Tanh(), y))


def pruned_layer(shape, block):
    """A layer on weights that are stored in blocks along the last axis."""
    build = Graph()
    weights = pruned(build, "w", *shape, zeros=0.9, block=block)
    given = build.given(*((1, 4, 4) if len(shape) == 4 else (2,)), shape[-1])
    op = Conv2D("same", 1, 1) if len(shape) == 4 else FullyConnected()
    y = build.node(op, given, weights, build.floats("b", shape[0]))
    return run(build.model(y), [STORE_SPARSE])


X = np.random.default_rng(3).uniform(-1, 1, (8, 6, 6, 64)).astype(np.float32)
STORED = {
    "float32": {"w3", "wd", "w1", "wt", "w"},
    "float16": {"w3", "wd", "w1", "w"},
    "weight_int8": {"w3", "wd", "w1", "w"},
    "dynamic": {"wd"},
    "int8": {"w3", "wd", "w1", "wt"},
    "int16x8": {"w3", "wd", "w1", "wt", "w"},
}
"""What LiteRT's default engine takes from a DENSIFY, by mode."""


def quantized(mode, sparse):
    needs = X if mode in ("int8", "int16x8") else None
    return gossamer.quantize(write(network()), mode, needs, sparse=sparse)


def stored(model):
    return {x.name.split("/")[0] for x in model.main.tensors if x.sparsity is not None}


@pytest.mark.parametrize("mode", STORED)
def test_litert_runs_every_mode(mode):
    dense, sparse = (quantized(mode, each) for each in ("never", "auto"))
    model = read(sparse)
    assert {name for name in STORED[mode] if name in stored(model)} == STORED[mode]
    assert not stored(read(dense))
    sample = {"x": X[:1]}
    for engine in ENGINES:
        wanted, found = (
            judge.litert(each, sample, engine)[0] for each in (read(dense), model)
        )
        assert (found == wanted).all()
    for wanted, found in zip(
        judge.ours(read(dense), sample), judge.ours(model, sample), strict=True
    ):
        assert (found == wanted).all()


@pytest.mark.parametrize("mode", STORED)
def test_asked_for_all_are_stored_and_the_reference_kernels_run_them(mode):
    model = read(quantized(mode, "always"))
    assert len(stored(model)) == 5
    sample = {"x": X[:1]}
    dense = read(quantized(mode, "never"))
    wanted, found = (judge.litert(each, sample)[0] for each in (dense, model))
    assert (found == wanted).all()


@pytest.mark.parametrize("mode", ["float32", "int8"])
def test_the_interpreter_gives_what_it_gives_of_the_dense_file(mode):
    results = []
    for sparse in ("always", "never"):
        interpreter = gossamer.Interpreter(model_content=quantized(mode, sparse))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], X[:1])
        interpreter.invoke()
        output = interpreter.get_output_details()[0]["index"]
        results.append(interpreter.get_tensor(output))
    assert (results[0] == results[1]).all()


def test_four_fifths_of_zeros_leave_less_than_35_percent_of_the_file():
    dense, sparse = (quantized("float32", each) for each in ("never", "auto"))
    assert len(sparse) < 0.35 * len(dense)


def test_a_sparse_file_is_quantized_like_a_dense_one():
    content = quantized("float32", "auto")
    for mode in ("int8", "float16"):
        needs = X if mode == "int8" else None
        again = gossamer.quantize(content, mode, needs, sparse="never")
        assert again == quantized(mode, "never")


def test_one_operator_serves_all_readers():
    build = Graph()
    weights = pruned(build, "w", 64, 64)
    x = build.given(2, 64)
    y = build.node(FullyConnected(), x, weights, None)
    y = build.node(FullyConnected(), y, weights, None)
    better, log = apply(build.model(y), STORE_SPARSE)
    assert names(better) == ["DENSIFY", "FULLY_CONNECTED", "FULLY_CONNECTED"]
    assert len(log.done()) == 1


def test_rows_of_a_table():
    build = Graph()
    rows = build.ints("rows", 3, 1, 4)
    table = pruned(build, "table", 100, 50)
    y = build.node(Gather(), table, rows)
    y = build.node(Tanh(), y)
    better, _ = apply(build.model(y), STORE_SPARSE)
    assert names(better) == ["DENSIFY", "GATHER", "TANH"]


@pytest.mark.parametrize("zeros", [0.0, 0.2, 1.0])
def test_few_zeros_stay(zeros):
    build = Graph()
    weights = pruned(build, "w", 64, 64, zeros=zeros)
    model = build.model(build.node(FullyConnected(), build.given(2, 64), weights, None))
    if zeros < 0.5:
        assert all(
            "saves too little" in each for each in untouched(model, STORE_SPARSE)
        )
    else:
        better, _ = apply(model, STORE_SPARSE)
        assert names(better)[0] == "DENSIFY"
        assert judge.litert(better, {"x": np.ones((2, 64), np.float32)})[0].any() == 0


def test_small_constants_stay():
    build = Graph()
    weights = pruned(build, "w", 8, 16)
    model = build.model(build.node(FullyConnected(), build.given(2, 16), weights, None))
    assert untouched(model, STORE_SPARSE) == []


def test_constants_that_other_operators_read_stay():
    build = Graph()
    model = build.model(build.node(Tanh(), pruned(build, "w", 64, 64)))
    assert untouched(model, STORE_SPARSE) == []
    assert untouched(model, STORE_ALL_SPARSE) == []


def test_what_litert_would_not_run_stays_with_a_reason():
    better, log = apply(read(quantized("dynamic", "never")), STORE_SPARSE)
    assert stored(better) == {"wd"}
    reasons = sorted(str(event.reason) for event in log.declined())
    assert ["default engine" in each for each in reasons] == [False] + [True] * 3
    assert "behind a DEQUANTIZE in few operators" in reasons[0]
