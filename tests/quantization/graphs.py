"""Small float graphs with the operators that quantization has rules for."""

from __future__ import annotations

import numpy as np

from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Signature
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    Add,
    ArgMax,
    AveragePool2D,
    BatchMatMul,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Logistic,
    Maximum,
    MaxPool2D,
    Mean,
    Mul,
    Neg,
    Pack,
    Pad,
    Reshape,
    Shape,
    Softmax,
    Split,
    StridedSlice,
    TransposeConv,
)

CONV = {"stride_w": 1, "stride_h": 1}
POOL = {"filter_width": 2, "filter_height": 2, "stride_w": 2, "stride_h": 2}


def floats(*shape):
    return TensorType(DType.FLOAT32, shape)


def normal(seed, *shape, spread=1.0):
    return np.random.default_rng(seed).normal(0, spread, shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int32)


def model_of(build, inputs, outputs):
    signature = Signature(
        "serving_default",
        {x.name: x for x in inputs},
        {y.name: y for y in outputs},
    )
    return Model((build.finish(outputs),), (signature,))


def conv(build, x, channels, *, seed, name, size=3, activation="none"):
    depth = x.shape[3]
    spread = 1 / np.sqrt(size * size * depth)
    weights = normal(seed, channels, size, size, depth, spread=spread)
    op = Conv2D(fused_activation_function=activation, **CONV)
    return build.node(
        op,
        x,
        build.constant(f"{name}/weights", weights),
        build.constant(f"{name}/bias", normal(seed + 1, channels, spread=0.2)),
        name=name,
    )


def depthwise(build, x, *, seed, name, activation="none"):
    weights = normal(seed, 1, 3, 3, x.shape[3], spread=1 / 3)
    op = DepthwiseConv2D(
        depth_multiplier=1, fused_activation_function=activation, **CONV
    )
    return build.node(
        op,
        x,
        build.constant(f"{name}/weights", weights),
        build.constant(f"{name}/bias", normal(seed + 1, x.shape[3], spread=0.2)),
        name=name,
    )


def dense(build, x, units, *, seed, name, bias=True, activation="none"):
    depth = x.shape[-1]
    weights = normal(seed, units, depth, spread=1 / np.sqrt(depth))
    constant = build.constant(f"{name}/weights", weights)
    shift = build.constant(f"{name}/bias", normal(seed + 1, units, spread=0.2))
    op = FullyConnected(fused_activation_function=activation)
    return build.node(op, x, constant, shift if bias else None, name=name)


def network():
    """CONV, depthwise, ADD, pools, CONCAT, MUL by constant, MEAN, FC, SOFTMAX."""
    build = Builder()
    image = build.input("image", floats(1, 8, 8, 3))
    stem = conv(build, image, 8, seed=1, name="stem", activation="relu6")
    deep = depthwise(build, stem, seed=3, name="deep", activation="relu")
    side = conv(build, deep, 8, seed=5, name="side", size=1)
    total = build.node(Add(), stem, side, name="total")
    largest = build.node(MaxPool2D(padding="valid", **POOL), total, name="largest")
    average = build.node(AveragePool2D(padding="valid", **POOL), side, name="average")
    both = build.node(Concatenation(axis=3), largest, average, name="both")
    factor = build.constant("factor", np.float32(0.5))
    half = build.node(Mul(), both, factor, name="half")
    axes = build.constant("axes", ints(1, 2))
    pooled = build.node(Mean(), half, axes, name="pooled")
    scores = dense(build, pooled, 5, seed=7, name="scores")
    answer = build.node(Softmax(beta=1.0), scores, name="answer")
    return model_of(build, [image], [scores, answer])


def classifier():
    """RESHAPE, FC + RELU, FC without a bias; weights of more than 1024 elements."""
    build = Builder()
    image = build.input("image", floats(1, 8, 8))
    shape = build.constant("shape", ints(-1, 64))
    flat = build.node(Reshape(), image, shape, name="flat")
    hidden = dense(build, flat, 32, seed=11, name="hidden", activation="relu")
    scores = dense(build, hidden, 10, seed=13, name="scores", bias=False)
    return model_of(build, [image], [scores])


def with_float_island():
    """FC -> NEG, which has no int8 form -> FC."""
    build = Builder()
    x = build.input("x", floats(1, 16))
    before = dense(build, x, 12, seed=21, name="before")
    negative = build.node(Neg(), before, name="negative")
    after = dense(build, negative, 4, seed=23, name="after")
    return model_of(build, [x], [after])


def pinned_and_free():
    """A LOGISTIC, whose scale is fixed, concatenated with a free FC output."""
    build = Builder()
    x = build.input("x", floats(1, 16))
    gate = build.node(Logistic(), x, name="gate")
    free = dense(build, x, 16, seed=31, name="free")
    both = build.node(Concatenation(axis=1), gate, free, name="both")
    return model_of(build, [x], [both])


def padded_sigmoid():
    """Only operators that move values behind a LOGISTIC: its scale goes with them."""
    build = Builder()
    x = build.input("x", floats(1, 4, 4, 1))
    gate = build.node(Logistic(), x, name="gate")
    pads = build.constant("pads", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    padded = build.node(Pad(), gate, pads, name="padded")
    shape = build.constant("shape", ints(1, 36))
    flat = build.node(Reshape(), padded, shape, name="flat")
    return model_of(build, [x], [flat])


def several_outputs():
    """SPLIT ties its outputs; ARG_MAX reads int8 and answers with int32."""
    build = Builder()
    x = build.input("x", floats(1, 16))
    axis = build.constant("axis", np.int32(1))
    names = ("first", "second", "third", "fourth")
    parts = build.nodes(Split(num_splits=4), axis, x, names=names)
    outer = build.node(Maximum(), parts[0], parts[3], name="outer")
    inner = build.node(Mul(), parts[1], parts[2], name="inner")
    larger = build.node(Maximum(), outer, inner, name="larger")
    floor = build.constant("floor", np.float32(-0.25))
    clipped = build.node(Maximum(), larger, floor, name="clipped")
    last = build.constant("last", np.int32(1))
    best = build.node(ArgMax(output_type=DType.INT32), clipped, last, name="best")
    return model_of(build, [x], [clipped, best])


def upsampled():
    """TRANSPOSE_CONV, whose data is its third input, and BATCH_MATMUL by a constant."""
    build = Builder()
    x = build.input("x", floats(1, 4, 4, 3))
    size = build.constant("size", ints(1, 8, 8, 4))
    weights = build.constant("up/weights", normal(41, 4, 2, 2, 3, spread=0.5))
    bias = build.constant("up/bias", normal(42, 4, spread=0.2))
    op = TransposeConv(padding="valid", stride_w=2, stride_h=2)
    up = build.node(op, size, weights, x, bias, name="up")
    matrix = build.constant("matrix", normal(43, 1, 1, 4, 6, spread=0.5))
    mixed = build.node(BatchMatMul(), up, matrix, name="mixed")
    return model_of(build, [x], [mixed])


def free_batch():
    """A batch of any size: SHAPE, STRIDED_SLICE and PACK make the shape to take."""
    build = Builder()
    x = build.input("x", floats(-1, 4, 4))
    sizes = build.node(Shape(out_type=DType.INT32), x, name="sizes")
    zero, one = build.constant("zero", ints(0)), build.constant("one", ints(1))
    slicing = StridedSlice(shrink_axis_mask=1)
    batch = build.node(slicing, sizes, zero, one, one, name="batch")
    depth = build.constant("depth", np.int32(16))
    wanted = build.node(Pack(values_count=2), batch, depth, name="wanted")
    flat = build.node(Reshape(), x, wanted, name="flat")
    weights = build.constant("weights", normal(51, 4, 16, spread=0.25))
    y = build.node(FullyConnected(), flat, weights, None, name="y")
    return model_of(build, [x], [y])


def samples(model, count=32, seed=100):
    """Uniform samples in [-1, 1) for every float input of the main subgraph."""
    random = np.random.default_rng(seed)
    return [
        {
            x.name: random.uniform(-1, 1, x.shape).astype(np.float32)
            for x in model.main.inputs
        }
        for _ in range(count)
    ]
