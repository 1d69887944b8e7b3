"""Convolution2DTransposeBias: MediaPipe's transposed convolution, a custom operator."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from gossamer.errors import FormatError
from gossamer.ir.op import Op, custom_operator, require
from gossamer.ir.types import TensorType
from gossamer.ops.arithmetic_of import Task
from gossamer.ops.conv_2d import check_bias, check_ranks, take
from gossamer.ops.placed_steps import transposed_steps
from gossamer.ops.window import Window, convolve_transposed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

_PADDINGS = {"same": 1, "valid": 2}
_OPTIONS = struct.Struct("<3i")
"""Padding, horizontal and vertical stride; later readers append more."""


@custom_operator("Convolution2DTransposeBias")
class Convolution2DTransposeBias(Op):
    """Inputs: x (N, H, W, C), weights (O, KH, KW, C), bias (O).

    The output's size follows from the input's: with 'same' padding as much is cut off
    as makes it the smallest that a convolution of these strides takes to H by W.
    """

    padding: str = "same"
    stride_w: int = 0
    stride_h: int = 0
    rest: bytes = b""

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        if len(data) < _OPTIONS.size:
            raise FormatError(
                f"Convolution2DTransposeBias has {len(data)} bytes of options; "
                f"expected at least {_OPTIONS.size}"
            )
        code, right, down = _OPTIONS.unpack_from(data)
        names = [name for name, number in _PADDINGS.items() if number == code]
        if not names:
            raise FormatError(
                f"Convolution2DTransposeBias has padding {code}; expected "
                "1 (same) or 2 (valid)"
            )
        return cls(names[0], right, down, data[_OPTIONS.size :])

    def to_bytes(self) -> bytes:
        code = _PADDINGS[self.padding]
        return _OPTIONS.pack(code, self.stride_w, self.stride_h) + self.rest

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, weights, bias = take(self, inputs)
        require(bias is not None, self, "the bias cannot be left out")
        check_ranks(self, x, weights)
        outputs, height, width, depth = weights.shape
        require(
            x.shape[3] in (depth, -1),
            self,
            f"the input has {x.shape[3]} channels; the weights expect {depth}",
        )
        check_bias(self, bias, outputs)
        window = self._window(height, width)
        window.check(self)
        sizes = _sizes(window, x.shape)
        return (TensorType(x.dtype, (x.shape[0], *sizes, outputs)),)

    def _window(self, height: int, width: int) -> Window:
        return Window(self.padding, (height, width), (self.stride_h, self.stride_w))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, weights, bias = inputs
        window = self._window(*weights.shape[1:3])
        return (
            convolve_transposed(x, weights, window, _sizes(window, x.shape)) + bias,
        )

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, weights, bias = (node.input(index) for index in range(3))
        task = Task(x, weights, bias, node.output, "none")
        return transposed_steps(task, self._window(*weights.shape[1:3]), target)


def _sizes(window: Window, shape: Shape) -> tuple[int, int]:
    """Height and width of the output, -1 where the input's is free."""
    return _size(window, shape[1], 0), _size(window, shape[2], 1)


def _size(window: Window, size: int, axis: int) -> int:
    if size < 1:
        return -1 if size < 0 else 0
    kernel, stride = window.kernel[axis], window.stride[axis]
    reach = stride * (size - 1) + kernel
    if window.padding == "valid":
        return reach
    return reach - max(0, kernel - (size - 1) % stride - 1)
