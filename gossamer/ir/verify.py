"""The invariants that every graph keeps, checked before anything trusts it.

What one operator asks of its inputs is checked by its `infer`, not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.errors import GraphError
from gossamer.ir.verify_calls import verify_calls
from gossamer.ir.verify_tensor import verify_tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from gossamer.ir.graph import Model, Node, Subgraph, Tensor


def verify(model: Model) -> None:
    """Check that `model` is well-formed.

    * Tensors have sizes that can be held, data that fits their type, and
      quantization and sparsity that fit their shape.
    * Nodes read only graph inputs, constants, variables and what earlier nodes
      computed; each tensor is computed once, and no constant, variable or graph
      input is computed.
    * Subgraphs that operators call exist, take what they are given and do not call
      themselves; signatures speak of inputs and outputs of their subgraph.

    Raises:
        GraphError: the first invariant that does not hold, naming the place.
    """
    if not model.subgraphs:
        raise GraphError("the model has no subgraph; it must have one at least")
    for index, subgraph in enumerate(model.subgraphs):
        _Checker(f"subgraph {index} '{subgraph.name}'", subgraph).check()
    verify_calls(model)
    _verify_signatures(model)


class _Checker:
    """Walks the nodes of one subgraph with what is known at each point."""

    def __init__(self, where: str, subgraph: Subgraph) -> None:
        self.where = where
        self.subgraph = subgraph
        self.members = frozenset(subgraph.tensors)
        self.producers: dict[Tensor, str] = {}
        self.inputs = frozenset(subgraph.inputs)

    def check(self) -> None:
        for tensor in self.subgraph.tensors:
            verify_tensor(tensor, self.members)
        self._require_members(self.subgraph.inputs, f"the inputs of {self.where}")
        for index, node in enumerate(self.subgraph.nodes):
            self._node(f"{node.op.name} (node {index} of {self.where})", node)
        self._require_members(self.subgraph.outputs, f"the outputs of {self.where}")
        for tensor in self.subgraph.outputs:
            if not self._is_known(tensor):
                raise GraphError(
                    f"nothing computes '{tensor.name}', an output of {self.where}"
                )

    def _node(self, where: str, node: Node) -> None:
        read = [tensor for tensor in node.inputs if tensor is not None]
        self._require_members(read, where)
        self._require_members(node.intermediates, where)
        self._require_members(node.outputs, where)
        for tensor in read:
            if not self._is_known(tensor):
                raise GraphError(
                    f"{where} reads '{tensor.name}', which no node before it computes "
                    "and which is no graph input, constant or variable"
                )
        for tensor in node.outputs:
            self._output(where, tensor)

    def _output(self, where: str, tensor: Tensor) -> None:
        if tensor in self.producers:
            raise GraphError(
                f"{where} computes '{tensor.name}', as {self.producers[tensor]} does; "
                "a tensor is computed once"
            )
        reasons = (
            (tensor.is_constant, "constant"),
            (tensor.is_variable, "variable"),
            (tensor in self.inputs, "graph input"),
        )
        for holds, kind in reasons:
            if holds:
                raise GraphError(
                    f"{where} computes '{tensor.name}', which is a {kind}; only a "
                    "tensor without a value of its own can be computed"
                )
        self.producers[tensor] = where

    def _is_known(self, tensor: Tensor) -> bool:
        return (
            tensor in self.producers
            or tensor in self.inputs
            or tensor.is_constant
            or tensor.is_variable
        )

    def _require_members(self, tensors: Iterable[Tensor], where: str) -> None:
        for tensor in tensors:
            if tensor not in self.members:
                raise GraphError(
                    f"{where}: '{tensor.name}' is not among the tensors of {self.where}"
                )


def _verify_signatures(model: Model) -> None:
    inputs = [frozenset(subgraph.inputs) for subgraph in model.subgraphs]
    outputs = [frozenset(subgraph.outputs) for subgraph in model.subgraphs]
    seen: set[str] = set()
    for signature in model.signatures:
        where = f"signature '{signature.key}'"
        if signature.key in seen:
            raise GraphError(f"there are two signatures '{signature.key}'")
        seen.add(signature.key)
        index = signature.subgraph
        if not 0 <= index < len(model.subgraphs):
            raise GraphError(
                f"{where} is of subgraph {index}; there are {len(model.subgraphs)}"
            )
        _require_among(signature.inputs, inputs[index], where, "input")
        _require_among(signature.outputs, outputs[index], where, "output")


def _require_among(
    named: Mapping[str, Tensor], known: AbstractSet[Tensor], where: str, kind: str
) -> None:
    for name, tensor in named.items():
        if tensor not in known:
            raise GraphError(
                f"{where}: the {kind} '{name}' is the tensor '{tensor.name}', which is "
                f"no {kind} of its subgraph"
            )
