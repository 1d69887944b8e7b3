"""Which values of a graph no input changes, and what they are."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gossamer.frontends.tensorflow.framework import as_array, tensorflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.types import Array

_INPUTS = frozenset({"Placeholder", "PlaceholderWithDefault", "_Arg"})


class Constants:
    """The values of one graph that are known before it runs.

    Args:
        graph: a `tf.Graph` without variables.
    """

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._values: dict[str, Array] = {}
        self._varying: set[str] = set()
        for node in graph.get_operations():
            if _is_source(node) or any(self.varies(x.op) for x in node.inputs):
                self._varying.add(str(node.name))

    def varies(self, node: Any) -> bool:
        return str(node.name) in self._varying

    def prepare(self, nodes: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Have TensorFlow compute, at once, all that the nodes and outputs read."""
        read = [x for node in nodes for x in node.inputs] + list(outputs)
        wanted = {
            str(x.name): x for x in read if not self.varies(x.op) and _is_plain(x)
        }
        if not wanted:
            return
        with tensorflow().compat.v1.Session(graph=self._graph) as session:
            computed = session.run(list(wanted.values()))
        self._values.update(
            (name, as_array(value))
            for name, value in zip(wanted, computed, strict=True)
        )

    def value(self, tensor: Any) -> Array | None:
        """The value of a tensor, None if it varies.

        What was not asked for in `prepare` is found where it follows from static
        shapes, or is a constant itself.
        """
        name = str(tensor.name)
        if name in self._values:
            return self._values[name]
        static = tensorflow().get_static_value(tensor)
        return None if static is None else as_array(static)

    @staticmethod
    def library_graph(name: str, graph: Any) -> Any:
        """The graph of a function in a graph's library."""
        making: Any = importlib.import_module(
            "tensorflow.python.framework.function_def_to_graph"
        )
        definition = graph.as_graph_def().library
        found = next(
            each for each in definition.function if each.signature.name == name
        )
        with graph.as_default():
            return making.function_def_to_graph(found)


def _is_plain(tensor: Any) -> bool:
    """Whether a tensor holds numbers or text, and no handle."""
    return tensor.dtype.name not in ("resource", "variant")


def _is_source(node: Any) -> bool:
    """Whether a node's results depend on the caller or the run, or are handles."""
    if node.type in _INPUTS or bool(node.op_def and node.op_def.is_stateful):
        return True
    return not all(_is_plain(y) for y in node.outputs)
