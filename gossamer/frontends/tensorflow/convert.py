"""TensorFlow functions as a `Model`: walk their graphs, apply a rule to each operation.

What no input changes is computed by TensorFlow itself, at once, and becomes constants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gossamer.errors import GraphError, UnsupportedError
from gossamer.frontends.emitter import Store, dims
from gossamer.frontends.report import (
    GENERAL_REMEDY,
    Issue,
    Unsupported,
    raise_for,
)
from gossamer.frontends.tensorflow.constants import Constants
from gossamer.frontends.tensorflow.framework import dtype_of, shape_of
from gossamer.frontends.tensorflow.operation import Operation
from gossamer.frontends.tensorflow.registry import entry_of
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Signature, Tensor
from gossamer.ir.types import DType, TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.tensorflow.functions import Function
    from gossamer.frontends.tensorflow.registry import Rule
    from gossamer.ir.graph import Subgraph
    from gossamer.ir.types import Array, Shape

_CALLS = ("StatefulPartitionedCall/", "PartitionedCall/")
"""What inlining puts before the names of a function's operations."""


def from_functions(functions: Sequence[Function]) -> Model:
    """One model with a signature for each function.

    Raises:
        ConversionError: parts have no conversion; every such part is named.
    """
    store, problems = Store(), Problems()
    made = [_converted(function, store, problems) for function in functions]
    raise_for(functions[0].key, problems.issues, "TensorFlow function")
    first, *others = (subgraph for subgraph, _ in made)
    subgraphs = (first, *store.subgraphs, *others)
    signatures = [signature for _, signature in made]
    places = [0, *range(1 + len(store.subgraphs), len(subgraphs))]
    return Model(
        subgraphs,
        tuple(
            Signature(each.key, each.inputs, each.outputs, place)
            for each, place in zip(signatures, places, strict=True)
        ),
        description="Gossamer converted.",
    )


def _converted(
    function: Function, store: Store, problems: Problems
) -> tuple[Subgraph, Signature]:
    title = "main" if function.key == "serving_default" else function.key
    walk = Walk(function.graph, Builder(title), store, problems)
    inputs = {key: walk.begin(key, tensor) for key, tensor in function.inputs.items()}
    found = walk.run(list(function.outputs.values()))
    subgraph = walk.builder.finish(found)
    outputs = dict(zip(function.outputs, found, strict=True))
    return subgraph, Signature(function.key, inputs, outputs)


@dataclass(slots=True)
class Problems:
    """What could not be converted, and the tensors that stand for it."""

    issues: list[Issue] = field(default_factory=list[Issue])
    stand_ins: set[Tensor] = field(default_factory=set[Tensor])


@dataclass(slots=True)
class Walk:
    """The conversion of one graph; it goes on after a failure to find the others."""

    graph: Any
    builder: Builder
    store: Store
    problems: Problems
    _made: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    _constants: Constants = field(init=False)

    def __post_init__(self) -> None:
        self._constants = Constants(self.graph)

    def begin(self, name: str, tensor: Any) -> Tensor:
        """An input of the subgraph."""
        kind = TensorType(dtype_of(tensor.dtype), shape_of(tensor) or ())
        made = self.builder.input(name, kind)
        self._made[str(tensor.name)] = made
        return made

    def run(self, outputs: Sequence[Any]) -> list[Tensor]:
        """Convert all that leads to the outputs."""
        nodes = self._needed(outputs)
        self._constants.prepare(nodes, outputs)
        for node in nodes:
            results = self._convert(node)
            for tensor, result in zip(node.outputs, results, strict=False):
                self._made[str(tensor.name)] = result
        return [self._end(tensor) for tensor in outputs]

    def known(self, tensor: Any) -> Array | None:
        return self._constants.value(tensor)

    def tensor(self, tensor: Any) -> Tensor:
        return self._made[str(tensor.name)]

    def shape(self, tensor: Any) -> Shape | None:
        made = self._made.get(str(tensor.name))
        return shape_of(tensor) if made is None else dims(made)

    def subgraph(self, name: str, handed: Sequence[Tensor]) -> int:
        graph = self._constants.library_graph(name, self.graph)
        walk = Walk(graph, Builder(name), self.store, self.problems)
        for symbol, tensor in zip(graph.inputs, handed, strict=True):
            walk.begin_as(symbol, tensor)
        made = walk.builder.finish(walk.run(list(graph.outputs)))
        return self.store.add_subgraph(made)

    def begin_as(self, symbol: Any, tensor: Tensor) -> None:
        """An input of a called subgraph, of the type of what is handed to it."""
        free = tensor.shape if tensor.signature is None else tensor.signature
        made = self.builder.input(str(symbol.op.name), TensorType(tensor.dtype, free))
        self._made[str(symbol.name)] = made
        if tensor in self.problems.stand_ins:
            self.problems.stand_ins.add(made)

    def _end(self, tensor: Any) -> Tensor:
        value = self.known(tensor)
        if value is None:
            return self._made[str(tensor.name)]
        return self._emitter(tensor.op).constant("value", value)

    def _needed(self, outputs: Sequence[Any]) -> list[Any]:
        """The operations that lead to the outputs, each after its sources."""
        found: list[Any] = []
        done: set[str] = set()
        pending = [(tensor.op, False) for tensor in reversed(outputs)]
        while pending:
            node, is_ready = pending.pop()
            if is_ready:
                found.append(node)
                continue
            if node.name in done or not self._is_ours(node):
                continue
            done.add(node.name)
            pending.append((node, True))
            pending.extend((x.op, False) for x in reversed(self._read(node)))
        return found

    def _is_ours(self, node: Any) -> bool:
        """Whether a node has to be converted: it varies, and is no input."""
        if not self._constants.varies(node):
            return False
        return str(node.outputs[0].name) not in self._made if node.outputs else True

    def _read(self, node: Any) -> list[Any]:
        """The inputs that a rule takes as tensors."""
        entry = entry_of(node.type)
        inputs = list(node.inputs)
        if entry is None:
            return inputs
        only = None if entry.reads is None else entry.reads(node, self)
        if only is not None:
            return [only]
        static = {index % len(inputs) for index in entry.known if inputs}
        return [x for index, x in enumerate(inputs) if index not in static]

    def _convert(self, node: Any) -> Sequence[Tensor]:
        operation = self._emitter(node)
        try:
            rule = _rule_of(node)
            if not self._reads_stand_in(node):
                result = rule(operation)
                return [result] if isinstance(result, Tensor) else result
        except Unsupported as problem:
            self._note(operation, problem.reason, problem.remedy)
        except (GraphError, UnsupportedError, TypeError) as problem:
            self._note(operation, str(problem), GENERAL_REMEDY)
        return [self._stand_in(operation.path, tensor) for tensor in node.outputs]

    def _emitter(self, node: Any) -> Operation:
        return Operation(_path_of(node), self.builder, self.store, node, self)

    def _note(self, operation: Operation, reason: str, remedy: str) -> None:
        shapes = ", ".join(
            f"{x.dtype.name}{list(shape_of(x) or ['?'])}" for x in operation.node.inputs
        )
        kind = operation.kind
        self.problems.issues.append(
            Issue(operation.path, kind, shapes or "no tensor", reason, remedy)
        )

    def _stand_in(self, path: str, tensor: Any) -> Tensor:
        """A tensor for what could not be converted, so that the walk can go on."""
        free = shape_of(tensor) or ()
        shape = tuple(max(dim, 1) for dim in free)
        try:
            dtype = dtype_of(tensor.dtype)
        except TypeError:
            dtype = DType.FLOAT32
        made = Tensor(path, TensorType(dtype, shape), signature=free)
        self.problems.stand_ins.add(made)
        return made

    def _reads_stand_in(self, node: Any) -> bool:
        """Whether something before it failed, so that it could but follow."""
        made = (self._made.get(str(x.name)) for x in node.inputs)
        return any(x in self.problems.stand_ins for x in made)


def _rule_of(node: Any) -> Rule:
    entry = entry_of(node.type)
    if entry is None:
        raise Unsupported("there is no rule for this operation")
    return entry.rule


def _path_of(node: Any) -> str:
    name = str(node.name)
    for call in _CALLS:
        name = name.removeprefix(call)
    return name
