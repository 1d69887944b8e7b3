"""A `Model` to the bytes of a `.tflite` file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.errors import FormatError, GraphError
from gossamer.flatbuffer.operators import PLACEHOLDER
from gossamer.flatbuffer.options import options_of, union_of
from gossamer.flatbuffer.schema import VERSION
from gossamer.flatbuffer.storage import Storage
from gossamer.flatbuffer.wire import Writer
from gossamer.flatbuffer.write_tensor import tensor_record
from gossamer.ir.op import CUSTOM_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gossamer.flatbuffer.wire import Record
    from gossamer.ir.graph import Model, Node, Signature, Subgraph, Tensor

LIMIT = 2**31 - 2**20
"""Bytes that the tables and the buffers among them may take; beyond it, the data
stands behind them and is found by offset."""

_BYTES_A_TENSOR = 512
"""A generous guess at what one tensor and its node take outside the buffers."""


def write(model: Model, *, limit: int = LIMIT) -> bytes:
    """The bytes of a `.tflite` file that holds `model`.

    Equal models give equal bytes. Constants with the same bytes share a buffer.

    Args:
        model: the model; operators of version 0 get the least version that serves.
        limit: bytes that the flatbuffer may take before the constants and large
            custom options are stored behind it.

    Raises:
        GraphError: the model holds something that the schema cannot express.
        FormatError: the model without its constants is larger than a flatbuffer.

    Example:
        >>> Path("model.tflite").write_bytes(write(model))
    """
    storage = Storage()
    record = _model(model, storage)
    count = sum(len(subgraph.tensors) for subgraph in model.subgraphs)
    if storage.size + _BYTES_A_TENSOR * count <= limit:
        return bytes(_encode(record, storage))
    storage.move_out()
    for _ in range(2):  # the first time, only to learn the size of the tables
        tables = _encode(record, storage)
        storage.place(len(tables))
    tables = _encode(record, storage)
    if len(tables) > limit:
        raise FormatError(
            f"the model takes {len(tables)} bytes without its constants; a flatbuffer "
            f"holds {limit} at most"
        )
    return storage.append_to(tables)


def _encode(record: Record, storage: Storage) -> memoryview:
    writer = Writer(storage.inline_size + (1 << 16))
    record["buffers"] = storage.records(writer)
    return writer.finish(writer.table("Model", record))


def _model(model: Model, storage: Storage) -> Record:
    codes: dict[tuple[int, str, int], int] = {}
    indices = [
        {tensor: index for index, tensor in enumerate(subgraph.tensors)}
        for subgraph in model.subgraphs
    ]
    subgraphs = [
        _subgraph(subgraph, places, storage, codes)
        for subgraph, places in zip(model.subgraphs, indices, strict=True)
    ]
    return {
        "version": VERSION,
        "operator_codes": [_operator_code(*key) for key in codes],
        "subgraphs": subgraphs,
        "description": model.description,
        "metadata": [
            {"name": name, "buffer": storage.add(memoryview(data))}
            for name, data in model.metadata.items()
        ],
        "signature_defs": [
            _signature(signature, indices) for signature in model.signatures
        ],
    }


def _operator_code(code: int, custom: str, version: int) -> Record:
    return {
        "deprecated_builtin_code": min(code, PLACEHOLDER),
        "builtin_code": code,
        "custom_code": custom or None,
        "version": version,
    }


def _subgraph(
    subgraph: Subgraph,
    places: Mapping[Tensor, int],
    storage: Storage,
    codes: dict[tuple[int, str, int], int],
) -> Record:
    where = f"subgraph '{subgraph.name}'"
    return {
        "tensors": [tensor_record(x, places, storage) for x in subgraph.tensors],
        "inputs": _places(subgraph.inputs, places, where),
        "outputs": _places(subgraph.outputs, places, where),
        "operators": [
            _operator(node, places, storage, codes) for node in subgraph.nodes
        ],
        "name": subgraph.name,
        "debug_metadata_index": subgraph.debug_metadata,
    }


def _operator(
    node: Node,
    places: Mapping[Tensor, int],
    storage: Storage,
    codes: dict[tuple[int, str, int], int],
) -> Record:
    op = node.op
    record: Record = {
        "opcode_index": codes.setdefault(_code_of(node), len(codes)),
        "inputs": _places(node.inputs, places, op.name),
        "outputs": _places(node.outputs, places, op.name),
        "intermediates": _places(node.intermediates, places, op.name) or None,
        "mutating_variable_inputs": node.mutating_inputs or None,
        "debug_metadata_index": node.debug_metadata,
    }
    if op.code == CUSTOM_CODE:
        storage.add_options(op.to_bytes(), record)
        return record
    options = options_of(op)
    if options is not None:
        record[union_of(options[0])] = options
    return record


def _places(
    tensors: Iterable[Tensor | None], places: Mapping[Tensor, int], where: str
) -> list[int]:
    return [-1 if x is None else _place(x, places, where) for x in tensors]


def _place(tensor: Tensor, places: Mapping[Tensor, int], where: str) -> int:
    if tensor not in places:
        raise GraphError(
            f"{where} mentions the tensor '{tensor.name}', which is not among the "
            "tensors of the subgraph"
        )
    return places[tensor]


def _code_of(node: Node) -> tuple[int, str, int]:
    op = node.op
    custom = op.name if op.code == CUSTOM_CODE else ""
    return op.code, custom, node.version or op.version(node)


def _signature(signature: Signature, indices: list[dict[Tensor, int]]) -> Record:
    where = f"signature '{signature.key}'"
    if not 0 <= signature.subgraph < len(indices):
        raise GraphError(
            f"{where} is of subgraph {signature.subgraph}; there are {len(indices)}"
        )
    places = indices[signature.subgraph]
    return {
        "inputs": _tensor_maps(signature.inputs, places, where),
        "outputs": _tensor_maps(signature.outputs, places, where),
        "signature_key": signature.key,
        "subgraph_index": signature.subgraph,
    }


def _tensor_maps(
    named: Mapping[str, Tensor], places: Mapping[Tensor, int], where: str
) -> list[Record]:
    return [
        {"name": name, "tensor_index": _place(tensor, places, where)}
        for name, tensor in named.items()
    ]
