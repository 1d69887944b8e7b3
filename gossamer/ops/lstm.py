"""LSTM: a cell on one moment, of the full kind or the basic one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ir.op import Op, operator
from gossamer.ops import lstm_basic
from gossamer.ops.lstm_cell import Options
from gossamer.ops.lstm_layer import STATES, Layer
from gossamer.ops.recurrent import hybrid_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("LSTM", code=16, options="LSTMOptions")
class Lstm(Op):
    """Full: inputs as UNIDIRECTIONAL_SEQUENCE_LSTM, with x (B, I): one moment.

    Basic: x (B, I), h (B, N), weights (4N, I + N), bias (4N), c (B, N); the outputs are
    the new h and c, [x, h] (B, I + N) and the gates (B, 4N). The new h and c are also
    written over the old.
    """

    fused_activation_function: str = "none"
    cell_clip: float = 0.0
    proj_clip: float = 0.0
    kernel_type: str = "full"
    asymmetric_quantize_inputs: bool = False

    updates = STATES

    @property
    def _is_basic(self) -> bool:
        return self.kernel_type == "basic"

    def states(self) -> tuple[int, ...]:
        return lstm_basic.STATES if self._is_basic else STATES

    def _layer(self) -> Layer:
        options = Options(
            self.fused_activation_function,
            self.cell_clip,
            self.proj_clip,
            self.asymmetric_quantize_inputs,
        )
        return Layer(self, options, time_major=True, rank=2)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        if self._is_basic:
            return lstm_basic.infer(self, inputs)
        return self._layer().infer(inputs)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        if self._is_basic:
            return lstm_basic.reference(*inputs)
        return self._layer().reference(inputs)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        if not self._is_basic:
            return self._layer().integer(node, inputs)
        if inputs[0].dtype.kind == "f":
            return lstm_basic.reference(*inputs)
        return lstm_basic.integer(node, *inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return None if self._is_basic else self._layer().lower(node, target)

    def version(self, node: Node) -> int:
        if self._is_basic:
            return 2
        return hybrid_version(node, (1, 3, 4), zero=self.asymmetric_quantize_inputs)
