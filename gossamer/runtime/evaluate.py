"""Run nodes by their meaning, one after another, with values in a dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import ExecutionError, GossamerError, GraphError
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.ir.types import Array, Shape

UNFIT = (ArithmeticError, LookupError, MemoryError, TypeError, ValueError)
"""What NumPy raises where a file states shapes or types that cannot be."""


def run_node(
    index: int, node: Node, inputs: Sequence[Array | None], environment: Environment
) -> tuple[Any, ...]:
    """A value for each tensor of `node.written`.

    Raises:
        ExecutionError: the node cannot take the values.
    """
    try:
        results = node.op.perform(node, inputs, environment)
    except GraphError as error:
        raise failed(index, node.op.name, error) from error
    except GossamerError as error:
        raise type(error)(str(failed(index, node.op.name, error))) from error
    except RecursionError as error:
        raise failed(
            index, node.op.name, "too many calls inside one another"
        ) from error
    except UNFIT as error:
        raise failed(index, node.op.name, error) from error
    if len(results) != len(node.written):
        why = f"it gave {len(results)} results for {len(node.written)} outputs"
        raise failed(index, node.op.name, why)
    return results


def failed(index: int, name: str, why: object) -> ExecutionError:
    """The error of a node that could not run."""
    return ExecutionError(f"Node number {index} ({name}) failed to invoke: {why}")


def store(result: Any, view: Array, node: Node) -> None:
    """Put one of a node's results into its memory.

    Raises:
        ExecutionError: it has another size than was inferred.
    """
    array = np.asarray(result)
    if array.size != view.size:
        raise ExecutionError(
            f"{node.op.name} gave a result of shape {list(array.shape)}, where its "
            f"shape rule says {list(view.shape)}"
        )
    view[...] = array.reshape(view.shape)


def run_subgraph(
    subgraph: Subgraph,
    inputs: Sequence[Array],
    environment: Environment,
    variables: dict[Tensor, Array],
) -> tuple[Array, ...]:
    """The outputs of a subgraph; `variables` are those tensors that keep a value."""
    values: dict[Tensor, Array] = dict(zip(subgraph.inputs, inputs, strict=True))
    for tensor in subgraph.tensors:
        if tensor.data is not None:
            values[tensor] = tensor.data
        elif tensor.is_variable:
            values[tensor] = variables.setdefault(
                tensor, blank(tensor.shape, tensor.dtype)
            )
    for index, node in enumerate(subgraph.nodes):
        arrays = [None if x is None else values[x] for x in node.inputs]
        results = run_node(index, node, arrays, environment)
        for tensor, result in zip(node.written, results, strict=True):
            values[tensor] = np.asarray(result, tensor.dtype.numpy)
            if tensor.is_variable:
                variables[tensor] = values[tensor].copy()
    return tuple(np.array(values[y]) for y in subgraph.outputs)


def blank(shape: Shape, dtype: DType) -> Array:
    """Zeros, or empty strings."""
    if dtype is DType.STRING:
        return np.full(shape, b"", np.object_)
    return np.zeros(shape, dtype.numpy)
