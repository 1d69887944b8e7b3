"""The dictionaries in which an interpreter describes tensors and nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Node, Sparsity, Tensor
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Shape

_SCALAR_TYPES: dict[DType, type[Any]] = {
    DType.STRING: np.bytes_,
    DType.RESOURCE: np.object_,
    DType.VARIANT: np.object_,
}


def scalar_type(dtype: DType) -> type[Any]:
    """The NumPy scalar class that stands for an element type in details."""
    return _SCALAR_TYPES.get(dtype, dtype.numpy.type)


def tensor_details(tensor: Tensor, index: int, shape: Shape) -> dict[str, Any]:
    """All there is to know about a tensor.

    Args:
        tensor: the tensor.
        index: its place in its subgraph.
        shape: its shape now, which resizing may have changed from the file's.
    """
    signature = shape if tensor.signature is None else tensor.signature
    return {
        "name": tensor.name,
        "index": index,
        "shape": np.array(shape, np.int32),
        "shape_signature": np.array(signature, np.int32),
        "dtype": scalar_type(tensor.dtype),
        "quantization": _pair(tensor.quantization),
        "quantization_parameters": _parameters(tensor.quantization),
        "sparsity_parameters": _sparsity(tensor.sparsity),
    }


def _pair(quantization: Quantization | None) -> tuple[float, int]:
    if quantization is None or quantization.scale.size != 1:
        return (0.0, 0)
    return quantization.pair()


def _parameters(quantization: Quantization | None) -> dict[str, Any]:
    if quantization is None or not quantization.is_set:
        empty = np.zeros(0, np.float32), np.zeros(0, np.int32)
        return _parameter_record(*empty, axis=0, block_size=0)
    blockwise = quantization.blockwise
    return _parameter_record(
        quantization.scale.astype(np.float32),
        quantization.zero_point.astype(np.int32),
        axis=quantization.axis,
        block_size=0 if blockwise is None else blockwise.block_size,
    )


def _parameter_record(
    scales: Any, zero_points: Any, *, axis: int, block_size: int
) -> dict[str, Any]:
    return {
        "scales": scales,
        "zero_points": zero_points,
        "quantized_dimension": axis,
        "block_size": block_size,
    }


def _sparsity(sparsity: Sparsity | None) -> dict[str, Any]:
    if sparsity is None:
        return {}
    return {
        "traversal_order": np.array(sparsity.traversal_order, np.int32),
        "block_map": np.array(sparsity.block_map, np.int32),
        "dim_metadata": [
            {"format": 0, "dense_size": level.dense_size}
            if level.segments is None
            else {
                "format": 1,
                "array_segments": np.array(level.segments, np.int32),
                "array_indices": np.array(level.indices or (), np.int32),
            }
            for level in sparsity.dimensions
        ],
    }


def node_details(
    node: Node, index: int, position: Callable[[Tensor], int]
) -> dict[str, Any]:
    """A node: its operator's name, and the indices and types of its tensors.

    An input that is left out has the index -1.
    """
    inputs = [-1 if x is None else position(x) for x in node.inputs]
    return {
        "index": index,
        "op_name": node.op.name,
        "inputs": np.array(inputs, np.int32),
        "outputs": np.array([position(y) for y in node.outputs], np.int32),
        "operand_types": [scalar_type(x.dtype) for x in node.inputs if x is not None],
        "result_types": [scalar_type(y.dtype) for y in node.outputs],
    }
