"""FULLY_CONNECTED with a scale per block of int4 weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ir.evaluate import evaluate
from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.quantization import Blockwise, Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ops import FullyConnected
from gossamer.ops.blockwise import blockwise_weights
from tests.ops.contract import OPTIMIZED, STAGES, Case, Run
from tests.ops.values import floats


def layer(
    rows: int,
    columns: int,
    depth: int,
    block: int,
    op: FullyConnected,
    *,
    has_bias: bool = True,
) -> Run:
    """LiteRT runs blocks in its optimized kernel, and there without an activation."""
    rng = np.random.default_rng([rows, columns, depth, block])
    real = rng.uniform(0.01, 0.1, (columns, depth // block)).astype(np.float16)
    scales = Tensor("s", TensorType(DType.FLOAT16, real.shape), real)
    drawn = rng.integers(-8, 8, (columns, depth)).astype(np.int8)
    blocks = Quantization(blockwise=Blockwise(scales, None, block))
    type_ = TensorType(DType.INT4, drawn.shape)
    weights = Tensor("w", type_, drawn, blocks)
    x = Tensor("x", TensorType(DType.FLOAT32, (rows, depth)))
    y = Tensor("y", TensorType(DType.FLOAT32, (rows, columns)))
    bias = Tensor("b", TensorType(DType.FLOAT32, (columns,)), floats(columns))
    node = Node(op, (x, weights, bias if has_bias else None), (y,))
    members = (x, weights, scales, bias, y)
    graph = Subgraph("main", members, (x,), (y,), (node,))
    feeds = {x: floats(rows, depth)}
    case = Case(op, (), judge=OPTIMIZED)
    return Run(case, Model((graph,)), feeds, evaluate(graph, feeds))


@pytest.mark.parametrize(
    ("rows", "columns", "depth", "block"),
    [
        (1, 4, 32, 32),
        (3, 8, 64, 32),
        (5, 17, 128, 32),
        (1, 33, 256, 64),
        (2, 16, 256, 256),
    ],
)
@pytest.mark.parametrize("has_bias", [False, True])
def test_contract(
    rows: int, columns: int, depth: int, block: int, *, has_bias: bool
) -> None:
    run = layer(rows, columns, depth, block, FullyConnected(), has_bias=has_bias)
    for stage in STAGES:
        stage(run)


def test_the_activation_is_applied() -> None:
    run = layer(3, 8, 64, 32, FullyConnected("relu"))
    plain = layer(3, 8, 64, 32, FullyConnected())
    found, expected = (each.values[each.node.output] for each in (run, plain))
    assert (found == np.maximum(expected, 0)).all()


def test_blocks_that_are_not_rows_or_do_not_fit() -> None:
    weights = layer(1, 4, 32, 32, FullyConnected()).node.input(1)
    assert weights.data is not None
    assert weights.quantization is not None
    given = weights.quantization.blockwise
    assert given is not None
    for blocks, error in (
        (replace(given, block_size=5), GraphError),
        (replace(given, block_size=16), GraphError),
        (replace(given, scales=None), GraphError),
        (replace(given, block_shape=(2, 32)), UnsupportedError),
    ):
        changed = replace(weights, quantization=Quantization(blockwise=blocks))
        with pytest.raises(error):
            blockwise_weights(changed, weights.data)
