"""The tensors of a subgraph: types, constants, quantization, sparsity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import FormatError
from gossamer.flatbuffer.constants import copied_bytes, decode, decode_sparse
from gossamer.ir.graph import DimensionMetadata, Sparsity, Tensor
from gossamer.ir.quantization import Blockwise, MultiAxis, Quantization
from gossamer.ir.types import DType, Shape, TensorType

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from gossamer.flatbuffer.read import Buffers
    from gossamer.flatbuffer.wire import Record, Union
    from gossamer.ir.types import Array

MAX_RANK = 8
"""The largest number of dimensions that TFLite's kernels take."""

_NAMES_OF_VECTORS = ("array_segments", "array_indices")


class TensorReader:
    """Makes the tensors of one subgraph.

    `computed` are the indices of tensors that have a value without a buffer: graph
    inputs and outputs of nodes.
    """

    def __init__(
        self, buffers: Buffers, records: list[Record], computed: AbstractSet[int]
    ) -> None:
        self.buffers = buffers
        self.records = records
        self.computed = computed
        self.made: dict[int, Tensor] = {}

    def tensors(self) -> tuple[Tensor, ...]:
        """Every tensor, by index."""
        return tuple(self._tensor(index) for index in range(len(self.records)))

    def _tensor(self, index: int, *, may_refer: bool = True) -> Tensor:
        if index in self.made:
            return self.made[index]
        record = self.records[index]
        name: str = record["name"] or ""
        type_ = _type(name, record)
        signature = record["shape_signature"]
        sparsity = _sparsity(name, record["sparsity"])
        tensor = Tensor(
            name,
            type_,
            self._data(index, name, type_, sparsity),
            self._quantization(name, record["quantization"], may_refer=may_refer),
            None if signature is None else _shape(name, signature),
            record["is_variable"],
            record["has_rank"],
            sparsity,
            tuple(_type(name, variant) for variant in record["variant_tensors"] or ()),
        )
        self.made[index] = tensor
        return tensor

    def _data(
        self, index: int, name: str, type_: TensorType, sparsity: Sparsity | None
    ) -> Array | None:
        record = self.records[index]
        if record["external_buffer"]:
            raise FormatError(
                f"tensor '{name}' has its data in another file (external buffer "
                f"{record['external_buffer']}), which cannot be read; store it in the "
                "model file"
            )
        data = self.buffers.view(record["buffer"], f"tensor '{name}'")
        if len(data) == 0 and not self._is_empty_constant(index, type_):
            return None
        key = (record["buffer"], type_.dtype, type_.shape)
        if sparsity is not None:
            self.buffers.reader.spend(copied_bytes(type_.dtype, data))
            return decode_sparse(name, type_, data)
        arrays = self.buffers.arrays
        if key not in arrays:
            self.buffers.reader.spend(copied_bytes(type_.dtype, data))
            arrays[key] = decode(name, type_, data)
        return arrays[key]

    def _is_empty_constant(self, index: int, type_: TensorType) -> bool:
        """Whether the tensor is a constant without elements, such as a shape of []."""
        computed = index in self.computed or self.records[index]["is_variable"]
        return not computed and type_.dtype.bits > 0 and 0 in type_.shape

    def _quantization(
        self, name: str, record: Record | None, *, may_refer: bool
    ) -> Quantization | None:
        if record is None:
            return None
        details: Union = record["details"] or ("", {})
        kind, fields = details
        if kind in ("BlockwiseQuantization", "MultiAxisQuantization") and not may_refer:
            raise FormatError(
                f"the scales in tensor '{name}' have scales in a tensor of their own"
            )
        custom = kind == "CustomQuantization"
        return Quantization(
            _numbers(record["scale"], np.float32),
            _numbers(record["zero_point"], np.int64),
            record["quantized_dimension"],
            _numbers(record["min"], np.float32),
            _numbers(record["max"], np.float32),
            self._blockwise(name, fields) if kind == "BlockwiseQuantization" else None,
            self._multi_axis(name, fields) if kind == "MultiAxisQuantization" else None,
            self._custom(fields["custom"]) if custom else None,
        )

    def _custom(self, data: memoryview | None) -> bytes:
        given = data or memoryview(b"")
        self.buffers.reader.spend(len(given))
        return bytes(given)

    def _blockwise(self, name: str, record: Record) -> Blockwise:
        return Blockwise(
            self._referred(name, record["scales"]),
            self._referred(name, record["zero_points"]),
            record["block_size"],
            _tuple(record["block_shape"]),
        )

    def _multi_axis(self, name: str, record: Record) -> MultiAxis:
        return MultiAxis(
            self._referred(name, record["scales"]),
            self._referred(name, record["zero_points"]),
            record["block_size"],
            _tuple(record["quantized_dimensions"]),
        )

    def _referred(self, name: str, index: int) -> Tensor | None:
        """The tensor of scales; index 0 is also what a file without them gives."""
        if index < 0:
            return None
        if index >= len(self.records):
            raise FormatError(
                f"the quantization of tensor '{name}' refers to tensor {index}; there "
                f"are {len(self.records)}"
            )
        if index == 0 and not self.buffers.view(self.records[0]["buffer"], name):
            return None
        return self._tensor(index, may_refer=False)


def _shape(name: str, vector: Any) -> Shape:
    if vector is not None and len(vector) > MAX_RANK:
        raise FormatError(
            f"tensor '{name}' has {len(vector)} dimensions; at most {MAX_RANK} are "
            "supported"
        )
    return _tuple(vector)


def _type(name: str, record: Record) -> TensorType:
    number = record["type"]
    if not 0 <= number < len(DType):
        raise FormatError(
            f"tensor '{name}' is of type {number}; types from 0 to {len(DType) - 1} "
            "are known"
        )
    return TensorType(DType.of_code(number), _shape(name, record["shape"]))


def _sparsity(name: str, record: Record | None) -> Sparsity | None:
    if record is None:
        return None
    return Sparsity(
        _tuple(record["traversal_order"]),
        _tuple(record["block_map"]),
        tuple(_dimension(name, entry) for entry in record["dim_metadata"] or ()),
    )


def _dimension(name: str, record: Record) -> DimensionMetadata:
    if record["format"] == 0:
        return DimensionMetadata(record["dense_size"])
    if record["format"] != 1:
        raise FormatError(
            f"the sparse tensor '{name}' has a dimension of format "
            f"{record['format']}; known are 0 (dense) and 1 (compressed)"
        )
    segments, indices = (record[key] for key in _NAMES_OF_VECTORS)
    if segments is None or indices is None:
        raise FormatError(
            f"the sparse tensor '{name}' has a compressed dimension without segments "
            "or indices"
        )
    return DimensionMetadata(
        record["dense_size"],
        _tuple(segments[1]["values"]),
        _tuple(indices[1]["values"]),
    )


def _tuple(vector: Any) -> tuple[int, ...]:
    return () if vector is None else tuple(vector.tolist())


def _numbers(vector: Any, dtype: type[Any]) -> Any:
    return np.zeros(0, dtype) if vector is None else np.array(vector, dtype)
