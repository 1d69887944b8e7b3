"""Give every tensor of a subgraph the shape that chosen input shapes lead to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import acts, evaluate
from gossamer.ir.types import TensorType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.ir.types import Array, Shape

LARGEST_FOLDED = 1024
"""Elements of the largest value that is computed ahead: shapes are far smaller."""

SHAPE_READERS = frozenset({"SHAPE", "RANK"})
"""Operators that read the shape of their input and not its values."""


def infer_shapes(
    subgraph: Subgraph, shapes: Mapping[Tensor, Shape]
) -> dict[Tensor, Tensor]:
    """The tensors as they are when the inputs have the given shapes.

    Values that depend on shapes alone, such as the target of a RESHAPE that is
    computed from SHAPE, become data, so that the shapes behind them are known too.

    Args:
        subgraph: the graph; `gossamer.ir.rewrite.substitute` takes the result.
        shapes: a shape for each input that is to differ from the file's.

    Returns:
        The inputs and computed tensors, each with a tensor of the new type and no
        signature. A dimension that only running the model can tell is -1.

    Raises:
        GraphError: an operator cannot take the shapes that reach it.
    """
    made: dict[Tensor, Tensor] = {}
    for tensor in subgraph.inputs:
        made[tensor] = _with_shape(tensor, shapes.get(tensor, tensor.shape))
    for index, node in enumerate(subgraph.nodes):
        try:
            inputs = tuple(None if x is None else made.get(x, x) for x in node.inputs)
            states = fixed_states(node, inputs)
            if states:
                made.update(states)
                inputs = tuple(None if x is None else states.get(x, x) for x in inputs)
            made.update(infer_node(node, inputs))
        except GraphError as error:
            raise GraphError(
                f"Node number {index} ({node.op.name}) failed to prepare: {error}"
            ) from error
    return made


def fixed_states(node: Node, inputs: tuple[Tensor | None, ...]) -> dict[Tensor, Tensor]:
    """The states of a node whose first size is free, with as many rows as `inputs`."""
    found: dict[Tensor, Tensor] = {}
    for index in node.op.states():
        state = node.optional(index)
        if state is None or state.signature is None or state.signature[:1] != (-1,):
            continue
        rows = node.op.batch(*inputs)
        if rows >= 0 and inputs[index] is state:
            found[state] = _with_shape(state, (rows, *state.shape[1:]))
    return found


def infer_node(node: Node, inputs: tuple[Tensor | None, ...]) -> dict[Tensor, Tensor]:
    """What becomes of a node's outputs when it is given `inputs`.

    Raises:
        GraphError: the operator cannot take them.
    """
    if node.op.declares_outputs:
        return _declared(node, inputs)
    types = node.op.infer_node(replace(node, inputs=inputs))
    outputs = {
        y: replace(_with_shape(y, type_.shape), data=y.data)
        for y, type_ in zip(node.outputs, types, strict=True)
    }
    for y, array in zip(node.outputs, _folded(node, inputs, outputs), strict=False):
        outputs[y] = replace(_with_shape(y, array.shape), data=array)
    return outputs


def _declared(node: Node, inputs: tuple[Tensor | None, ...]) -> dict[Tensor, Tensor]:
    """The types that the file gives, which hold for the inputs' shapes in the file."""
    same = all(
        x is None or made is None or x.shape == made.shape
        for x, made in zip(node.inputs, inputs, strict=True)
    )
    return {
        y: _with_shape(y, (y.signature or y.shape) if same else (-1,) * len(y.shape))
        for y in node.outputs
    }


def _folded(
    node: Node,
    inputs: tuple[Tensor | None, ...],
    outputs: Mapping[Tensor, Tensor],
) -> tuple[Array, ...]:
    """The values of the outputs where they are small and known; else nothing."""
    if not inputs or node.op.states() or acts(node.op):
        return ()
    small = all(
        y.type.is_static and y.type.size <= LARGEST_FOLDED and y.dtype.is_integer
        for y in outputs.values()
    )
    if not small:
        return ()
    if node.op.name in SHAPE_READERS:
        return _of_shape(node, inputs[0])
    known = [x for x in inputs if x is None or (x.is_constant and x.sparsity is None)]
    if len(known) < len(inputs):
        return ()
    return evaluate(node, [None if x is None else x.data for x in inputs])


def _of_shape(node: Node, tensor: Tensor | None) -> tuple[Array, ...]:
    """What a reader of shapes gives: any array of the shape serves as its input."""
    if tensor is None or not tensor.type.is_static:
        return ()
    array = np.broadcast_to(np.zeros((), tensor.dtype.numpy), tensor.shape)
    return node.op.reference(array)


def _with_shape(tensor: Tensor, shape: Shape) -> Tensor:
    return replace(tensor, type=TensorType(tensor.dtype, tuple(shape)), signature=None)
