from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.types import DType
from gossamer.ops import StablehloGather
from tests.ops.contract import Case, Constant, Feed, check
from tests.ops.inputs import refused, shapes, tensor

TYPES = (
    *("int8", "uint8", "bool", "int16", "float16", "int32"),
    *("float32", "int64", "float64", "uint16", "uint32"),
)
ROWS = (
    # shape, index shape, op
    ((5,), (3, 1), StablehloGather((), (0,), (0,), 1, (1,))),
    ((5, 4), (3, 1), StablehloGather((1,), (0,), (0,), 1, (1, 4))),
    ((5, 4), (3, 2), StablehloGather((0, 2), (), (1, 0), 1, (2, 3))),
    (
        (3, 4, 2),
        (2, 3, 2),
        StablehloGather((2, 3), (0,), (1, 0), 2, (1, 2, 2)),
    ),
    ((4, 3), (2, 5), StablehloGather((0,), (1,), (0, 1), 0, (2, 1))),
    ((1, 6), (1, 2), StablehloGather((1,), (0,), (0, 1), 1, (1, 1), True)),
    ((3, 4), (0, 2), StablehloGather((1, 2), (), (0, 1), 1, (1, 2))),
    ((3, 4), (2, 2), StablehloGather((1, 2), (), (0, 1), 1, (0, 2))),
)


def case(dtype, index_dtype, row, kind):
    """Indices below 0 and beyond the end are among them; slices move inside."""
    shape, index_shape, op = row
    rng = np.random.default_rng([len(shape), *index_shape])
    x = np.asarray(rng.integers(0, 100, shape), dtype)
    indices = np.asarray(rng.integers(-3, 9, index_shape), index_dtype)
    return Case(
        op, (Feed(x), kind(indices)), name=f"{shape}-{index_shape}-{index_dtype}"
    )


CASES = [
    *(case(dtype, "int32", row, Feed) for dtype in TYPES for row in ROWS),
    *(case("float32", "int64", row, Constant) for row in ROWS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


def test_an_index_may_be_a_single_number():
    """`index_vector_dim` behind the last: LiteRT then reads beyond the shape."""
    op = StablehloGather((1,), (0,), (0,), 1, (1, 2))
    x = np.arange(10).reshape(5, 2)
    (found,) = op.reference(x, np.array([4, 0, 9]))
    assert found.tolist() == [[8, 9], [0, 1], [8, 9]]
    assert shapes(op, tensor((5, 2)), tensor((3,), DType.INT32)) == [(3, 2)]


@pytest.mark.parametrize(
    ("op", "match"),
    [
        (StablehloGather((1,), (0,), (0,), 1, (1,)), "1 slice sizes"),
        (StablehloGather((1,), (0,), (0,), 1, (1, 5)), "slice of 5"),
        (StablehloGather((1,), (0,), (0,), 1, (1, -1)), "slice of -1"),
        (StablehloGather((1,), (0,), (0,), 1, (2, 4)), "slice of 2"),
        (StablehloGather((1,), (0,), (0,), 3, (1, 4)), "index_vector_dim is 3"),
        (StablehloGather((1,), (0,), (0,), -1, (1, 4)), "index_vector_dim is -1"),
        (StablehloGather((1,), (0,), (0, 1), 1, (1, 4)), "index has 1 numbers"),
        (StablehloGather((1,), (0,), (2,), 1, (1, 4)), r"start_index_map \[2\]"),
        (StablehloGather((1,), (2,), (0,), 1, (1, 4)), "collapsed_slice_dims"),
        (StablehloGather((1,), (0, 0), (0,), 1, (1, 4)), "collapsed_slice_dims"),
        (StablehloGather((7,), (0,), (0,), 1, (1, 4)), "offset_dims"),
        (StablehloGather((0, 1), (0,), (0,), 1, (1, 4)), "2 offset_dims"),
    ],
)
def test_what_is_refused(op, match):
    refused(op, tensor((5, 4)), tensor((3, 1), DType.INT32), match=match)
    with pytest.raises(GraphError, match=match):
        op.reference(np.zeros((5, 4)), np.zeros((3, 1), np.int32))


def test_indices_are_whole_numbers():
    op = StablehloGather((1,), (0,), (0,), 1, (1, 4))
    refused(op, tensor((5, 4)), tensor((3, 1)), match="not int32 or int64")
    strings = tensor((5, 4), DType.STRING)
    refused(op, strings, tensor((3, 1), DType.INT32), match="no fixed size")
