"""Sums of products: Keras's own answer against the converted file in LiteRT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer.errors import ConversionError
from tests.frontends.keras.compare import (
    assert_same,
    of_function,
    operators,
    sample,
)

ops = keras.ops
_KERNEL = np.random.default_rng(5).normal(0, 1, (4, 3, 5)).astype(np.float32)

# Equation, the operands' shapes behind the batch, and the operators expected.
PAIRS = {
    "batch of matrices": ("bij,bjk->bik", [(2, 3), (3, 4)], "BATCH_MATMUL"),
    "second turned": ("bij,bkj->bik", [(2, 3), (4, 3)], "BATCH_MATMUL"),
    "first turned": ("bji,bjk->bik", [(3, 2), (3, 4)], "BATCH_MATMUL"),
    "sides swapped": ("bij,bjk->bki", [(2, 3), (3, 4)], "BATCH_MATMUL"),
    "scores": (
        "bsnh,btnh->bnts",
        [(3, 2, 4), (5, 2, 4)],
        "TRANSPOSE TRANSPOSE BATCH_MATMUL",
    ),
    "context": (
        "bnts,bsnh->btnh",
        [(2, 5, 3), (3, 2, 4)],
        "TRANSPOSE BATCH_MATMUL TRANSPOSE",
    ),
    "two inner axes": (
        "bijk,bjkl->bil",
        [(2, 3, 4), (3, 4, 5)],
        "RESHAPE RESHAPE BATCH_MATMUL",
    ),
    "two own axes": (
        "bijk,bkl->bijl",
        [(2, 3, 4), (4, 5)],
        "RESHAPE BATCH_MATMUL RESHAPE",
    ),
    "a matrix and a vector": (
        "bij,bj->bi",
        [(3, 4), (4,)],
        "RESHAPE BATCH_MATMUL RESHAPE",
    ),
    "a dot product": ("bi,bi->b", [(4,), (4,)], "MUL SUM"),
    "a product of elements": ("bij,bij->bij", [(3, 4), (3, 4)], "MUL"),
    "an outer product": ("bi,bj->bij", [(3,), (4,)], "RESHAPE RESHAPE MUL"),
    "an axis that one sums": (
        "bijk,bjl->bil",
        [(2, 3, 4), (3, 5)],
        "SUM BATCH_MATMUL",
    ),
    "four leading axes": (
        "abcdij,abcdjk->abcdik",
        [(2, 3, 2, 2, 3), (2, 3, 2, 3, 4)],
        "RESHAPE RESHAPE BATCH_MATMUL RESHAPE",
    ),
    "dots": ("...ij,...jk", [(2, 3, 4), (2, 4, 5)], "BATCH_MATMUL"),
    "dots that broadcast": ("b...ij,bjk->b...ik", [(2, 3, 4), (4, 5)], None),
}


def _shapes(shapes, batch):
    return [(batch, *shape) for shape in shapes]


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("case", PAIRS.values(), ids=PAIRS.keys())
def test_two_operands(case, batch):
    equation, shapes, expected = case
    inputs = [keras.Input(batch_shape=shape) for shape in _shapes(shapes, batch)]
    model = keras.Model(inputs, ops.einsum(equation, *inputs))
    assert_same(model, *(sample(shape, seed=i) for i, shape in enumerate(shapes)))
    if expected is not None:
        assert operators(model) == expected.split()


CONSTANTS = {
    "last axis": ("btd,dnh->btnh", (6, 4), "FULLY_CONNECTED RESHAPE"),
    "two axes": ("btnh,nhd->btd", (6, 4, 3), "RESHAPE FULLY_CONNECTED"),
    "an axis in between": (
        "bdt,dnh->btnh",
        (4, 6),
        "TRANSPOSE FULLY_CONNECTED RESHAPE",
    ),
    "all axes": ("btnh,tnh->b", (4, 3, 5), "RESHAPE FULLY_CONNECTED RESHAPE"),
    "constant first": ("dnh,btd->btnh", (6, 4), "FULLY_CONNECTED RESHAPE"),
    "a batch axis": ("bnd,ndh->bnh", (4, 3), "TRANSPOSE BATCH_MATMUL TRANSPOSE"),
    "no inner axis": ("bij,ijk->bijk", (4, 3), "RESHAPE MUL"),
}


@pytest.mark.parametrize("case", CONSTANTS.values(), ids=CONSTANTS.keys())
def test_a_constant_operand(case):
    equation, shape, expected = case
    is_first = equation.index(",") == 3 and equation.startswith("dnh")

    def function(x):
        sides = (_KERNEL, x) if is_first else (x, _KERNEL)
        return ops.einsum(equation, *sides)

    model = of_function(function, shape)
    assert_same(model, sample(shape))
    assert operators(model) == expected.split()


OTHERS = {
    "transposed": (lambda x: ops.einsum("bij->bji", x), [(3, 4)]),
    "summed": (lambda x: ops.einsum("bij->b", x), [(3, 4)]),
    "diagonal": (lambda x: ops.einsum("bii->bi", x), [(4, 4)]),
    "trace": (lambda x: ops.einsum("bii->b", x), [(4, 4)]),
    "three operands": (
        lambda x, y, z: ops.einsum("bij,bjk,bkl->bil", x, y, z),
        [(2, 3), (3, 8), (8, 2)],
    ),
    "four operands": (
        lambda x, y, z: ops.einsum("bi,bj,bij,jk->bk", x, y, z, _KERNEL[:, :, 0]),
        [(3,), (4,), (3, 4)],
    ),
    "matmul": (ops.matmul, [(2, 3), (3, 4)]),
    "matmul of other ranks": (ops.matmul, [(5, 2, 3), (1, 3, 4)]),
    "matmul with a matrix": (
        lambda x: ops.matmul(x, _KERNEL[0]),
        [(2, 3)],
    ),
    "matmul with a vector": (lambda x: ops.matmul(x, _KERNEL[0, 0]), [(2, 5)]),
    "matmul of a vector": (lambda x: ops.matmul(_KERNEL[0, :, 0], x), [(3, 4)]),
    "matmul of a constant": (lambda x: ops.matmul(_KERNEL[:2], x), [(5, 2)]),
    "dot": (lambda x: ops.dot(x, _KERNEL), [(2, 3)]),
    "dot with a number": (lambda x: ops.dot(x, np.float32(3)), [(2, 3)]),
    "inner": (lambda x: ops.inner(x, _KERNEL), [(2, 5)]),
    "tensordot": (lambda x: ops.tensordot(x, _KERNEL, axes=2), [(2, 4, 3)]),
    "tensordot over named axes": (
        lambda x: ops.tensordot(x, _KERNEL, axes=([1, -1], [2, 0])),
        [(5, 2, 4)],
    ),
    "tensordot of two": (
        lambda x, y: ops.tensordot(x, y, axes=[[1, 2], [2, 1]])[:, :1],
        [(3, 4), (4, 3)],
    ),
}


@pytest.mark.parametrize("case", OTHERS.values(), ids=OTHERS.keys())
def test_other_products(case):
    function, shapes = case
    inputs = [keras.Input(shape, batch_size=2) for shape in shapes]
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], function(*inputs))
    assert_same(model, *(sample(shape, seed=i) for i, shape in enumerate(shapes)))


def test_products_of_flat_tensors():
    x, y = keras.Input((3, 2), batch_size=2), keras.Input((3, 2), batch_size=2)
    model = keras.Model([x, y], [ops.outer(x, y), ops.vdot(x, y)])
    assert_same(model, sample((3, 2)), sample((3, 2), seed=4))


def test_whole_numbers_are_multiplied_exactly():
    x = keras.Input((2, 3), dtype="int32")
    model = keras.Model(
        x, ops.einsum("bij,jk->bik", x, np.full((3, 2), 8193, np.int32))
    )
    large = np.full((2, 2, 3), 8193, np.int32)
    assert_same(model, large, tolerance=0)


def test_two_free_sizes_are_merged_at_run_time():
    x, y = keras.Input((None, 3, 4)), keras.Input((3, 4, None))
    model = keras.Model([x, y], ops.einsum("bijk,bjkl->bil", x, y))
    assert_same(model, sample((5, 3, 4)), sample((3, 4, 6)))


def test_a_diagonal_of_free_size_is_an_error():
    x = keras.Input((None, None))
    model = keras.Model(x, ops.einsum("bii->bi", x))
    with pytest.raises(ConversionError, match="diagonal of axes of free size"):
        operators(model)
