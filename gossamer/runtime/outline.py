"""A model without operators and values: tensors, inputs, outputs, signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.graph import Model, Signature, Subgraph, Tensor
from gossamer.ir.quantization import Quantization
from gossamer.ir.transient import names_of, transient_states
from gossamer.ir.types import DType, TensorType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FLAGS = ("is_variable", "has_rank")


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The model without nodes; `constants` are the indices of the constant tensors."""

    model: Model
    constants: tuple[frozenset[int], ...]


def outline_of(model: Model) -> Outline:
    """The outline of a model that was read, with its own tensors."""
    return Outline(
        model,
        tuple(
            frozenset(i for i, x in enumerate(graph.tensors) if x.is_constant)
            for graph in model.subgraphs
        ),
    )


def to_table(outline: Outline) -> tuple[dict[str, Any], bytes] | None:
    """The outline as JSON can hold it, and the numbers that it refers to.

    None where a tensor has what is not kept: scales that are tensors, sparse data.
    """
    numbers = _Numbers()
    subgraphs: list[dict[str, Any]] = []
    for graph, constants in zip(
        outline.model.subgraphs, outline.constants, strict=True
    ):
        places = {tensor: index for index, tensor in enumerate(graph.tensors)}
        if not all(_is_plain(tensor) for tensor in graph.tensors):
            return None
        subgraphs.append(
            {
                "name": graph.name,
                "tensors": [_row(tensor, numbers) for tensor in graph.tensors],
                "inputs": [places[x] for x in graph.inputs],
                "outputs": [places[y] for y in graph.outputs],
                "constants": sorted(constants),
            }
        )
    signatures = [_signature_row(each, outline) for each in outline.model.signatures]
    table = {
        "subgraphs": subgraphs,
        "signatures": signatures,
        "transient": sorted(names_of(outline.model.metadata)),
    }
    return table, numbers.bytes()


def from_table(table: dict[str, Any], data: bytes) -> Outline:
    """The outline that `to_table` was given."""
    numbers = np.frombuffer(data, np.float64)
    graphs = [_graph(each, numbers) for each in table["subgraphs"]]
    signatures = tuple(_signature(row, graphs) for row in table["signatures"])
    constants = tuple(frozenset(each["constants"]) for each in table["subgraphs"])
    metadata = transient_states(table["transient"])
    model = Model(tuple(graphs), signatures, metadata=metadata)
    return Outline(model, constants)


def _signature(row: Sequence[Any], graphs: Sequence[Subgraph]) -> Signature:
    key, subgraph, inputs, outputs = row
    graph = graphs[int(subgraph)]
    return Signature(key, _named(graph, inputs), _named(graph, outputs), int(subgraph))


def _named(graph: Subgraph, rows: Sequence[tuple[str, int]]) -> dict[str, Tensor]:
    return {name: graph.tensors[index] for name, index in rows}


class _Numbers:
    """Arrays one behind another, as float64: scales, zero points and ranges fit."""

    def __init__(self) -> None:
        self._arrays: list[np.ndarray] = []
        self._count = 0

    def add(self, array: np.ndarray) -> tuple[int, int]:
        first = self._count
        self._arrays.append(np.asarray(array, np.float64).reshape(-1))
        self._count += self._arrays[-1].size
        return first, self._count

    def bytes(self) -> bytes:
        return b"".join(array.tobytes() for array in self._arrays)


def _is_plain(tensor: Tensor) -> bool:
    q = tensor.quantization
    if tensor.sparsity is not None or tensor.variants:
        return False
    return q is None or (q.blockwise is None and q.multi_axis is None and not q.custom)


def _row(tensor: Tensor, numbers: _Numbers) -> list[Any]:
    signature = None if tensor.signature is None else list(tensor.signature)
    flags = [bool(getattr(tensor, name)) for name in _FLAGS]
    shape = [int(size) for size in tensor.shape]
    q = tensor.quantization
    places = q and [
        *numbers.add(q.scale),
        *numbers.add(q.zero_point),
        *numbers.add(q.minimum),
        *numbers.add(q.maximum),
        q.axis,
    ]
    return [tensor.name, tensor.dtype.code, shape, signature, flags, places]


def _tensor(row: Sequence[Any], numbers: np.ndarray) -> Tensor:
    name, dtype, shape, signature, flags, places = row
    return Tensor(
        name,
        TensorType(DType.of_code(dtype), tuple(shape)),
        None,
        places and _quantization(places, numbers),
        None if signature is None else tuple(signature),
        **dict(zip(_FLAGS, flags, strict=True)),
    )


def _quantization(places: Sequence[int], numbers: np.ndarray) -> Quantization:
    scale, zero, least, most = (
        numbers[places[i] : places[i + 1]] for i in range(0, 8, 2)
    )
    return Quantization(
        scale.astype(np.float32),
        zero.astype(np.int64),
        places[8],
        least.astype(np.float32),
        most.astype(np.float32),
    )


def _graph(table: Mapping[str, Any], numbers: np.ndarray) -> Subgraph:
    tensors: list[Tensor] = [_tensor(row, numbers) for row in table["tensors"]]
    inputs: list[int] = table["inputs"]
    outputs: list[int] = table["outputs"]
    return Subgraph(
        table["name"],
        tuple(tensors),
        tuple(tensors[i] for i in inputs),
        tuple(tensors[i] for i in outputs),
        (),
    )


def _signature_row(signature: Signature, outline: Outline) -> list[Any]:
    tensors = outline.model.subgraphs[signature.subgraph].tensors
    places = {tensor: index for index, tensor in enumerate(tensors)}
    return [
        signature.key,
        signature.subgraph,
        [[name, places[x]] for name, x in signature.inputs.items()],
        [[name, places[y]] for name, y in signature.outputs.items()],
    ]
