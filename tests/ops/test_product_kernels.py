"""Products of every type: as LiteRT has them, and by kernels, not their meaning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.ops import (
    Conv2D,
    Convolution2DTransposeBias,
    DepthwiseConv2D,
    FullyConnected,
    TransposeConv,
)
from tests.ops.contract import (
    MACHINES,
    Case,
    Constant,
    Feed,
    compiled_agrees_on,
    litert_agrees,
    prepare,
    round_trip,
    types_agree,
)
from tests.ops.values import bias, feed, floats, integers, scale, weights

IMAGE = (2, 7, 6, 8)
KINDS = ("float", "half", "int8", "uint8", "near", "int4", "wide", "short", "dynamic")


def given(kind: str, kernel: tuple[int, ...]) -> Constant:
    """Weights of a kind; `near` are uint8 whose centred values fit eight bits."""
    match kind:
        case "float":
            return Constant(floats(*kernel))
        case "half":
            return Constant(floats(*kernel).astype(np.float16))
        case "uint8":
            return Constant(integers(np.uint8, *kernel), scale(0.02, 151))
        case "near":
            return Constant(integers(np.uint8, *kernel), scale(0.02, 128))
        case "int4":
            drawn = np.random.default_rng(1).integers(-8, 8, kernel).astype(np.int8)
            q = Quantization.per_channel(np.linspace(0.02, 0.1, kernel[0]), 0)
            return Constant(drawn, q, DType.INT4)
        case _:
            return weights(kernel, 0)


def image(kind: str, shape: tuple[int, ...]) -> Feed:
    match kind:
        case "float" | "half" | "dynamic":
            return Feed(floats(*shape))
        case "uint8" | "near":
            return feed(np.uint8, shape, scale(0.02, 100))
        case "wide" | "short":
            return feed(np.int16, shape, scale(0.0002))
        case _:
            return feed(np.int8, shape, scale(0.02, -7))


def added(kind: str, kernel: Constant, count: int) -> Constant:
    match kind:
        case "float" | "half" | "dynamic":
            return Constant(floats(count))
        case "wide":
            return bias(0.0002, kernel, count, np.int64)
        case "short":
            return bias(0.0002, kernel, count, np.int32)
        case _:
            return bias(0.02, kernel, count, np.int32)


def output(kind: str) -> Quantization | None:
    if kind in ("float", "half", "dynamic"):
        return None
    if kind in ("wide", "short"):
        return scale(0.003)
    return scale(0.5, 12)


def case(op, kind: str, kernel: tuple[int, ...], x=IMAGE, sizes=None) -> Case:
    if kind == "short" and not isinstance(op, Convolution2DTransposeBias):
        fields = {name: getattr(op, name) for name in op.__dataclass_fields__}
        op = type(op)(**{**fields, "quantized_bias_type": DType.INT32})
    w, start = given(kind, kernel), image(kind, x)
    b = added(kind, w, kernel[0])
    if sizes is not None:
        target = Constant(np.array(sizes, np.int32))
        return Case(op, (target, w, start, b), output(kind), name=f"{kind}-{sizes}")
    return Case(op, (start, w, b), output(kind), name=f"{kind}-{kernel}-{op!r}")


CASES = [
    case(op, kind, kernel, x)
    for kind in KINDS
    for op, kernel, x in (
        (Conv2D("same", 1, 1, "relu"), (18, 3, 3, 8), IMAGE),
        (Conv2D("valid", 2, 1, "none", 1, 2), (5, 2, 3, 8), IMAGE),
        (Conv2D("same", 1, 1), (33, 1, 1, 8), IMAGE),
        (Conv2D("same", 2, 2, "relu6"), (6, 3, 2, 4), IMAGE),
        (Conv2D("same", 1, 2), (12, 1, 1, 2), IMAGE),
        (Conv2D("valid", 1, 1, "none", 2, 1), (4, 3, 3, 3), (1, 5, 9, 6)),
        (Conv2D("same", 1, 1), (16, 3, 3, 1), IMAGE),
        (FullyConnected("relu"), (21, 24), (5, 24)),
        (FullyConnected(), (3, 7), (1, 7)),
    )
] + [
    case(op, kind, kernel, x, y)
    for kind in KINDS
    if kind != "int4"
    for op, kernel, x, y in (
        (TransposeConv("same", 2, 2), (5, 3, 3, 8), IMAGE, (2, 14, 12, 5)),
        (
            TransposeConv("same", 3, 2, "relu"),
            (17, 2, 4, 3),
            (1, 4, 3, 3),
            (1, 7, 9, 17),
        ),
        (TransposeConv("valid", 2, 2), (1, 2, 2, 4), (1, 5, 5, 4), (1, 10, 10, 1)),
        (TransposeConv("valid", 1, 1), (4, 3, 2, 4), (1, 5, 5, 4), (1, 7, 6, 4)),
        (TransposeConv("same", 3, 3), (4, 2, 1, 4), (1, 3, 3, 4), (1, 9, 8, 4)),
    )
]


def depthwise(op: DepthwiseConv2D, kind: str, kernel: tuple[int, ...]) -> Case:
    """Channels are along the last axis of the weights."""
    made = case(op, kind, kernel)
    x, w, _ = made.inputs
    assert isinstance(w, Constant)
    if kind in ("int8", "wide", "dynamic", "int4"):
        scales = np.linspace(0.004, 0.03, kernel[3])
        w = replace(w, quantization=Quantization.per_channel(scales, 3))
    inputs = (x, w, added(kind, w, kernel[3]))
    return replace(made, inputs=inputs)


DEPTHWISE = [
    depthwise(op, kind, kernel)
    for kind in ("float", "int8", "uint8", "near", "int4", "wide", "dynamic")
    for op, kernel in (
        (DepthwiseConv2D("same", 1, 1, 1, "relu"), (1, 3, 3, 8)),
        (DepthwiseConv2D("same", 2, 1, 2), (1, 3, 2, 16)),
        (DepthwiseConv2D("valid", 1, 2, 1, "relu6", 2, 1), (1, 3, 3, 8)),
        (DepthwiseConv2D("same", 1, 1, 1), (1, 5, 5, 8)),
        (DepthwiseConv2D("valid", 1, 1, 3), (1, 1, 1, 24)),
    )
]


def judged(case: Case) -> Case:
    """The case for LiteRT, whose reference kernels lack some types of weights.

    float16 beside floats they would read as float32, and int4 is not registered for
    DEPTHWISE_CONV_2D: the same numbers stand in a type that they have.
    """
    inputs = list(case.inputs)
    w = inputs[1]
    assert isinstance(w, Constant)
    if w.array.dtype == np.float16:
        inputs[1] = Constant(w.array.astype(np.float32))
    if isinstance(case.op, DepthwiseConv2D) and w.dtype is DType.INT4:
        inputs[1] = Constant(w.array, w.quantization)
    return replace(case, inputs=tuple(inputs))


@pytest.mark.parametrize("case", CASES + DEPTHWISE, ids=str)
def test_litert_and_kernels_agree(case: Case) -> None:
    run = prepare(case)
    types_agree(run)
    round_trip(run)
    other = prepare(judged(case))
    litert_agrees(
        replace(other, values={other.node.output: run.values[run.node.output]})
    )
    for target in MACHINES:
        assert compiled_agrees_on(run, target), f"{case.op.name} has no kernel"


@pytest.mark.parametrize("columns", [3, 16, 40])
@pytest.mark.parametrize("depth", [600, 1300])
def test_wide_sums_that_overflow_32_bits(columns: int, depth: int) -> None:
    kernel = np.full((columns, depth), 127, np.int8)
    kernel[1::2] = -127
    kernel[2] = 3
    x = np.full((3, depth), 32767, np.int16)
    x[1] = -32768
    x[2] = integers(np.int16, depth)
    q = scale(0.01)
    b = Constant(np.full(columns, -(1 << 33), np.int64), scale(0.0001 * 0.01))
    run = prepare(
        Case(
            FullyConnected(),
            (Feed(x, scale(0.0001)), Constant(kernel, q), b),
            scale(0.4),
        )
    )
    litert_agrees(run)
    for target in MACHINES:
        assert compiled_agrees_on(run, target)
