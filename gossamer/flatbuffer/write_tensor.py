"""The record of a tensor: type, quantization, sparsity, and its buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.errors import GraphError
from gossamer.flatbuffer.constants import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.flatbuffer.storage import Storage
    from gossamer.flatbuffer.wire import Record, Union
    from gossamer.ir.graph import DimensionMetadata, Sparsity, Tensor
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import TensorType


def tensor_record(
    tensor: Tensor, places: Mapping[Tensor, int], storage: Storage
) -> Record:
    """The record of `tensor`; its data goes to `storage`."""
    return {
        **_type(tensor.type),
        "buffer": _buffer(tensor, storage),
        "name": tensor.name,
        "quantization": _quantization(tensor, places),
        "is_variable": tensor.is_variable,
        "sparsity": _sparsity(tensor.sparsity),
        "shape_signature": tensor.signature,
        "has_rank": tensor.has_rank,
        "variant_tensors": [_type(variant) for variant in tensor.variants] or None,
    }


def _type(type_: TensorType) -> Record:
    return {"shape": type_.shape, "type": type_.dtype.code}


def _buffer(tensor: Tensor, storage: Storage) -> int:
    if tensor.data is None:
        return 0
    if tensor.sparsity is None and tensor.data.shape != tensor.shape:
        raise GraphError(
            f"the constant '{tensor.name}' is of shape {list(tensor.shape)}, but its "
            f"array of {list(tensor.data.shape)}"
        )
    return storage.add(encode(tensor.name, tensor.dtype, tensor.data))


def _quantization(tensor: Tensor, places: Mapping[Tensor, int]) -> Record | None:
    quantization = tensor.quantization
    if quantization is None:
        return None
    return {
        "scale": _given(quantization.scale),
        "zero_point": _given(quantization.zero_point),
        "quantized_dimension": quantization.axis,
        "min": _given(quantization.minimum),
        "max": _given(quantization.maximum),
        "details": _details(tensor, quantization, places),
    }


def _given(array: Any) -> Any:
    return array if array.size else None


def _details(
    tensor: Tensor, quantization: Quantization, places: Mapping[Tensor, int]
) -> Union | None:
    if quantization.custom is not None:
        return "CustomQuantization", {"custom": quantization.custom}
    if quantization.blockwise is not None:
        blockwise = quantization.blockwise
        return "BlockwiseQuantization", {
            "scales": _refer(tensor, blockwise.scales, places),
            "zero_points": _refer(tensor, blockwise.zero_points, places),
            "block_size": blockwise.block_size,
            "block_shape": blockwise.block_shape or None,
        }
    if quantization.multi_axis is not None:
        multi_axis = quantization.multi_axis
        return "MultiAxisQuantization", {
            "scales": _refer(tensor, multi_axis.scales, places),
            "zero_points": _refer(tensor, multi_axis.zero_points, places),
            "block_size": multi_axis.block_size,
            "quantized_dimensions": multi_axis.axes,
        }
    return None


def _refer(tensor: Tensor, scales: Tensor | None, places: Mapping[Tensor, int]) -> int:
    """The index of a tensor of scales.

    None is left out, which reads as 0: the first tensor, unless that is a constant.
    """
    if scales is None:
        return -1 if next(iter(places)).is_constant else 0
    if scales not in places:
        raise GraphError(
            f"the quantization of tensor '{tensor.name}' refers to '{scales.name}', "
            "which is not among the tensors of the subgraph"
        )
    return places[scales]


def _sparsity(sparsity: Sparsity | None) -> Record | None:
    if sparsity is None:
        return None
    return {
        "traversal_order": sparsity.traversal_order,
        "block_map": sparsity.block_map,
        "dim_metadata": [_dimension(entry) for entry in sparsity.dimensions],
    }


def _dimension(dimension: DimensionMetadata) -> Record:
    if dimension.segments is None or dimension.indices is None:
        return {"format": 0, "dense_size": dimension.dense_size}
    return {
        "format": 1,
        "dense_size": dimension.dense_size,
        "array_segments": _index_vector(dimension.segments),
        "array_indices": _index_vector(dimension.indices),
    }


def _index_vector(values: tuple[int, ...]) -> Union:
    """The narrowest vector that holds `values`."""
    largest = max(values, default=0)
    if min(values, default=0) < 0 or largest > 0xFFFF:
        return "Int32Vector", {"values": values}
    name = "Uint8Vector" if largest <= 0xFF else "Uint16Vector"
    return name, {"values": values}
