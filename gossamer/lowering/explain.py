"""Words for people: why a kernel was picked, and why a node has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.op import Builtin, Custom, Op

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.lowering.program import PlacedStep

_HELPERS = {
    "border": "the image with its border, so that every tap of a filter lies inside",
    "reform": "the elements in the form that the product reads",
    "quantize_items": "each item in int8 by its own range, for int8 weights",
    "table": "a table of all 256 results",
    "move": "elements are moved, nothing is computed",
}


def why_kernel(step: PlacedStep) -> str:
    """Why a step runs through its kernel, in a few words."""
    if step.note:
        return step.note
    known = _HELPERS.get(step.kernel.name)
    if known:
        return known
    elements = step.node.output.type.size if step.node.outputs else 0
    return f"one pass over {elements:,} elements"


def why_interpreted(node: Node) -> str:
    """Why a node runs through its meaning in NumPy."""
    op = node.op
    if isinstance(op, Custom):
        return "a custom operator has no kernel"
    if isinstance(op, Builtin) or type(op).lower is Op.lower:
        return f"there is no kernel for {op.name}"
    types = ", ".join(dict.fromkeys(_type(x) for x in node.inputs if x is not None))
    return f"the kernel of {op.name} does not take this form of it: {types}"


def _type(tensor: Tensor) -> str:
    state = "constant" if tensor.is_constant else "computed"
    return f"{state} {tensor.type}"
