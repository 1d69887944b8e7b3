"""How the operators of the benchmark networks are said in ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.onnx_model import Graph
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ops.window import Window

    Rule: TypeAlias = Callable[[Graph, Node], None]

_UNARY = {
    "HARD_SWISH": "HardSwish",
    "LOGISTIC": "Sigmoid",
    "TANH": "Tanh",
    "RELU": "Relu",
    "QUANTIZE": "Identity",
    "DEQUANTIZE": "Identity",
}
_BINARY = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul"}
_ACTIVATIONS = {"none": None, "relu": (0.0, None), "relu6": (0.0, 6.0)}
_IMAGE = {1: 2, 2: 3, 3: 1, 0: 0}
"""Where an axis of channels last lies in channels first."""


def _activated(graph: Graph, name: str, activation: str) -> str:
    if activation not in _ACTIVATIONS:
        raise UnsupportedError(f"the activation {activation} has no rule for ONNX")
    limits = _ACTIVATIONS[activation]
    if limits is None:
        return name
    low, high = limits
    if high is None:
        return graph.add("Relu", name)
    return graph.add("Clip", name, _scalar(graph, low), _scalar(graph, high))


def _scalar(graph: Graph, value: float) -> str:
    return graph.constant(np.array(value, np.float32))


def _integers(graph: Graph, *values: int) -> str:
    return graph.constant(np.array(values, np.int64))


def _values(tensor: Tensor) -> list[int]:
    """What an operand that must be known holds."""
    if tensor.data is None:
        raise UnsupportedError(f"'{tensor.name}' would have to be constant for ONNX")
    return [int(value) for value in np.ravel(tensor.data)]


def _unary(graph: Graph, node: Node) -> None:
    x = node.input(0)
    first = graph.is_first(x)
    name = graph.add(_UNARY[node.op.name], graph.read(x, first=first))
    graph.write(node.output, name, first=first)


def _relu6(graph: Graph, node: Node) -> None:
    x = node.input(0)
    first = graph.is_first(x)
    name = _activated(graph, graph.read(x, first=first), "relu6")
    graph.write(node.output, name, first=first)


def _binary(graph: Graph, node: Node) -> None:
    operands = (node.input(0), node.input(1))
    computed = [x for x in operands if not x.is_constant]
    first = any(map(graph.is_first, computed))
    first = first and all(len(x.shape) == 4 for x in computed)
    names = [graph.read(x, first=first) for x in operands]
    name = graph.add(_BINARY[node.op.name], *names)
    activation = getattr(node.op, "fused_activation_function", "none")
    graph.write(node.output, _activated(graph, name, activation), first=first)


def _sliding(node: Node, window: Window) -> dict[str, Any]:
    """Attributes of what moves a window over an image."""
    _, height, width, _ = node.input(0).shape
    rows, columns = window.pads(height, 0), window.pads(width, 1)
    # ONNX Runtime's integer AveragePool refuses to read dilations, even of 1.
    dilated = {} if window.dilation == (1, 1) else {"dilations": window.dilation}
    return {
        "kernel_shape": window.kernel,
        "strides": window.stride,
        "pads": (rows[0], columns[0], rows[1], columns[1]),
        **dilated,
    }


def _convolution(graph: Graph, node: Node) -> None:
    op: Any = node.op
    x, weights, bias = node.input(0), node.input(1), node.optional(2)
    depthwise = op.name == "DEPTHWISE_CONV_2D"
    order = (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
    channels = x.shape[3]
    operands = [graph.read(x, first=True), graph.weights(weights, order, 0)]
    if bias is not None:
        operands.append(graph.weights(bias, (0,), 0))
    window = op.window(*weights.shape[1:3])
    name = graph.add(
        "Conv",
        *operands,
        group=channels if depthwise else channels // weights.shape[3],
        **_sliding(node, window),
    )
    name = _activated(graph, name, op.fused_activation_function)
    graph.write(node.output, name, first=True)


def _pool(graph: Graph, node: Node) -> None:
    op: Any = node.op
    kind = "MaxPool" if op.name == "MAX_POOL_2D" else "AveragePool"
    attributes = _sliding(node, op.window())
    name = graph.add(kind, graph.read(node.input(0), first=True), **attributes)
    name = _activated(graph, name, op.fused_activation_function)
    graph.write(node.output, name, first=True)


def _dense(graph: Graph, node: Node) -> None:
    op: Any = node.op
    x, weights, bias = node.input(0), node.input(1), node.optional(2)
    name = graph.read(x)
    if len(x.shape) > 2 and len(node.output.shape) == 2:
        name = graph.add("Reshape", name, _integers(graph, -1, weights.shape[1]))
    if len(node.output.shape) == 2:
        operands = [name, graph.weights(weights, (0, 1), 0)]
        if bias is not None:
            operands.append(graph.weights(bias, (0,), 0))
        name = graph.add("Gemm", *operands, transB=1)
    else:
        name = graph.add("MatMul", name, graph.weights(weights, (1, 0), 1))
        if bias is not None:
            name = graph.add("Add", name, graph.weights(bias, (0,), 0))
    name = _activated(graph, name, op.fused_activation_function)
    graph.write(node.output, name)


def _batch_matmul(graph: Graph, node: Node) -> None:
    op: Any = node.op
    names: list[str] = []
    for x, transposed in ((node.input(0), op.adj_x), (node.input(1), op.adj_y)):
        name, rank = graph.read(x), len(x.shape)
        if transposed:
            order = (*range(rank - 2), rank - 1, rank - 2)
            name = graph.add("Transpose", name, perm=order)
        names.append(name)
    graph.write(node.output, graph.add("MatMul", *names))


def _reshape(graph: Graph, node: Node) -> None:
    shape = _integers(graph, *node.output.shape)
    graph.write(node.output, graph.add("Reshape", graph.read(node.input(0)), shape))


def _transpose(graph: Graph, node: Node) -> None:
    order = _values(node.input(1))
    name = graph.add("Transpose", graph.read(node.input(0)), perm=order)
    graph.write(node.output, name)


def _pad(graph: Graph, node: Node) -> None:
    x, widths = node.input(0), _values(node.input(1))
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    first = graph.is_first(x)
    if first:
        pairs = [pairs[0], pairs[3], pairs[1], pairs[2]]
    before_after = (*(pair[0] for pair in pairs), *(pair[1] for pair in pairs))
    name = graph.add("Pad", graph.read(x, first=first), _integers(graph, *before_after))
    graph.write(node.output, name, first=first)


def _mean(graph: Graph, node: Node) -> None:
    op: Any = node.op
    x, rank = node.input(0), len(node.input(0).shape)
    axes = [axis % rank for axis in _values(node.input(1))]
    first = graph.is_first(x) and (op.keep_dims or 3 not in axes)
    if first:
        axes = [_IMAGE[axis] for axis in axes]
    stays = first and len(node.output.shape) == 4
    if first and not stays and sorted(axes) != [2, 3]:
        raise UnsupportedError("MEAN over these axes has no rule for ONNX")
    name = graph.add(
        "ReduceMean",
        graph.read(x, first=first),
        _integers(graph, *axes),
        keepdims=int(op.keep_dims),
    )
    graph.write(node.output, name, first=stays)


def _softmax(graph: Graph, node: Node) -> None:
    op: Any = node.op
    if op.beta != 1:
        raise UnsupportedError(f"SOFTMAX with beta {op.beta} has no rule for ONNX")
    name = graph.add("Softmax", graph.read(node.input(0)), axis=-1)
    graph.write(node.output, name)


def _gelu(graph: Graph, node: Node) -> None:
    op: Any = node.op
    kind = "tanh" if op.approximate else "none"
    name = graph.add("Gelu", graph.read(node.input(0)), approximate=kind)
    graph.write(node.output, name)


def _rsqrt(graph: Graph, node: Node) -> None:
    root = graph.add("Sqrt", graph.read(node.input(0)))
    graph.write(node.output, graph.add("Reciprocal", root))


def _split(graph: Graph, node: Node) -> None:
    sizes, (axis,) = _values(node.input(1)), _values(node.input(2))
    names = graph.add(
        "Split",
        graph.read(node.input(0)),
        _integers(graph, *sizes),
        count=len(sizes),
        axis=axis,
    )
    for tensor, name in zip(node.outputs, names, strict=True):
        graph.write(tensor, name)


def _strided_slice(graph: Graph, node: Node) -> None:
    op: Any = node.op
    if op.ellipsis_mask or op.new_axis_mask or op.offset:
        raise UnsupportedError("STRIDED_SLICE with such masks has no rule for ONNX")
    begin, end, strides = (_values(node.input(index)) for index in (1, 2, 3))
    for axis, size in enumerate(node.input(0).shape):
        if op.begin_mask >> axis & 1:
            begin[axis] = 0
        if op.shrink_axis_mask >> axis & 1:
            end[axis] = begin[axis] + 1 or size
        elif op.end_mask >> axis & 1:
            end[axis] = size
    axes = range(len(begin))
    parts = (_integers(graph, *each) for each in (begin, end, axes, strides))
    name = graph.add("Slice", graph.read(node.input(0)), *parts)
    shape = _integers(graph, *node.output.shape)
    graph.write(node.output, graph.add("Reshape", name, shape))


RULES: dict[str, Rule] = {
    **dict.fromkeys(_UNARY, _unary),
    **dict.fromkeys(_BINARY, _binary),
    "RELU6": _relu6,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "MAX_POOL_2D": _pool,
    "AVERAGE_POOL_2D": _pool,
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _batch_matmul,
    "RESHAPE": _reshape,
    "TRANSPOSE": _transpose,
    "PAD": _pad,
    "MEAN": _mean,
    "SOFTMAX": _softmax,
    "GELU": _gelu,
    "RSQRT": _rsqrt,
    "SPLIT_V": _split,
    "STRIDED_SLICE": _strided_slice,
}
