"""SPARSE_TO_DENSE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.types import DType
from gossamer.ops import SparseToDense
from tests.ops.contract import Case, Constant, Feed, check
from tests.ops.inputs import constant, feed, kinds, refused, shapes, tensor

PLACES = (
    (3, (), (5,)),
    ([1, 4, 0], (3,), (5,)),
    ([1, 4], (), (5,)),
    ([[0, 1], [2, 0]], (2,), (3, 2)),
    ([[0, 1, 2]], (), (1, 2, 3)),
    ([[0, 0, 1, 1], [1, 0, 0, 0]], (2,), (2, 1, 2, 2)),
    (np.zeros((0,)), (0,), (3,)),
)
CASES = [
    Case(
        SparseToDense(),
        (
            Feed(np.array(places, kind)),
            Constant(np.array(shape, kind)),
            feed(dtype, values, q),
            feed(dtype, (), q, seed=1),
        ),
        q,
        name=f"{places} {values} {shape}",
    )
    for dtype, q in kinds("float32", "int8", "uint8", "int32", "int64")
    for places, values, shape in PLACES
    for kind in (np.int32, np.int64)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_the_last_of_several_values_stays():
    one = np.float32(0)
    values = np.array([1, 2], np.float32)
    (y,) = SparseToDense().reference(np.array([1, 1]), np.array([2]), values, one)
    assert y.tolist() == [0, 2]


@pytest.mark.parametrize("index", [-1, 3])
def test_indices_are_checked(index):
    one = np.float32(1)
    with pytest.raises(GraphError, match=f"index {index}"):
        SparseToDense().reference(np.array([index]), np.array([3]), one, one)


def test_free_sizes_and_refusals():
    value = tensor(())
    free = tensor((2,), DType.INT32)
    assert shapes(SparseToDense(), constant([[0, 1]]), free, value, value) == [(-1, -1)]
    sizes = constant([3])
    refused(SparseToDense(), tensor((1,)), sizes, value, value, match="int32")
    refused(SparseToDense(), constant([1]), constant([-3]), value, value)
    refused(SparseToDense(), constant([1]), sizes, tensor((1, 1)), value)
    refused(SparseToDense(), constant([1]), sizes, value, tensor((2,)), match="single")
    other = tensor((), DType.INT8)
    refused(SparseToDense(), constant([1]), sizes, value, other, match="alike")
