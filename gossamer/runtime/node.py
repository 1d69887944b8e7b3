"""Run one node through its meaning, and say which it was where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.errors import ExecutionError, GossamerError, GraphError
from gossamer.ir.op import evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node

UNFIT = (ArithmeticError, LookupError, MemoryError, TypeError, ValueError)
"""What NumPy raises where a file states shapes or types that cannot be."""


def run_node(index: int, node: Node, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The outputs of node number `index`, then the new values of its state.

    Raises:
        ExecutionError: the operator cannot work on these values.
    """
    try:
        return evaluate(node, inputs)
    except GraphError as error:
        raise failed(index, node, error) from error
    except GossamerError as error:
        raise type(error)(str(failed(index, node, error))) from error
    except UNFIT as error:
        raise failed(index, node, error) from error


def failed(index: int, node: Node, why: object) -> ExecutionError:
    """The error of a node that could not run."""
    return ExecutionError(
        f"Node number {index} ({node.op.name}) failed to invoke: {why}"
    )
