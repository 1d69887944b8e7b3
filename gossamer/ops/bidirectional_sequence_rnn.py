"""BIDIRECTIONAL_SEQUENCE_RNN: an RNN cell forward and one backward along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ir.op import Op, operator, require
from gossamer.ops.bidirectional import Half, Pair
from gossamer.ops.recurrent import Checker, Given, hybrid_version
from gossamer.ops.rnn_cell import RnnOptions, RnnSlots, cell_of, check_cell
from gossamer.ops.rnn_steps import RnnPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

FORWARD = RnnSlots(1, 2, 3, 4, auxiliary=10)
BACKWARD = RnnSlots(5, 6, 7, 8, auxiliary=11)
AUXILIARY = 9
_INPUTS = 12


@operator(
    "BIDIRECTIONAL_SEQUENCE_RNN", code=46, options="BidirectionalSequenceRNNOptions"
)
class BidirectionalSequenceRnn(Op):
    """Inputs: x (batch, time, I), or time first; two cells; a second input.

    A cell's inputs are weights (N, I), recurrent weights (N, N), bias (N) and its
    state (B, N), a variable. With weights for it at the end, both cells see the second
    input beside x; without, the backward cell sees it in the place of x.
    """

    time_major: bool = False
    fused_activation_function: str = "none"
    merge_outputs: bool = False
    asymmetric_quantize_inputs: bool = False

    updates = (FORWARD.state, BACKWARD.state)

    def _pair(self) -> Pair:
        return Pair(self, self.time_major, self.merge_outputs, AUXILIARY)

    def _options(self) -> RnnOptions:
        return RnnOptions(
            self.fused_activation_function, self.asymmetric_quantize_inputs
        )

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        require(
            len(inputs) == _INPUTS, self, f"{len(inputs)} inputs; expected {_INPUTS}"
        )
        check = Checker(self, inputs)
        pair = self._pair()
        extra = (FORWARD.auxiliary, BACKWARD.auxiliary)
        stacked = check.same(extra, "the second input's weights")
        x, size = pair.check_inputs(check, stacked=stacked)
        units: list[int] = []
        for slots in (FORWARD, BACKWARD):
            count = check_cell(check, slots, x.shape[2], pair.batch(x))
            weights = check.present(slots.weights, "weights")
            check.shaped(slots.auxiliary, (count, size), (weights.dtype,))
            units.append(count)
        return pair.types(x, units[0], units[1])

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return self._run(Given(inputs))

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self._run(Given(inputs, node.inputs))

    def _run(self, given: Given) -> tuple[Array, ...]:
        forward, backward = (
            cell_of(given, slots, self._options()) for slots in (FORWARD, BACKWARD)
        )
        return self._pair().run(
            (forward.step, backward.step),
            given.arrays,
            ((given.array(FORWARD.state),), (given.array(BACKWARD.state),)),
            (forward.bias.size, backward.bias.size),
            stacked=given.array(FORWARD.auxiliary) is not None,
        )

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        stacked = node.optional(FORWARD.auxiliary) is not None

        def steps(half: Half) -> list[Step] | None:
            slots = BACKWARD if half.course.backward else FORWARD
            part = RnnPart(node, slots, self._options(), half.course)
            return part.steps(target, half.inputs, half.place)

        return self._pair().lower(node, steps, stacked=stacked)

    def version(self, node: Node) -> int:
        return hybrid_version(node, (1, 2, 3), zero=self.asymmetric_quantize_inputs)
