"""STRIDED_SLICE."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

from gossamer.errors import ExecutionError, GraphError
from gossamer.ir.types import DType
from gossamer.ops import StridedSlice
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import OPTIMIZED, Case, Feed, check_compiled, prepare
from tests.ops.inputs import constant, feed, ints, kinds, refused, shapes, tensor

SPECS = (
    ((4, 5), (1, 0), (3, 5), (1, 2), {}),
    ((4, 5), (-1, 4), (-5, 0), (-1, -2), {}),
    ((4, 5), (1, 2), (2, 5), (1, 1), {"shrink_axis_mask": 1}),
    ((4, 5), (-1, -2), (0, 0), (1, 1), {"shrink_axis_mask": 3}),
    ((4, 5), (1, 3), (2, 4), (1, 1), {"begin_mask": 1, "end_mask": 2}),
    ((4, 5), (1, 3), (2, 4), (-1, -1), {"begin_mask": 3, "end_mask": 3}),
    ((4, 5), (1,), (3,), (1,), {}),
    ((2, 3, 4), (0, 1), (0, 3), (1, 1), {"ellipsis_mask": 1}),
    (
        (2, 3, 4),
        (0, 0, 1),
        (0, 0, 3),
        (1, 1, 1),
        {"new_axis_mask": 1, "ellipsis_mask": 2},
    ),
    ((2, 3, 4), (1, 0, 1), (2, 0, 3), (1, 1, 1), {"new_axis_mask": 2}),
    (
        (2, 3, 4),
        (1, 0, 0, 1),
        (2, 0, 0, 3),
        (1, 1, 1, 1),
        {"new_axis_mask": 4, "ellipsis_mask": 2, "shrink_axis_mask": 8},
    ),
    ((2, 3, 4), (0, 0, 0), (1, 9, 9), (1, 1, 1), {"new_axis_mask": 4}),
    ((6, 5), (1, -3), (2, 2), (1, 1), {"offset": True}),
    ((6,), (-10,), (10,), (4,), {}),
    ((6,), (10,), (-10,), (-4,), {}),
    ((1, 7), (0, 0), (1, 7), (1, 3), {}),
    ((2, 2, 2, 2, 2), (0, 0, 1, 0, 0), (1, 2, 2, 2, 2), (1, 1, 1, 1, 1), {}),
)
# The reference set has no version that takes these.
NEW = {"ellipsis_mask", "new_axis_mask", "offset"}
CASES = [
    Case(
        StridedSlice(**masks),
        (feed(dtype, shape, q), ints(*begin), ints(*end), ints(*strides)),
        q,
        judge=OPTIMIZED if NEW & set(masks) else OpResolverType.BUILTIN_REF,
        name=f"{shape} {begin} {end} {strides} {masks}",
    )
    for dtype, q in kinds("float32", "int8", "int32", "bool")
    for shape, begin, end, strides, masks in SPECS
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def cut(shape, begin, end, strides, **masks):
    places = (constant(values) for values in (begin, end, strides))
    return shapes(StridedSlice(**masks), tensor(shape), *places)


def test_free_sizes():
    assert cut((-1, 5), [0, 1], [9, 3], [1, 1]) == [(-1, 2)]
    assert cut((-1, 5), [0, 1], [9, 3], [1, 1], shrink_axis_mask=1) == [(2,)]
    begin = tensor((2,), DType.INT32)
    ones, ends = constant([1, 1]), constant([2, 2])
    op = StridedSlice(begin_mask=1)
    assert shapes(op, tensor((4, 5)), begin, ends, ones) == [(2, -1)]


def test_refuses():
    x, one = tensor((4,)), constant([1])
    refused(StridedSlice(), x, one, one, constant([0]), match="stride is 0")
    refused(StridedSlice(), x, one, one, constant([1, 1]), match="not 1")
    pair = constant([1, 1])
    refused(StridedSlice(), x, pair, pair, pair, match="2 dimensions are sliced")
    refused(StridedSlice(ellipsis_mask=3), x, pair, pair, pair, match="ellipsis")
    far = constant([4])
    refused(StridedSlice(shrink_axis_mask=1), x, far, far, one, match="index 4")
    free = tensor((-1,), DType.INT32)
    refused(StridedSlice(), x, free, free, free, match="not known")


def test_index_from_data_is_checked():
    op = StridedSlice(shrink_axis_mask=1)
    with pytest.raises(GraphError, match="index -5"):
        op.reference(np.zeros(4), np.array([-5]), np.array([0]), np.array([1]))


LOOP = StridedSlice(begin_mask=2, end_mask=2, shrink_axis_mask=1)


@pytest.mark.parametrize("index", [0, 3, -1, -4])
@pytest.mark.parametrize("shape", [(4, 5), (4, 1, 37), (4, 2, 3, 2)])
def test_an_index_from_data_is_compiled(shape, index):
    x = feed(DType.FLOAT32, shape)
    begin = Feed(np.array([index, 0], np.int32))
    end = Feed(np.array([index + 1, 0], np.int32))
    check_compiled(Case(LOOP, (x, begin, end, ints(1, 1))))


@pytest.mark.parametrize("index", [4, -5, 2**31 - 1])
def test_an_index_from_data_is_checked(index):
    begin, end = (Feed(np.array([0, 0], np.int32)) for _ in range(2))
    run = prepare(Case(LOOP, (feed(DType.FLOAT32, (4, 5)), begin, end, ints(1, 1))))
    executable = NativeExecutable(run.model.main, {})
    assert not executable.program.interpreted
    executable.view(run.model.main.inputs[1])[...] = (index, 0)
    with pytest.raises(ExecutionError, match="outside the input"):
        executable.invoke()
