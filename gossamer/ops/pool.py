"""AVERAGE_POOL_2D, MAX_POOL_2D, L2_POOL_2D: one number per window and channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import activate, activation_range
from gossamer.ir.op import NotQuantized, Op, SameAsInput, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.arithmetic.clamp import ACTIVATION_LIMITS
from gossamer.kernels.step import Step
from gossamer.kernels.windows.pool import (
    FloatMaximum,
    FloatMean,
    FloatRoot,
    IntegerMaximum,
    IntegerMean,
    pool,
)
from gossamer.nest.build import Nest
from gossamer.ops.product_steps import sliding
from gossamer.ops.stored import STORED
from gossamer.ops.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.windows.pool import PoolArithmetic
    from gossamer.nest.target import Target


class Pool(Op):
    """What the pools share: windows over an input (N, H, W, C)."""

    __slots__ = ()

    if TYPE_CHECKING:
        padding: str
        stride_w: int
        stride_h: int
        filter_width: int
        filter_height: int
        fused_activation_function: str

    def window(self) -> Window:
        """How the window moves."""
        return Window(
            self.padding,
            (self.filter_height, self.filter_width),
            (self.stride_h, self.stride_w),
        )

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x = inputs[0] if len(inputs) == 1 else None
        if x is None or len(x.shape) != 4:
            found = "nothing" if x is None else f"rank {len(x.shape)}"
            require(False, self, f"got {found}; expected one input of rank 4")
            raise AssertionError
        shape = self.window().output_shape(self, x.shape, x.shape[3])
        return (TensorType(x.dtype, shape),)

    def version(self, node: Node) -> int:
        return {DType.INT8: 2, DType.INT16: 3}.get(node.input(0).dtype, 1)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        arithmetic = self.arithmetic(node, target)
        if arithmetic is None or not y.type.size:
            return None
        window = sliding(x.shape, y.shape, self.window())
        nest = Nest("pool", target)
        pool(nest, window, arithmetic, nest.pointer(), nest.pointer())
        return [Step(nest.finish(), (x, y), y.shape[0] * y.shape[1], (1,))]

    def arithmetic(self, node: Node, target: Target) -> PoolArithmetic | None:
        """How the kernel gathers cells; None for types without a kernel."""
        return None

    def _integer_limits(self, node: Node) -> tuple[int, int]:
        y = node.output
        if y.quantization is None or not y.is_quantized:
            return STORED[y.dtype].low, STORED[y.dtype].high
        return activation_range(self.fused_activation_function, y.quantization, y.dtype)

    def _clamp(self, node: Node, values: Array) -> Array:
        """Clamp integers to the fused activation's range and narrow them."""
        y = node.output
        if y.quantization is None or not y.is_quantized:
            return values.astype(y.dtype.numpy)
        limits = activation_range(
            self.fused_activation_function, y.quantization, y.dtype
        )
        return np.clip(values, *limits).astype(y.dtype.numpy)


@operator("AVERAGE_POOL_2D", code=1, options="Pool2DOptions")
class AveragePool2D(Pool):
    """The mean of the cells of a window that lie inside the input."""

    padding: str = "same"
    stride_w: int = 0
    stride_h: int = 0
    filter_width: int = 0
    filter_height: int = 0
    fused_activation_function: str = "none"

    output_quantization = SameAsInput()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        window = self.window()
        total = window.patches(x).sum(axis=(-1, -2), dtype=x.dtype)
        counts = window.counts(*x.shape[1:3]).astype(x.dtype)
        return (activate(total / counts, self.fused_activation_function),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f":
            return self.reference(x)
        window = self.window()
        total = window.patches(x.astype(np.int64)).sum(axis=(-1, -2))
        counts = window.counts(*x.shape[1:3])
        # To the nearest, halves away from zero: the stored integers are averaged,
        # zero point and all.
        rounded = np.sign(total) * ((np.abs(total) + counts // 2) // counts)
        return (self._clamp(node, rounded),)

    def arithmetic(self, node: Node, target: Target) -> PoolArithmetic | None:
        dtype = node.input(0).dtype
        limits = ACTIVATION_LIMITS.get(self.fused_activation_function)
        if dtype is DType.FLOAT32 and limits is not None:
            return FloatMean(limits, target.lanes)
        if dtype in STORED and self.filter_height * self.filter_width < 1 << 16:
            limits = self._integer_limits(node)
            return IntegerMean(STORED[dtype], *limits, target.lanes)
        return None


@operator("MAX_POOL_2D", code=17, options="Pool2DOptions")
class MaxPool2D(Pool):
    """The greatest cell of each window."""

    padding: str = "same"
    stride_w: int = 0
    stride_h: int = 0
    filter_width: int = 0
    filter_height: int = 0
    fused_activation_function: str = "none"

    output_quantization = SameAsInput()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        return (activate(self._greatest(x), self.fused_activation_function),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f":
            return self.reference(x)
        return (self._clamp(node, self._greatest(x)),)

    def arithmetic(self, node: Node, target: Target) -> PoolArithmetic | None:
        dtype = node.input(0).dtype
        limits = ACTIVATION_LIMITS.get(self.fused_activation_function)
        if dtype is DType.FLOAT32 and limits is not None:
            return FloatMaximum(limits, target.lanes)
        if dtype in STORED:
            stored = STORED[dtype]
            lanes = max(target.vector_bytes // stored.kind.bytes, 1)
            return IntegerMaximum(stored, *self._integer_limits(node), lanes)
        return None

    def _greatest(self, x: Array) -> Array:
        limits = np.finfo(x.dtype) if x.dtype.kind == "f" else np.iinfo(x.dtype)
        return self.window().patches(x, float(limits.min)).max(axis=(-1, -2))


@operator("L2_POOL_2D", code=12, options="Pool2DOptions")
class L2Pool2D(Pool):
    """The root of the mean square of the cells of a window inside the input."""

    padding: str = "same"
    stride_w: int = 0
    stride_h: int = 0
    filter_width: int = 0
    filter_height: int = 0
    fused_activation_function: str = "none"

    output_quantization = NotQuantized()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        window = self.window()
        total = np.square(window.patches(x)).sum(axis=(-1, -2), dtype=x.dtype)
        counts = window.counts(*x.shape[1:3]).astype(x.dtype)
        y = np.sqrt(total / counts)
        return (activate(y, self.fused_activation_function),)

    def arithmetic(self, node: Node, target: Target) -> PoolArithmetic | None:
        limits = ACTIVATION_LIMITS.get(self.fused_activation_function)
        if node.input(0).dtype is not DType.FLOAT32 or limits is None:
            return None
        return FloatRoot(limits, target.lanes)

    def version(self, node: Node) -> int:
        return 1
