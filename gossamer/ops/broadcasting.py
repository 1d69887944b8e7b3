"""Shapes that stretch to fit each other, from the last axis on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.ir.op import Op, require

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape


def broadcast_shapes(op: Op, left: Shape, right: Shape) -> Shape:
    """The common shape of two; a free dimension (-1) stays free beside 1 or -1.

    Raises:
        GraphError: two sizes differ and neither is 1.
    """
    rank = max(len(left), len(right))
    padded_left = (1,) * (rank - len(left)) + left
    padded_right = (1,) * (rank - len(right)) + right
    shape: list[int] = []
    for one, other in zip(padded_left, padded_right, strict=True):
        fits = one == other or 1 in (one, other) or -1 in (one, other)
        require(
            fits,
            op,
            f"the shapes {left} and {right} do not broadcast: {one} against {other}",
        )
        if -1 in (one, other):
            known = max(one, other)
            shape.append(known if known > 1 else -1)
        else:
            shape.append(other if one == 1 else one)
    return tuple(shape)


def pair(op: Op, inputs: tuple[Tensor | None, ...]) -> tuple[Tensor, Tensor]:
    """The two inputs of an operator that needs both.

    Raises:
        GraphError: one is missing.
    """
    found = [x for x in inputs if x is not None]
    require(len(found) == len(inputs) == 2, op, f"got {len(found)} inputs; expected 2")
    return found[0], found[1]


def single(op: Op, inputs: tuple[Tensor | None, ...]) -> Tensor:
    """The one input of an operator.

    Raises:
        GraphError: it is missing, or there are more.
    """
    found = [x for x in inputs if x is not None]
    require(len(found) == len(inputs) == 1, op, f"got {len(found)} inputs; expected 1")
    return found[0]


def same_type(op: Op, left: Tensor, right: Tensor) -> None:
    """Raise `GraphError` unless both tensors hold the same element type."""
    require(
        left.dtype is right.dtype,
        op,
        f"'{left.name}' is {left.dtype.title} and '{right.name}' is "
        f"{right.dtype.title}; both must have one element type",
    )
