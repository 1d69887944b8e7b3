"""EMBEDDING_LOOKUP, HASHTABLE_LOOKUP."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import ExecutionError
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.ops import EmbeddingLookup, HashtableLookup
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import Case, Constant, Feed, check, check_compiled, prepare
from tests.ops.inputs import constant, feed, refused, shapes, tensor

SHAPES = ((5, 3), (1, 1), (4, 2, 3), (7, 40), (3, 1, 1, 5))
SCALE = Quantization.per_tensor(0.037, 0)


def rows(*values):
    return Feed(np.array(values, np.int32))


def table(dtype, shape, q):
    limits = (-8, 7) if dtype is DType.INT4 else (-128, 127)
    drawn = np.random.default_rng(shape).integers(*limits, shape, endpoint=True)
    return Constant(drawn.astype(dtype.numpy), q, dtype)


CASES = [
    Case(EmbeddingLookup(), (rows(0, shape[0] - 1, 0), feed(DType.FLOAT32, shape)))
    for shape in SHAPES
]
CASES += [
    Case(EmbeddingLookup(), (rows(0, shape[0] - 1, 0), table(dtype, shape, SCALE)))
    for dtype in (DType.INT8, DType.INT4)
    for shape in SHAPES
]
CASES += [Case(EmbeddingLookup(), (rows(), feed(DType.FLOAT32, (3, 2))))]
HITS = [
    Case(
        HashtableLookup(),
        (
            rows(*wanted),
            Constant(np.array(keys, np.int32)),
            feed(dtype, (len(keys), *row)),
        ),
        name=f"{wanted} {keys} {row}",
    )
    for dtype in (DType.FLOAT32, DType.INT32, DType.INT8)
    for wanted, keys, row in (
        ((1234, -292, -11, 0), (-11, 0, 1234), (2,)),
        ((5,), (5,), ()),
        ((4, 6), (5,), (3,)),
        ((7, 7, 7), (1, 7), (2, 3)),
        ((-3,), (-3, -2, -1, 0), (40,)),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("case", HITS, ids=str)
def test_contract_of_keys(case):
    check(case)


@pytest.mark.parametrize("index", [-1, 4, 2**31 - 1])
@pytest.mark.parametrize("given", [Feed(np.ones((4, 2), np.float32)), None])
def test_rows_are_checked(index, given):
    given = given or table(DType.INT8, (4, 2), SCALE)
    run = prepare(Case(EmbeddingLookup(), (rows(3), given)))
    executable = NativeExecutable(run.model.main, {})
    executable.view(run.model.main.inputs[0])[...] = index
    with pytest.raises(ExecutionError, match=f"index {index} is outside"):
        executable.invoke()


def test_a_scale_for_each_row():
    """LiteRT's kernel takes the first scale for all; here each row has its own."""
    steps = np.array([0.5, 2.0, 3.0], np.float32)
    given = table(DType.INT8, (3, 5), Quantization.per_channel(steps, 0))
    run = prepare(Case(EmbeddingLookup(), (rows(2, 1, 1), given)))
    (y,) = (run.values[tensor] for tensor in run.node.outputs)
    expected = (given.array * steps[:, None])[[2, 1, 1]]
    np.testing.assert_allclose(y, expected, rtol=1e-6)


def test_free_sizes_and_refusals():
    free = tensor((-1,), DType.INT32)
    assert shapes(EmbeddingLookup(), free, tensor((4, 2))) == [(-1, 2)]
    refused(EmbeddingLookup(), tensor((3,)), tensor((4, 2)), match="vector of int32")
    refused(EmbeddingLookup(), constant([1]), tensor((4,)), match="less than 2")
    keys = tensor((3,), DType.INT32)
    refused(HashtableLookup(), keys, keys, tensor((4, 2)), match="differ")
