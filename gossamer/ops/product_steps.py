"""Steps of operators that are sums of products: dense, convolution, depthwise.

Which arithmetic it is follows from the types: float, int8, or float input beside int8
weights (dynamic range). Other types have no kernel and give None.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.types import DType, TensorType
from gossamer.kernels.arithmetic.clamp import ACTIVATION_LIMITS
from gossamer.kernels.tiles import convolution as tile_convolution
from gossamer.kernels.tiles import plan as tile_plan
from gossamer.kernels.windows import convolution, depthwise_steps
from gossamer.kernels.windows.depthwise import Window
from gossamer.ops.arithmetic_of import Task, integer_output
from gossamer.ops.depthwise_types import repeated, typed_depthwise
from gossamer.ops.integer_product import weight_scales
from gossamer.ops.placed_steps import grouped_steps
from gossamer.ops.run_time_steps import run_time_steps
from gossamer.ops.sparse_steps import sparse_steps

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Argument, Step
    from gossamer.nest.target import Target
    from gossamer.ops.window import Window as Filter


def sliding(x: Shape, y: Shape, window: Filter) -> Window:
    """The kernels' description of a window over (N, H, W, C)."""
    before = (window.pads(x[1], 0)[0], window.pads(x[2], 1)[0])
    return Window(
        images=x[0],
        height=x[1],
        width=x[2],
        channels=x[3],
        out_height=y[1],
        out_width=y[2],
        filter=window.kernel,
        stride=window.stride,
        dilation=window.dilation,
        before=before,
    )


def rows_as_pixels(rows: int, depth: int) -> Window:
    """A matrix of rows as images of one pixel, each an item of its own."""
    return Window(
        images=rows,
        height=1,
        width=1,
        channels=depth,
        out_height=1,
        out_width=1,
        filter=(1, 1),
        stride=(1, 1),
        dilation=(1, 1),
        before=(0, 0),
    )


_HELD = {DType.INT4: DType.INT8, DType.INT2: DType.INT8}
"""Types whose elements are held in arrays of another."""


@dataclass(frozen=True, slots=True)
class Product:
    """A node seen as a sum of products; `asymmetric` is for dynamic range.

    `is_real`: sums are requantized by a float64 factor, rounding once. `stated` is
    the option that tells the bias's type.
    """

    node: Node
    activation: str
    asymmetric: bool
    is_real: bool = False
    stated: DType = DType.FLOAT32

    @property
    def kinds(self) -> tuple[DType, DType, DType]:
        node = self.node
        weights = node.input(1).dtype
        return node.input(0).dtype, _HELD.get(weights, weights), node.output.dtype

    @property
    def bias(self) -> Tensor | None:
        return self.node.optional(2)

    @property
    def task(self) -> Task:
        node = self.node
        return Task(
            node.input(0),
            node.input(1),
            self.bias,
            node.output,
            self.activation,
            self.asymmetric,
            self.is_real,
            self.stated,
        )


_FLOAT = (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32)
_INTEGER = (DType.INT8, DType.INT8, DType.INT8)
_HYBRID = (DType.FLOAT32, DType.INT8, DType.FLOAT32)


def _is_symmetric(weights: Tensor) -> bool:
    quantization = weights.quantization
    return (
        quantization is not None
        and quantization.scale.size > 0
        and not quantization.zero_point.any()
    )


def _constants(product: Product) -> tuple[Array, Array | None] | None:
    """Weights and bias where both are known and of a form that kernels take."""
    weights, bias = product.node.input(1), product.bias
    if weights.data is None or weights.sparsity is not None:
        return None
    if bias is not None and bias.data is None:
        return None
    wanted = np.int32 if product.kinds == _INTEGER else np.float32
    if bias is not None and bias.data is not None and bias.data.dtype != wanted:
        return None
    if product.kinds != _FLOAT and not _is_symmetric(weights):
        return None
    return weights.data, None if bias is None else bias.data


def convolution_steps(
    product: Product, window: Window, shape: Shape, target: Target
) -> list[Step] | None:
    """Steps of a convolution whose weights have (out, rows, columns, in) = `shape`."""
    steps = sparse_steps(product.task, window, shape[0], target)
    steps = steps or _dense_steps(product, window, shape, target)
    if steps is None and shape[3] == 1 < window.channels:
        steps = _as_depthwise(product, window, shape, target)
    steps = steps or grouped_steps(product.task, window, shape, target)
    return steps or run_time_steps(product.task, window, shape, target)


def _as_depthwise(
    product: Product, window: Window, shape: Shape, target: Target
) -> list[Step] | None:
    """Groups of one channel each, which is what depthwise means."""
    node, weights = product.node, product.node.input(1)
    if weights.data is None or shape[0] % window.channels:
        return None
    quantization = weights.quantization
    if quantization is not None and quantization.is_per_channel:
        quantization = replace(quantization, axis=3)
    data = np.ascontiguousarray(weights.data.reshape(shape).transpose(3, 1, 2, 0))
    type_ = TensorType(weights.dtype, data.shape)
    turned = replace(weights, data=data, type=type_, quantization=quantization)
    inputs = (node.inputs[0], turned, *node.inputs[2:])
    alike = replace(product, node=replace(node, inputs=inputs), asymmetric=True)
    return depthwise_convolution_steps(alike, window, target)


def _dense_steps(
    product: Product, window: Window, shape: Shape, target: Target
) -> list[Step] | None:
    known = _constants(product)
    node = product.node
    if known is None or product.activation not in ACTIVATION_LIMITS:
        return None
    if shape[3] != window.channels or node.output.type.size == 0:
        return None
    weights, bias = known[0].reshape(shape), known[1]
    limits = ACTIVATION_LIMITS[product.activation]
    x, y = node.input(0), node.output
    if product.kinds == _FLOAT:
        splits = tile_plan.suits_split_tiles(target, window, shape[0])
        kernels = tile_convolution if splits else convolution
        return kernels.float_convolution(target, window, weights, bias, limits, x, y)
    on_tiles = tile_plan.suits_tiles(target, window, shape[0])
    kernels = tile_convolution if on_tiles else convolution
    if product.kinds == _INTEGER:
        start = np.zeros(shape[0], np.int32) if bias is None else bias
        _, zero_point = _pair(x)
        output = integer_output(target, product.task, shape[0])
        return kernels.integer_convolution(
            target, window, weights, start, zero_point, output, x, y
        )
    if product.kinds == _HYBRID:
        return kernels.hybrid_convolution(
            target,
            window,
            weights,
            per_column(node.input(1), shape[0]),
            bias,
            limits,
            x,
            y,
            asymmetric=product.asymmetric,
        )
    return None


def depthwise_convolution_steps(
    product: Product, window: Window, target: Target
) -> list[Step] | None:
    """Steps of a depthwise convolution with (1, rows, columns, channels) weights."""
    node = product.node
    weights, given = node.input(1), node.input(0)
    if product.activation not in ACTIVATION_LIMITS or node.output.type.size == 0:
        return None
    if weights.data is None or (product.bias and product.bias.data is None):
        return None
    multiplier = weights.shape[3] // window.channels
    whole = replace(window, channels=weights.shape[3])
    made = repeated(target, given, multiplier)
    if made is None or not whole.is_unrollable:
        return None
    steps, x = made
    rest = _single_depthwise(product, whole, x, target)
    rest = rest or typed_depthwise(product.task, whole, x, target)
    return None if rest is None else [*steps, *rest]


def _single_depthwise(
    product: Product, window: Window, x: Argument, target: Target
) -> list[Step] | None:
    """One kernel per channel, of float and int8."""
    known = _constants(product)
    node = product.node
    if known is None:
        return None
    weights, bias = known
    limits = ACTIVATION_LIMITS[product.activation]
    y = node.output
    if product.kinds == _FLOAT:
        return depthwise_steps.float_depthwise(
            target, window, weights, bias, limits, x, y
        )
    taps = window.filter[0] * window.filter[1]
    if taps * 255 * 128 >= 1 << 24:
        return None
    if product.kinds == _INTEGER:
        start = np.zeros(window.channels, np.int32) if bias is None else bias
        _, zero_point = _pair(node.input(0))
        output = integer_output(target, product.task, window.channels)
        return depthwise_steps.integer_depthwise(
            target, window, weights, start, zero_point, output, x, y
        )
    if product.kinds == _HYBRID:
        return depthwise_steps.hybrid_depthwise(
            target,
            window,
            weights,
            per_column(node.input(1), window.channels),
            bias,
            limits,
            x,
            y,
            asymmetric=product.asymmetric,
        )
    return None


def per_column(weights: Tensor, columns: int) -> Array:
    """One float32 scale per output column."""
    return np.broadcast_to(weight_scales(weights), columns).astype(np.float32)


def _pair(tensor: Tensor) -> tuple[float, int]:
    assert tensor.quantization is not None
    return tensor.quantization.pair()
