"""What a model is: tensors, nodes, subgraphs, signatures.

Everything here is immutable. A tensor is compared by identity: it is one place in
one graph. A pass makes a new `Subgraph` (see `rewrite.py`); nothing changes in place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gossamer.ir.op import Op
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Array, Shape, TensorType


@dataclass(frozen=True, slots=True)
class DimensionMetadata:
    """One level of a sparse tensor: dense with a size, or compressed (CSR)."""

    dense_size: int
    segments: tuple[int, ...] | None = None
    indices: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sparsity:
    """How the stored values of a sparse constant are laid out (TACO's terms)."""

    traversal_order: tuple[int, ...]
    block_map: tuple[int, ...]
    dimensions: tuple[DimensionMetadata, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A value in a graph: computed, constant (`data` is set) or a variable.

    `type.shape` is the shape that the file states, with 1 where the size is free;
    `signature` then has -1 in those places. For a sparse constant `data` holds the
    stored values only, flat, and `sparsity` tells where they belong.
    """

    name: str
    type: TensorType
    data: Array | None = None
    quantization: Quantization | None = None
    signature: Shape | None = None
    is_variable: bool = False
    has_rank: bool = False
    sparsity: Sparsity | None = None
    variants: tuple[TensorType, ...] = ()

    @property
    def dtype(self) -> DType:
        return self.type.dtype

    @property
    def shape(self) -> Shape:
        return self.type.shape

    @property
    def is_constant(self) -> bool:
        return self.data is not None

    @property
    def is_quantized(self) -> bool:
        return self.quantization is not None and self.quantization.is_set

    @property
    def blank(self) -> int:
        """What a variable holds before it is written: 0, or real zero in int8."""
        quantization = self.quantization
        if self.dtype is not DType.INT8 or quantization is None:
            return 0
        return (
            int(quantization.zero_point[0]) if quantization.zero_point.size == 1 else 0
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.type}"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One use of an operator; an optional input that is left out is None.

    `version` is the operator version of the file it came from, 0 where the writer
    is to derive it from the operator's rule. `debug_metadata` is an index into the
    file's debug metadata, -1 for none.
    """

    op: Op
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    intermediates: tuple[Tensor, ...] = ()
    mutating_inputs: tuple[bool, ...] = ()
    version: int = 0
    debug_metadata: int = -1

    def input(self, index: int) -> Tensor:
        """The input at `index`, which the operator requires."""
        tensor = self.inputs[index]
        if tensor is None:
            raise ValueError(f"{self.op.name} has no input {index}")
        return tensor

    def optional(self, index: int) -> Tensor | None:
        """The input at `index`, or None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]

    @property
    def written(self) -> tuple[Tensor, ...]:
        """What a run computes: the outputs, then the state that it overwrites."""
        states = (self.optional(index) for index in self.op.states())
        return (*self.outputs, *(state for state in states if state is not None))

    def __str__(self) -> str:
        names = ", ".join(x.name if x else "-" for x in self.inputs)
        return f"{', '.join(y.name for y in self.outputs)} = {self.op}({names})"


@dataclass(frozen=True, slots=True, eq=False)
class Subgraph:
    """Nodes in an order in which they can run, and the tensors they speak of.

    `tensors` holds every tensor, used or not, in the order of the file's indices.
    """

    name: str
    tensors: tuple[Tensor, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    debug_metadata: int = -1

    def producers(self) -> dict[Tensor, Node]:
        """The node that computes each computed tensor."""
        return {y: node for node in self.nodes for y in node.outputs}

    def consumers(self) -> dict[Tensor, list[Node]]:
        """The nodes that read each tensor, once per node."""
        readers: dict[Tensor, list[Node]] = {}
        for node in self.nodes:
            for x in dict.fromkeys(node.inputs):
                if x is not None:
                    readers.setdefault(x, []).append(node)
        return readers

    def constants(self) -> Iterator[Tensor]:
        return (tensor for tensor in self.tensors if tensor.is_constant)


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """A named way to call a subgraph with named inputs and outputs."""

    key: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    subgraph: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A whole model: subgraph 0 is the main one."""

    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...] = ()
    description: str = ""
    metadata: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    version: int = 3

    @property
    def main(self) -> Subgraph:
        return self.subgraphs[0]
