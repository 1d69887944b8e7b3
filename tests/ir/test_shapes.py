"""Shapes follow the inputs through the graph, and through values made of shapes."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.build import Builder
from gossamer.ir.quantization import Quantization
from gossamer.ir.rewrite import substitute
from gossamer.ir.shapes import infer_shapes
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Pack, Reshape, Shape, StridedSlice


def flatten_of_unknown_batch(dtype=DType.FLOAT32, quantization=None):
    """x [?, 2, 3] -> SHAPE, STRIDED_SLICE, PACK, RESHAPE -> [?, 6]."""
    build = Builder()
    x = build.input("x", TensorType(dtype, (-1, 2, 3)), quantization)
    begin, end = (
        build.constant(n, np.array([v], np.int32)) for n, v in (("b", 0), ("e", 1))
    )
    shape = build.node(Shape(out_type=DType.INT32), x, name="shape")
    batch = build.node(StridedSlice(shrink_axis_mask=1), shape, begin, end, end)
    six = build.constant("six", np.array(6, np.int32))
    target = build.node(Pack(values_count=2), batch, six, name="target")
    flat = build.node(Reshape(), x, target, name="flat")
    return build.finish([flat]), x, target, flat


@pytest.mark.parametrize("is_quantized", [False, True])
def test_values_made_of_shapes_become_known(is_quantized):
    graph, x, target, flat = (
        flatten_of_unknown_batch(DType.INT8, Quantization.per_tensor(0.5))
        if is_quantized
        else flatten_of_unknown_batch()
    )
    made = infer_shapes(graph, {x: (5, 2, 3)})
    assert made[target].data.tolist() == [5, 6]
    assert made[flat].shape == (5, 6)


def test_the_files_shapes_hold_where_nothing_is_asked():
    graph, x, _, flat = flatten_of_unknown_batch()
    made = infer_shapes(graph, {})
    assert made[x].shape == (1, 2, 3)
    assert made[flat].shape == (1, 6)


def test_result_substitutes_into_the_graph():
    graph, x, _, flat = flatten_of_unknown_batch()
    made = infer_shapes(graph, {x: (4, 2, 3)})
    fixed = substitute(graph, made)
    assert fixed.inputs[0].shape == (4, 2, 3)
    assert fixed.outputs == (made[flat],)
    assert all(tensor.signature is None for tensor in fixed.tensors)


def test_shape_that_depends_on_data_stays_unknown():
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (4,)))
    target = build.input("target", TensorType(DType.INT32, (2,)))
    y = build.node(Reshape(), x, target)
    assert infer_shapes(build.finish([y]), {})[y].shape == (-1, -1)


def test_error_names_the_node():
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (2, 6)))
    target = build.constant("target", np.array([3, 4], np.int32))
    graph = build.finish([build.node(Reshape(), x, target)])
    with pytest.raises(
        GraphError, match=r"Node number 0 \(RESHAPE\) failed to prepare"
    ):
        infer_shapes(graph, {x: (2, 7)})
