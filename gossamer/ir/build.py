"""Build a subgraph node by node; each node's output types are inferred at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.types import DType, Shape, TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.op import Op
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Array


class Builder:
    """Collects nodes and gives every tensor a name of its own.

    Example:
        >>> build = Builder("main")
        >>> x = build.input("x", TensorType(DType.FLOAT32, (1, 4)))
        >>> y = build.node(Softmax(), x)
        >>> graph = build.finish([y])
    """

    def __init__(self, name: str = "main") -> None:
        self.name = name
        self._inputs: list[Tensor] = []
        self._nodes: list[Node] = []
        self._names: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """`name`, with a number behind it where it is taken already."""
        count = self._names.get(name, 0)
        self._names[name] = count + 1
        return name if count == 0 else self.unique(f"{name}_{count}")

    def input(
        self,
        name: str,
        type_: TensorType,
        quantization: Quantization | None = None,
    ) -> Tensor:
        """A graph input; free dimensions (-1) become 1 with a shape signature."""
        shape, signature = split_signature(type_.shape)
        tensor = Tensor(
            self.unique(name),
            TensorType(type_.dtype, shape),
            quantization=quantization,
            signature=signature,
        )
        self._inputs.append(tensor)
        return tensor

    def state(self, name: str, type_: TensorType) -> Tensor:
        """A variable that some operator overwrites, zero before the first run."""
        shape, signature = split_signature(type_.shape)
        kind = TensorType(type_.dtype, shape)
        return Tensor(self.unique(name), kind, signature=signature, is_variable=True)

    def constant(
        self,
        name: str,
        array: Array,
        quantization: Quantization | None = None,
        dtype: DType | None = None,
    ) -> Tensor:
        """A constant tensor that holds `array`."""
        data = np.ascontiguousarray(array).reshape(np.shape(array))
        kind = dtype or DType.of_numpy(data.dtype)
        type_ = TensorType(kind, tuple(data.shape))
        return Tensor(self.unique(name), type_, data, quantization)

    def nodes(
        self,
        op: Op,
        *inputs: Tensor | None,
        names: Sequence[str] = (),
        quantization: Quantization | None = None,
        types: Sequence[TensorType] | None = None,
    ) -> tuple[Tensor, ...]:
        """Add a node and return all of its outputs.

        `types` are those of the outputs, for operators that have no rule for them.
        """
        if types is None:
            types = op.infer(*(_as_inferred(x) for x in inputs))
        outputs: list[Tensor] = []
        for index, type_ in enumerate(types):
            shape, signature = split_signature(type_.shape)
            name = names[index] if index < len(names) else op.name.lower()
            outputs.append(
                Tensor(
                    self.unique(name),
                    TensorType(type_.dtype, shape),
                    quantization=quantization,
                    signature=signature,
                )
            )
        self._nodes.append(Node(op, inputs, tuple(outputs)))
        return tuple(outputs)

    def node(
        self,
        op: Op,
        *inputs: Tensor | None,
        name: str = "",
        quantization: Quantization | None = None,
    ) -> Tensor:
        """Add a node and return its first output."""
        names = (name,) if name else ()
        return self.nodes(op, *inputs, names=names, quantization=quantization)[0]

    def finish(self, outputs: Sequence[Tensor]) -> Subgraph:
        """The subgraph of all that was added."""
        mentioned: dict[Tensor, None] = dict.fromkeys(self._inputs)
        for node in self._nodes:
            mentioned.update(dict.fromkeys(x for x in node.inputs if x is not None))
            mentioned.update(dict.fromkeys(node.outputs))
        mentioned.update(dict.fromkeys(outputs))
        return Subgraph(
            self.name,
            tuple(mentioned),
            tuple(self._inputs),
            tuple(outputs),
            tuple(self._nodes),
        )


def split_signature(shape: Shape) -> tuple[Shape, Shape | None]:
    """A shape with -1 as the file's pair: sizes with 1 for free, and a signature."""
    if all(dim >= 0 for dim in shape):
        return shape, None
    return tuple(1 if dim < 0 else dim for dim in shape), shape


def free_shape(tensor: Tensor) -> Shape:
    """The shape with -1 where the size is free."""
    return tensor.shape if tensor.signature is None else tensor.signature


def _as_inferred(tensor: Tensor | None) -> Tensor | None:
    """The tensor as shape rules see it: free dimensions are -1."""
    if tensor is None or tensor.signature is None:
        return tensor
    return Tensor(
        tensor.name,
        TensorType(tensor.dtype, tensor.signature),
        tensor.data,
        tensor.quantization,
        is_variable=tensor.is_variable,
    )
