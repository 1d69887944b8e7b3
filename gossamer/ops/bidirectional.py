"""A cell forward and a cell backward along time: what LSTM and RNN have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, require
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.recurrent.layer import Course
from gossamer.ops.recurrent import Checker, Walk, fits
from gossamer.ops.recurrent_steps import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.ops.recurrent import Cell, State


@dataclass(frozen=True, slots=True)
class Half:
    """What one of the two cells sees of a node, and where its outputs go."""

    course: Course
    inputs: tuple[Tensor, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Pair:
    """The operator `op` with two cells; `auxiliary` is the index of its second input.

    Where there are weights for it (`stacked`), both cells see it beside the input.
    Without them it takes the place of the backward cell's input.
    """

    op: Op
    time_major: bool
    merge_outputs: bool
    auxiliary: int

    def check_inputs(self, check: Checker, *, stacked: bool) -> tuple[Tensor, int]:
        """The input, and the size of the second one (0 if there is none).

        Raises:
            GraphError: the inputs do not fit each other.
        """
        x = check.present(0, "input")
        check.typed(x, (DType.FLOAT32,))
        require(
            x.type.rank == 3,
            self.op,
            f"the input '{x.name}' has rank {x.type.rank}; expected 3",
        )
        other = check.optional(self.auxiliary)
        if other is None:
            require(
                not stacked, self.op, "there are weights for a second input, but none"
            )
            return x, 0
        check.typed(other, (DType.FLOAT32,))
        size = -1 if stacked else x.shape[2]
        require(
            fits(other.shape, (*x.shape[:2], size)),
            self.op,
            f"the second input '{other.name}' has the shape {other.shape}; expected "
            f"{(*x.shape[:2], size)}",
        )
        return x, other.shape[2]

    def batch(self, x: Tensor) -> int:
        """How many sequences the input holds."""
        return x.shape[1 if self.time_major else 0]

    def types(self, x: Tensor, forward: int, backward: int) -> tuple[TensorType, ...]:
        """The outputs' types, for cells with so many outputs."""
        lead = x.shape[:2]
        if not self.merge_outputs:
            return (
                TensorType(x.dtype, (*lead, forward)),
                TensorType(x.dtype, (*lead, backward)),
            )
        together = forward + backward if min(forward, backward) >= 0 else -1
        return (TensorType(x.dtype, (*lead, together)),)

    def run(
        self,
        cells: tuple[Cell, Cell],
        inputs: Sequence[Any],
        states: tuple[State, State],
        sizes: tuple[int, int],
        *,
        stacked: bool,
    ) -> tuple[Array, ...]:
        """The outputs and the new states of both cells."""
        x: Any = inputs[0]
        other: Any = inputs[self.auxiliary]
        forward = (x, other) if stacked else (x,)
        backward = forward if stacked or other is None else (other,)
        outputs: list[Array] = []
        after: list[Array] = []
        for index, given in enumerate((forward, backward)):
            walk = Walk(self.time_major, backward=index == 1)
            y, state = walk(cells[index], given, states[index], sizes[index])
            outputs.append(y)
            after.extend(state)
        if self.merge_outputs:
            outputs = [np.concatenate(outputs, axis=2)]
        return (*outputs, *after)

    def lower(
        self,
        node: Node,
        steps: Callable[[Half], list[Step] | None],
        *,
        stacked: bool,
    ) -> list[Step] | None:
        """The steps of both cells, each by `steps`; None where one has no kernel."""
        x, other = node.input(0), node.optional(self.auxiliary)
        both: list[Step] = []
        first = 0
        for backward in (False, True):
            inputs = (x,)
            if other is not None:
                inputs = (x, other) if stacked else ((other,) if backward else (x,))
            y = node.outputs[-1 if backward else 0]
            course = Course(
                self.batch(x),
                x.shape[0 if self.time_major else 1],
                self.time_major,
                backward,
            )
            place = Place(y, y.shape[2], first)
            made = steps(Half(course, inputs, place))
            if made is None:
                return None
            both += made
            first = self._forward_outputs(node)
        return both

    def _forward_outputs(self, node: Node) -> int:
        """Where the backward cell's columns begin in its output."""
        if not self.merge_outputs:
            return 0
        state = node.input(self.op.states()[0])
        batch = self.batch(node.input(0))
        return state.type.size // batch if batch else 0
