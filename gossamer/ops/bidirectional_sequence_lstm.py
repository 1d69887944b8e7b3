"""BIDIRECTIONAL_SEQUENCE_LSTM: an LSTM cell forward and one backward along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.bidirectional import Half, Pair
from gossamer.ops.lstm_cell import LstmCell, Options, Slots, cell_sizes, check_cell
from gossamer.ops.lstm_layer import check_options
from gossamer.ops.lstm_steps import Part
from gossamer.ops.recurrent import Checker, Given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

FORWARD = Slots.of(1, (35, 36), auxiliary=40)
BACKWARD = Slots.of(18, (37, 38), auxiliary=44)
AUXILIARY = 39
_INPUTS = 48


@operator(
    "BIDIRECTIONAL_SEQUENCE_LSTM", code=52, options="BidirectionalSequenceLSTMOptions"
)
class BidirectionalSequenceLstm(Op):
    """Inputs: x (time, batch, I), or batch first; two cells; states; a second input.

    A cell's inputs are those of UNIDIRECTIONAL_SEQUENCE_LSTM up to its projection's
    bias. The states are variables: outputs and cells forward, then backward. With
    weights per gate and cell at the end, both cells see the second input beside x;
    without, the backward cell sees it in the place of x.
    """

    fused_activation_function: str = "none"
    cell_clip: float = 0.0
    proj_clip: float = 0.0
    merge_outputs: bool = False
    time_major: bool = True
    asymmetric_quantize_inputs: bool = False

    updates = (35, 36, 37, 38)

    def _pair(self) -> Pair:
        return Pair(self, self.time_major, self.merge_outputs, AUXILIARY)

    def _options(self) -> Options:
        return Options(
            self.fused_activation_function,
            self.cell_clip,
            self.proj_clip,
            self.asymmetric_quantize_inputs,
        )

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        require(
            len(inputs) == _INPUTS, self, f"{len(inputs)} inputs; expected {_INPUTS}"
        )
        check = Checker(self, inputs)
        pair = self._pair()
        check_options(self, self._options())
        required = [
            slots.auxiliary[i] for slots in (FORWARD, BACKWARD) for i in (1, 2, 3)
        ]
        stacked = check.same(required, "the second input's weights")
        x, size = pair.check_inputs(check, stacked=stacked)
        outputs: list[int] = []
        for slots in (FORWARD, BACKWARD):
            sizes = cell_sizes(check, slots, x.shape[2])
            check_cell(check, slots, sizes, pair.batch(x), DType.FLOAT32)
            weights = check.present(slots.weights[3], "weights")
            if stacked and check.optional(slots.weights[0]) is not None:
                check.present(slots.auxiliary[0], "weights of the second input")
            for index in slots.auxiliary:
                check.shaped(index, (sizes.cells, size), (weights.dtype,))
            outputs.append(sizes.outputs)
        return pair.types(x, outputs[0], outputs[1])

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return self._run(Given(inputs))

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self._run(Given(inputs, node.inputs))

    def _run(self, given: Given) -> tuple[Array, ...]:
        stacked = given.array(FORWARD.auxiliary[1]) is not None
        forward, backward = (
            LstmCell.of(given, slots, self._options(), auxiliary=stacked)
            for slots in (FORWARD, BACKWARD)
        )
        return self._pair().run(
            (forward.step, backward.step),
            given.arrays,
            (
                (given.array(35), given.array(36)),
                (given.array(37), given.array(38)),
            ),
            (
                given.array(FORWARD.recurrent[3]).shape[1],
                given.array(BACKWARD.recurrent[3]).shape[1],
            ),
            stacked=stacked,
        )

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        stacked = node.optional(FORWARD.auxiliary[1]) is not None

        def steps(half: Half) -> list[Step] | None:
            slots = BACKWARD if half.course.backward else FORWARD
            part = Part(node, slots, self._options(), half.course, stacked)
            return part.steps(target, half.inputs, half.place)

        return self._pair().lower(node, steps, stacked=stacked)

    def version(self, node: Node) -> int:
        weights = node.input(FORWARD.weights[3])
        if weights.dtype is DType.FLOAT32:
            return 1
        return 3 if self.asymmetric_quantize_inputs else 2
