"""RELU and its kin: lines with a bend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.arithmetic import (
    activate,
    centered,
    choose,
    multiply,
    parameters,
    quantize_multiplier,
    rescale,
    settle,
    wrap,
)
from gossamer.ir.op import Free, Op, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.broadcasting import broadcast_shapes, pair, same_type, single
from gossamer.ops.element_steps import element_step, integer_table_step
from gossamer.ops.integer_steps import (
    Settle,
    activated,
    centered_lanes,
    is_scaled,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target
    from gossamer.ops.element_steps import Compute


class Clamp(Op):
    """What the clamps share; `activation` names the range."""

    __slots__ = ()

    activation: ClassVar[str]
    output_quantization = Free()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return (single(self, inputs).type,)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        return (activate(x, self.activation),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f":
            return self.reference(x)
        in_scale, _ = parameters(node.input(0))
        factor = float(in_scale / parameters(node.output)[0])
        values = centered(node.input(0), x)
        return (rescale(node.output, values, factor, self.activation),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if not is_scaled(x, y):
            return self._plain_step(node, target)
        factor = float(parameters(x)[0] / parameters(y)[0])
        settle_ = Settle.of(node, factor, self.activation)

        def compute(nest: Nest, value: Value) -> Value:
            return settle_.apply(nest, centered_lanes(nest, value, x))

        return element_step("clamp", target, (x,), y, compute)

    def _plain_step(self, node: Node, target: Target) -> Sequence[Step] | None:
        y = node.output

        def compute(nest: Nest, value: Value) -> Value:
            return activated(nest, value, self.activation, y.dtype)

        return element_step("clamp", target, (node.input(0),), y, compute)


@operator("RELU", code=19)
class Relu(Clamp):
    """max(x, 0)."""

    activation: ClassVar[str] = "relu"

    def version(self, node: Node) -> int:
        versions = {DType.INT8: 2, DType.UINT8: 2, DType.INT16: 3}
        return versions.get(node.input(0).dtype, 1)


@operator("RELU6", code=21)
class Relu6(Clamp):
    """min(max(x, 0), 6)."""

    activation: ClassVar[str] = "relu6"

    def version(self, node: Node) -> int:
        return {DType.INT8: 2, DType.INT16: 3}.get(node.input(0).dtype, 1)


@operator("RELU_N1_TO_1", code=20)
class ReluN1To1(Clamp):
    """min(max(x, -1), 1)."""

    activation: ClassVar[str] = "relu_n1_to_1"


@operator("RELU_0_TO_1", code=152)
class Relu0To1(Clamp):
    """min(max(x, 0), 1)."""

    activation: ClassVar[str] = "relu_0_to_1"


@operator("LEAKY_RELU", code=98, options="LeakyReluOptions")
class LeakyRelu(Op):
    """x where it is positive, else alpha * x."""

    alpha: float = 0.0

    output_quantization = Free()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return (single(self, inputs).type,)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        return (choose(x > 0, x, x * x.dtype.type(self.alpha)),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype.kind == "f":
            return self.reference(x)
        positive, negative, sign = self._factors(node)
        values = centered(node.input(0), x)
        below = multiply(values, *negative) * sign
        scaled = np.where(values >= 0, multiply(values, *positive), below)
        return (settle(node.output, scaled),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if is_scaled(x, y):
            return self._integer_step(node, target)
        if y.is_quantized or not y.dtype.is_float:
            return None

        def compute(nest: Nest, value: Value) -> Value:
            positive = nest.compare("gt", value, 0.0)
            return nest.select(positive, value, value * self.alpha)

        return element_step("leaky_relu", target, (x,), y, compute)

    def _integer_step(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, y = node.input(0), node.output
        if x.dtype.bits == 8:
            return integer_table_step(node, target)
        positive, negative, sign = self._factors(node)
        settle_ = Settle.of(node, 1, "none")

        def compute(nest: Nest, value: Value) -> Value:
            steps = centered_lanes(nest, value, x)
            below = times(nest, steps, *negative)
            below = below if sign > 0 else -below
            above = times(nest, steps, *positive)
            holds = nest.compare("ge", steps, 0)
            return settle_.clamp(nest, nest.select(holds, above, below))

        return element_step("leaky_relu", target, (x,), y, compute)

    def _factors(self, node: Node) -> tuple[tuple[int, int], tuple[int, int], int]:
        """The factors of numbers above and below 0, and the sign of the latter."""
        in_scale, out_scale = parameters(node.input(0))[0], parameters(node.output)[0]
        slope = float(in_scale * np.float32(self.alpha) / out_scale)
        positive = quantize_multiplier(float(in_scale / out_scale))
        return positive, quantize_multiplier(abs(slope)), -1 if slope < 0 else 1

    def version(self, node: Node) -> int:
        return 2 if node.input(0).dtype is DType.INT16 else 1


@operator("PRELU", code=54)
class PRelu(Op):
    """Inputs: x, and alpha that broadcasts to it; x where positive, else alpha * x."""

    output_quantization = Free()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, alpha = pair(self, inputs)
        same_type(self, x, alpha)
        shape = broadcast_shapes(self, x.shape, alpha.shape)
        require(
            len(shape) == len(x.shape)
            and all(
                a == b or -1 in (a, b) for a, b in zip(shape, x.shape, strict=True)
            ),
            self,
            f"alpha of shape {alpha.shape} is larger than the input {x.shape}",
        )
        return (TensorType(x.dtype, x.shape),)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, alpha = inputs
        return (choose(x >= 0, x, x * alpha),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        inputs, y = (node.input(0), node.input(1)), node.output
        if is_scaled(*inputs, y):
            return element_step("prelu", target, inputs, y, _prelu_lanes(node))
        if y.is_quantized or not y.dtype.is_float:
            return None

        def compute(nest: Nest, value: Value, alpha: Value) -> Value:
            positive = nest.compare("ge", value, 0.0)
            return nest.select(positive, value, value * alpha)

        return element_step("prelu", target, inputs, y, compute)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, alpha = inputs
        if x.dtype.kind == "f":
            return self.reference(x, alpha)
        positive, negative = _prelu_factors(node)
        values = centered(node.input(0), x)
        product = wrap(values * centered(node.input(1), alpha))
        below = multiply(product, *negative)
        scaled = np.where(values >= 0, multiply(values, *positive), below)
        return (settle(node.output, scaled),)


def _prelu_factors(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    """The factors of numbers above 0, and of products with alpha."""
    in_scale, out_scale = parameters(node.input(0))[0], parameters(node.output)[0]
    slope = in_scale * parameters(node.input(1))[0] / out_scale
    positive = quantize_multiplier(float(in_scale / out_scale))
    return positive, quantize_multiplier(float(slope))


def _prelu_lanes(node: Node) -> Compute:
    positive, negative = _prelu_factors(node)
    settle_ = Settle.of(node, 1, "none")

    def compute(nest: Nest, value: Value, alpha: Value) -> Value:
        steps = centered_lanes(nest, value, node.input(0))
        product = steps * centered_lanes(nest, alpha, node.input(1))
        below = times(nest, product, *negative)
        above = times(nest, steps, *positive)
        holds = nest.compare("ge", steps, 0)
        return settle_.clamp(nest, nest.select(holds, above, below))

    return compute
