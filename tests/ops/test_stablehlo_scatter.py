from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    StablehloAdd,
    StablehloMaximum,
    StablehloMinimum,
    StablehloMultiply,
    StablehloScatter,
)
from tests.ops.inputs import refused, tensor
from tests.ops.whole import agree, binary_body, ours

BODIES = (None, StablehloAdd, StablehloMultiply, StablehloMaximum, StablehloMinimum)
TYPES = (
    *("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float16", "float32", "float64", "bool"),
)
ROWS = (
    # x, indices, updates, op: places outside and places named twice are among them
    ((8,), (6, 1), (6,), StablehloScatter(False, (), (0,), (0,), 1)),
    ((5, 3), (4, 1), (4, 3), StablehloScatter(False, (1,), (0,), (0,), 1)),
    ((4, 5), (3, 2), (3, 2, 2), StablehloScatter(False, (1, 2), (), (1, 0), 1)),
    ((4, 5), (2, 3), (3, 2), StablehloScatter(False, (1,), (1,), (0, 1), 0)),
    (
        (3, 4, 2),
        (2, 3, 2),
        (2, 3, 2, 1),
        StablehloScatter(False, (2, 3), (0,), (0, 2), 2),
    ),
    ((3,), (0, 1), (0,), StablehloScatter(False, (), (0,), (0,), 1)),
)


def model(row, dtype, index_dtype, body):
    shape, index_shape, update_shape, op = row
    op = type(op)(
        *(
            op.indices_are_sorted,
            op.update_window_dims,
            op.inserted_window_dims,
            op.scatter_dims_to_operand_dims,
            op.index_vector_dim,
        ),
        update_computation_subgraph_index=1,
    )
    build = Builder("main")
    kind = DType.of_numpy(dtype)
    inputs = [
        build.input("x", TensorType(kind, shape)),
        build.input("indices", TensorType(DType.of_numpy(index_dtype), index_shape)),
        build.input("updates", TensorType(kind, update_shape)),
    ]
    graph = build.finish([build.node(op, *inputs)])
    return Model((graph, binary_body(None if body is None else body(), kind)))


def feeds(row, dtype, index_dtype):
    shape, index_shape, update_shape, _ = row
    rng = np.random.default_rng([len(shape), *index_shape])
    return [
        np.asarray(rng.integers(0, 9, shape), dtype),
        np.asarray(rng.integers(-1, 4, index_shape), index_dtype),
        np.asarray(rng.integers(0, 9, update_shape), dtype),
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[:3]))
@pytest.mark.parametrize("dtype", TYPES)
def test_types(row, dtype):
    for body in BODIES:
        agree(model(row, dtype, "int32", body), feeds(row, dtype, "int32"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[:3]))
def test_wide_indices(row):
    for body in BODIES:
        agree(model(row, "float32", "int64", body), feeds(row, "float32", "int64"))


def test_an_index_may_be_a_single_number():
    """`index_vector_dim` behind the last: LiteRT then reads beyond the shape."""
    row = ((5,), (3,), (3,), StablehloScatter(False, (), (0,), (0,), 1))
    made = model(row, "int32", "int32", StablehloAdd)
    x, indices, updates = np.arange(5), np.array([4, 4, 9]), np.array([10, 20, 30])
    given = [np.asarray(array, np.int32) for array in (x, indices, updates)]
    for (found,) in ours(bytes(write(made)), given):
        assert found.tolist() == [0, 1, 2, 3, 34]


def test_a_body_of_several_operators():
    """LiteRT takes a body of one operator only."""
    row = ROWS[0]
    made = model(row, "float32", "int32", None)
    build = Builder("body")
    old, new = (build.input(name, TensorType(DType.FLOAT32, ())) for name in "ab")
    twice = build.node(StablehloAdd(), new, new)
    body = build.finish([build.node(StablehloMultiply(), old, twice)])
    content = bytes(write(Model((made.main, body))))
    x = np.arange(8, dtype=np.float32)
    indices = np.array([[0], [3], [3], [7], [-1], [8]], np.int32)
    for (found,) in ours(content, [x, indices, np.full(6, 2, np.float32)]):
        assert found.tolist() == [0, 1, 2, 48, 4, 5, 6, 28]


def test_the_body_is_checked():
    made = model(ROWS[0], "float32", "int32", None)
    for graphs, match in (
        ((made.main,), "subgraphs 0 to 0"),
        ((made.main, made.main), "3 inputs and 1 outputs; it must have 2 and 1"),
    ):
        content = bytes(write(Model(graphs)))
        with pytest.raises(GraphError, match=match):
            read(content)


@pytest.mark.parametrize(
    ("op", "match"),
    [
        (StablehloScatter(False, (1,), (), (0,), 1), "the windows have 1 dimensions"),
        (StablehloScatter(False, (2,), (0,), (0,), 1), "update_window_dims"),
        (StablehloScatter(False, (1,), (2,), (0,), 1), "inserted_window_dims"),
        (StablehloScatter(False, (1,), (0,), (2,), 1), "scatter_dims_to_operand_dims"),
        (StablehloScatter(False, (1,), (0,), (0, 1), 1), "index has 1 numbers"),
        (StablehloScatter(False, (1,), (0,), (0,), 3), "index_vector_dim is 3"),
        (StablehloScatter(False, (0,), (0,), (0,), 1), "do not fit"),
    ],
)
def test_what_is_refused(op, match):
    indices = tensor((4, 1), DType.INT32)
    refused(op, tensor((5, 3)), indices, tensor((4, 3)), match=match)


def test_types_that_are_refused():
    op = ROWS[1][3]
    x, indices, updates = tensor((5, 3)), tensor((4, 1), DType.INT32), tensor((4, 3))
    refused(op, x, tensor((4, 1)), updates, match="not int32 or int64")
    refused(op, x, indices, tensor((4, 3), DType.INT8), match="must be alike")
    strings = tensor((5, 3), DType.STRING), indices, tensor((4, 3), DType.STRING)
    refused(op, *strings, match="no kernel for string")
