"""Recurrent cells as hybrid kernels take them: all weights in int8, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.quantization.recipe import MINIMUM_WEIGHTS, describe, is_real

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import Op
    from gossamer.quantization.recipe import Log


def hybrid_cell(
    node: Node,
    op: Op,
    int8: Callable[[Tensor, int | None], Tensor],
    log: Log = None,
) -> Node:
    """The node with the weights of its cell in int8, one scale for each.

    It stays as it is where they are not dense float constants, or where none of them
    has 1024 elements.

    Args:
        node: a node of an operator with `cell_weights`.
        op: the operator in its place.
        int8: the constant as int8, given it and the axis of its scales.
        log: told why weights stay in float.
    """
    indices = [i for i in node.op.cell_weights if node.optional(i) is not None]
    weights = [node.input(i) for i in indices]
    reason = _reason_to_keep(weights)
    if reason:
        if log is not None:
            log(f"{describe(node)} keeps its float weights: {reason}")
        return node
    made = dict(zip(indices, (int8(x, None) for x in weights), strict=True))
    inputs = tuple(made.get(index, x) for index, x in enumerate(node.inputs))
    return replace(node, op=op, inputs=inputs, version=0)


def _reason_to_keep(weights: list[Tensor]) -> str:
    """Why weights stay in float, or an empty string."""
    if not all(x.is_constant and is_real(x) and x.sparsity is None for x in weights):
        return "they are not dense float constants"
    largest = max(x.type.size for x in weights)
    if largest < MINIMUM_WEIGHTS:
        return f"{largest} elements at most, fewer than {MINIMUM_WEIGHTS}"
    return ""
