"""UNIDIRECTIONAL_SEQUENCE_LSTM: an LSTM cell along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ir.op import Free, Op, operator
from gossamer.ops.lstm_cell import Options
from gossamer.ops.lstm_layer import CELL_WEIGHTS, STATES, Layer
from gossamer.ops.recurrent import hybrid_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator(
    "UNIDIRECTIONAL_SEQUENCE_LSTM", code=44, options="UnidirectionalSequenceLSTMOptions"
)
class UnidirectionalSequenceLstm(Op):
    """Inputs: x (batch, time, I), or time first; weights, biases and states.

    Input weights (N, I), recurrent weights (N, O), peephole weights (N) and biases (N)
    come per gate, then the projection (O, N), its bias (O), the states of the outputs
    and of the cells, which are variables, and per gate the normalization (N).
    Recurrent weights may be a diagonal (N).
    """

    fused_activation_function: str = "none"
    cell_clip: float = 0.0
    proj_clip: float = 0.0
    time_major: bool = False
    asymmetric_quantize_inputs: bool = False
    diagonal_recurrent_tensors: bool = False

    output_quantization = Free()
    updates = STATES
    cell_weights = CELL_WEIGHTS

    def _layer(self) -> Layer:
        options = Options(
            self.fused_activation_function,
            self.cell_clip,
            self.proj_clip,
            self.asymmetric_quantize_inputs,
        )
        return Layer(self, options, self.time_major)

    def batch(self, *inputs: Tensor | None) -> int:
        x = inputs[0] if inputs else None
        if x is None or x.type.rank != 3:
            return -1
        return self._layer().batch(x.shape)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return self._layer().infer(inputs)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return self._layer().reference(inputs)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self._layer().integer(node, inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return self._layer().lower(node, target)

    def version(self, node: Node) -> int:
        if self.diagonal_recurrent_tensors:
            return 4
        return hybrid_version(node, (1, 2, 3), zero=self.asymmetric_quantize_inputs)
