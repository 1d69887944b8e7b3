"""Sparse encodings: what they store is the array, in the fewest bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.sparse import dense_data
from gossamer.ir.sparse_encoding import best_layout, encoded, encoded_bytes, layouts
from gossamer.ir.types import DType, TensorType
from gossamer.ir.verify_tensor import verify_tensor
from gossamer.ops import Densify

if TYPE_CHECKING:
    from gossamer.ir.sparse_encoding import Layout
    from gossamer.ir.types import Array

SHAPES = [(7,), (300,), (12, 32), (9, 7), (16, 300), (4, 3, 3, 8), (1, 3, 3, 40)]
DTYPES = (np.float32, np.float16, np.int8)


def masked(shape: tuple[int, ...], dtype: type[np.generic], zeros: float) -> Array:
    rng = np.random.default_rng([*shape, int(zeros * 100)])
    drawn = rng.integers(1, 100, shape) * (rng.random(shape) >= zeros)
    return np.asarray(drawn, dtype)


def stored(array: Array, layout: Layout) -> Tensor:
    values, sparsity = encoded(array, layout)
    type_ = TensorType(DType.of_numpy(array.dtype), array.shape)
    return Tensor("w", type_, values, sparsity=sparsity)


def index_bytes(tensor: Tensor) -> int:
    """Bytes of the vectors of indices, as the writer stores them."""
    assert tensor.sparsity is not None
    vectors = [
        vector
        for level in tensor.sparsity.dimensions
        for vector in (level.segments, level.indices)
        if vector is not None
    ]
    widths = [1 if max(v) < 256 else 2 if max(v) < 65536 else 4 for v in vectors]
    return sum(w * len(v) for w, v in zip(widths, vectors, strict=True))


@pytest.mark.parametrize("zeros", [0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_layout_stores_the_array(
    shape: tuple[int, ...], dtype: type[np.generic], zeros: float
) -> None:
    array = masked(shape, dtype, zeros)
    mask = np.asarray(array != 0)
    for layout in layouts(shape):
        tensor = stored(array, layout)
        verify_tensor(tensor, {tensor})
        assert (dense_data(tensor) == array).all()
        assert tensor.data is not None
        taken = tensor.data.nbytes + index_bytes(tensor)
        assert taken == encoded_bytes(mask, layout, array.itemsize)


@pytest.mark.parametrize("zeros", [0.5, 0.95])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_best_layout_is_the_least(shape: tuple[int, ...], zeros: float) -> None:
    array = masked(shape, np.int8, zeros)
    best = best_layout(array)
    assert best is not None
    mask = np.asarray(array != 0)
    sizes = {layout: encoded_bytes(mask, layout, 1) for layout in layouts(shape)}
    assert best[1] == min(sizes.values()) == sizes[best[0]]


def blocks(high: int, wide: int) -> Array:
    rng = np.random.default_rng([high, wide])
    kept = rng.random((64 // high, 128 // wide)) < 0.1
    return np.kron(kept, np.ones((high, wide))).astype(np.float32)


@pytest.mark.parametrize("size", [(1, 4), (4, 1), (1, 16), (4, 4), (2, 8)], ids=str)
def test_blocks_are_seen(size: tuple[int, int]) -> None:
    best = best_layout(blocks(*size))
    assert best is not None
    sizes = dict(best[0].splits)
    assert (sizes.get(0, 1), sizes.get(1, 1)) == size


def test_whole_columns_and_rows_are_left_out() -> None:
    array = np.ones((64, 128), np.float32)
    array[:, ::4] = 0
    best = best_layout(array)
    assert best is not None
    assert (best[0].order[0], best[0].level) == (1, 0)
    other = best_layout(np.ascontiguousarray(array.T))
    assert other is not None
    assert (other[0].order[0], other[0].level) == (0, 0)


def test_two_of_four_weights_as_floats_take_five_eighths() -> None:
    rng = np.random.default_rng(0)
    order = rng.permuted(np.tile(np.arange(4), (64, 64, 1)), axis=2)
    array = np.asarray(order < 2, np.float32).reshape(64, 256)
    best = best_layout(array)
    assert best is not None
    assert best[1] / array.nbytes == pytest.approx(0.625, abs=0.01)


def test_nothing_is_made_of_scalars_and_empty_arrays() -> None:
    assert best_layout(np.zeros((), np.float32)) is None
    assert best_layout(np.zeros((0, 3), np.float32)) is None


def test_zeros_with_a_sign_are_zeros_and_what_is_not_a_number_is_kept() -> None:
    array = np.zeros((4, 40), np.float32)
    array[1, 3], array[2] = np.nan, -0.0
    best = best_layout(array)
    assert best is not None
    values, _ = encoded(array, best[0])
    assert values.size == 1
    assert np.isnan(values[0])


def test_the_file_holds_the_narrowest_indices() -> None:
    array = masked((64, 256), np.float32, 0.9)
    best = best_layout(array)
    assert best is not None
    tensor = stored(array, best[0])
    y = Tensor("y", tensor.type)
    node = Node(Densify(), (tensor,), (y,))
    file = write(Model((Subgraph("main", (tensor, y), (), (y,), (node,)),)))
    assert len(file) < best[1] + 600
    again = read(file).main.tensors[0]
    assert again.sparsity == tensor.sparsity
    assert (dense_data(again) == array).all()
