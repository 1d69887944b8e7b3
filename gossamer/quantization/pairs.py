"""Which tensor of a quantized model stands for which of the float model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.errors import QuantizationError
from gossamer.ir.build import free_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Model, Node, Subgraph, Tensor

CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""Operators that change how a value is stored, and nothing else."""


def paired(real: Model, quantized: Model) -> dict[Tensor, Tensor]:
    """For tensors of the float model, those that hold the same values.

    Inputs and outputs go together by their order, all else by its name. Where a value
    is there both as integers and as real numbers, the integers are taken.

    Args:
        real: the float model; its main subgraph counts.
        quantized: the model made of it.

    Returns:
        Tensors of `quantized` by those of `real`; constants are left out.

    Raises:
        QuantizationError: the models have other inputs or outputs, or no name of
            what is between them in common.
    """
    _require_same_ends(real.main, quantized.main)
    found = _by_name(real.main, quantized.main)
    ends = set(zip(real.main.inputs, quantized.main.inputs, strict=True))
    ends |= set(zip(real.main.outputs, quantized.main.outputs, strict=True))
    inner = [x for x in found if x not in dict(ends)]
    if not inner and len(real.main.nodes) > 1:
        raise QuantizationError(
            "the float and the quantized model have no tensor's name in common but "
            "those at their ends, so that layers cannot be compared. Give two models "
            "that were made of the same one by the same converter"
        )
    found.update(pair for pair in ends if not pair[0].is_constant)
    stored = _Stored(quantized.main)
    return {x: stored.of(y) for x, y in found.items()}


def _require_same_ends(real: Subgraph, quantized: Subgraph) -> None:
    for what, mine, theirs in (
        ("inputs", real.inputs, quantized.inputs),
        ("outputs", real.outputs, quantized.outputs),
    ):
        pairs = zip(mine, theirs, strict=False)
        same = all(free_shape(x) == free_shape(y) for x, y in pairs)
        if len(mine) != len(theirs) or not same:
            lists = [
                ", ".join(map(str, tensors)) or "none" for tensors in (mine, theirs)
            ]
            raise QuantizationError(
                f"the {what} of the float model are {lists[0]}, those of the quantized "
                f"model {lists[1]}; expected as many of the same shapes"
            )


def _by_name(real: Subgraph, quantized: Subgraph) -> dict[Tensor, Tensor]:
    """Computed tensors of one name and rank; of two of one name, the first."""
    names: dict[str, Tensor] = {}
    for node in quantized.nodes:
        for y in node.outputs:
            names.setdefault(y.name, y)
    found: dict[Tensor, Tensor] = {}
    for node in real.nodes:
        for y in node.outputs:
            twin = names.pop(y.name, None)
            if twin is not None and len(free_shape(twin)) == len(free_shape(y)):
                found[y] = twin
    return found


class _Stored:
    """From a tensor to the one that holds it as integers."""

    def __init__(self, graph: Subgraph) -> None:
        self._producers: Mapping[Tensor, Node] = graph.producers()
        self._readers = graph.consumers()

    def of(self, tensor: Tensor) -> Tensor:
        """The tensor behind a DEQUANTIZE, or before a QUANTIZE at the graph's end."""
        producer = self._producers.get(tensor)
        if producer is None:
            return self._entered(tensor)
        while producer is not None and producer.op.name in CONVERSIONS:
            source = producer.input(0)
            if source.is_constant or not source.is_quantized:
                break
            tensor, producer = source, self._producers.get(source)
        return tensor

    def _entered(self, tensor: Tensor) -> Tensor:
        """What a QUANTIZE makes of a graph input."""
        for node in self._readers.get(tensor, ()):
            if node.op.name == "QUANTIZE" and node.output.is_quantized:
                return node.output
        return tensor
