"""One graph for each operator that has an integer form."""

from __future__ import annotations

import numpy as np

from gossamer import ops
from gossamer.ir.build import Builder
from tests.quantization import graphs

IMAGE = (1, 6, 6, 4)
ROWS = (2, 24)
CONV = {"stride_w": 1, "stride_h": 1, "padding": "same"}
POOL = {"filter_width": 2, "filter_height": 2, "stride_w": 2, "stride_h": 2}
POSITIVE = (0.25, 2.0)
"""Where logarithms and roots are well apart from their poles."""


def ints(*values):
    return np.array(values, np.int32)


def weights(*shape):
    return graphs.normal(7, *shape, spread=0.3)


PADS = np.array([[0, 0], [1, 2], [1, 0], [0, 0]], np.int32)
CHOICE = np.arange(48).reshape(ROWS) % 3 == 0

CASES = {
    "ABS": (ops.Abs(), ROWS),
    "ADD": (ops.Add(fused_activation_function="relu"), IMAGE, (1, 1, 1, 4)),
    "ADD constant": (ops.Add(), IMAGE, weights(4)),
    "AVERAGE_POOL_2D": (ops.AveragePool2D(padding="same", **POOL), IMAGE),
    "BATCH_MATMUL": (ops.BatchMatMul(), (2, 5, 8), (2, 8, 3)),
    "BATCH_MATMUL constant": (ops.BatchMatMul(), (2, 5, 8), weights(2, 8, 3)),
    "BATCH_MATMUL adjoint": (ops.BatchMatMul(adj_y=True), (2, 5, 8), (2, 3, 8)),
    "BATCH_TO_SPACE_ND": (
        ops.BatchToSpaceNd(),
        (4, 2, 2, 3),
        ints(2, 2),
        np.zeros((2, 2), np.int32),
    ),
    "BROADCAST_TO": (ops.BroadcastTo(), (1, 24), ints(5, 24)),
    "CONCATENATION": (ops.Concatenation(axis=1), ROWS, (2, 5)),
    "CONV_2D": (ops.Conv2D(**CONV), IMAGE, weights(5, 3, 3, 4), weights(5)),
    "CONV_2D without bias": (ops.Conv2D(**CONV), IMAGE, weights(5, 3, 3, 4)),
    "DEPTH_TO_SPACE": (ops.DepthToSpace(block_size=2), IMAGE),
    "DEPTHWISE_CONV_2D": (
        ops.DepthwiseConv2D(depth_multiplier=1, **CONV),
        IMAGE,
        weights(1, 3, 3, 4),
        weights(4),
    ),
    "DEPTHWISE_CONV_2D without bias": (
        ops.DepthwiseConv2D(depth_multiplier=2, **CONV),
        IMAGE,
        weights(1, 3, 3, 8),
    ),
    "DILATE": (ops.Dilate(), ROWS, ints(2, 1), np.float32(0)),
    "FILL": (ops.Fill(), ints(2, 3), ()),
    "ONE_HOT": (ops.OneHot(axis=-1), ints(1, 3), np.int32(5), (), ()),
    "REDUCE_PROD": (ops.ReduceProd(), (2, 3), ints(1)),
    "RELU_0_TO_1": (ops.Relu0To1(), ROWS),
    "SELECT": (ops.Select(), CHOICE, ROWS, ROWS),
    "TOPK_V2": (ops.TopKV2(), ROWS, np.int32(3)),
    "DYNAMIC_UPDATE_SLICE": (ops.DynamicUpdateSlice(), ROWS, (1, 4), ints(1, 3)),
    "ELU": (ops.Elu(), ROWS),
    "EXP": (ops.Exp(), ROWS),
    "EXPAND_DIMS": (ops.ExpandDims(), ROWS, np.int32(1)),
    "FULLY_CONNECTED": (
        ops.FullyConnected(fused_activation_function="relu6"),
        ROWS,
        weights(6, 24),
        weights(6),
    ),
    "FULLY_CONNECTED without bias": (ops.FullyConnected(), ROWS, weights(6, 24)),
    "GATHER": (ops.Gather(axis=1), ROWS, ints(3, 0, 7)),
    "GATHER_ND": (ops.GatherNd(), ROWS, np.array([[1, 3], [0, 4]], np.int32)),
    "GELU": (ops.Gelu(), ROWS),
    "HARD_SWISH": (ops.HardSwish(), ROWS),
    "L2_NORMALIZATION": (ops.L2Normalization(), ROWS),
    "LEAKY_RELU": (ops.LeakyRelu(alpha=0.2), ROWS),
    "LOG": (ops.Log(), ROWS, POSITIVE),
    "LOGISTIC": (ops.Logistic(), ROWS),
    "LOG_SOFTMAX": (ops.LogSoftmax(), ROWS),
    "MAXIMUM": (ops.Maximum(), ROWS, ROWS),
    "MAX_POOL_2D": (ops.MaxPool2D(padding="valid", **POOL), IMAGE),
    "MEAN": (ops.Mean(), IMAGE, ints(1, 2)),
    "MEAN of channels": (ops.Mean(keep_dims=True), IMAGE, ints(3)),
    "MINIMUM": (ops.Minimum(), ROWS, np.float32(0.5)),
    "MIRROR_PAD": (ops.MirrorPad(mode="reflect"), IMAGE, PADS),
    "MUL": (ops.Mul(), ROWS, (2, 24)),
    "PACK": (ops.Pack(values_count=2, axis=1), ROWS, ROWS),
    "PAD": (ops.Pad(), IMAGE, PADS),
    "PADV2": (ops.PadV2(), IMAGE, PADS, np.float32(-0.5)),
    "PRELU": (ops.PRelu(), IMAGE, weights(1, 1, 4)),
    "REDUCE_MAX": (ops.ReduceMax(), IMAGE, ints(1, 2)),
    "REDUCE_MIN": (ops.ReduceMin(), IMAGE, ints(3)),
    "RELU": (ops.Relu(), ROWS),
    "RELU6": (ops.Relu6(), ROWS),
    "RELU_N1_TO_1": (ops.ReluN1To1(), ROWS),
    "RESHAPE": (ops.Reshape(), ROWS, ints(4, 12)),
    "RESIZE_BILINEAR": (
        ops.ResizeBilinear(half_pixel_centers=True),
        IMAGE,
        ints(9, 7),
    ),
    "RESIZE_NEAREST_NEIGHBOR": (ops.ResizeNearestNeighbor(), IMAGE, ints(12, 12)),
    "REVERSE_V2": (ops.ReverseV2(), ROWS, ints(1)),
    "RSQRT": (ops.Rsqrt(), ROWS, POSITIVE),
    "SELECT_V2": (ops.SelectV2(), CHOICE, ROWS, ROWS),
    "SLICE": (ops.Slice(), ROWS, ints(0, 3), ints(2, 7)),
    "SOFTMAX": (ops.Softmax(beta=1.0), ROWS),
    "SPACE_TO_BATCH_ND": (
        ops.SpaceToBatchNd(),
        IMAGE,
        ints(2, 2),
        np.zeros((2, 2), np.int32),
    ),
    "SPACE_TO_DEPTH": (ops.SpaceToDepth(block_size=2), IMAGE),
    "SPLIT": (ops.Split(num_splits=2), np.int32(1), ROWS),
    "SPLIT_V": (ops.SplitV(num_splits=2), ROWS, ints(20, 4), np.int32(1)),
    "SQUARED_DIFFERENCE": (ops.SquaredDifference(), ROWS, (2, 1)),
    "SQUEEZE": (ops.Squeeze(squeeze_dims=(0,)), (1, 24)),
    "STRIDED_SLICE": (ops.StridedSlice(), ROWS, ints(0, 2), ints(2, 20), ints(1, 3)),
    "SUB": (ops.Sub(), IMAGE, (1, 6, 6, 4)),
    "SUM": (ops.Sum(), IMAGE, ints(1, 2)),
    "TANH": (ops.Tanh(), ROWS),
    "TILE": (ops.Tile(), ROWS, ints(1, 3)),
    "TRANSPOSE": (ops.Transpose(), IMAGE, ints(0, 3, 1, 2)),
    "TRANSPOSE_CONV": (
        ops.TransposeConv(padding="valid", stride_w=2, stride_h=2),
        ints(1, 12, 12, 3),
        weights(3, 2, 2, 4),
        IMAGE,
        weights(3),
    ),
    "UNPACK": (ops.Unpack(num=2, axis=0), ROWS),
}
"""An operator and its inputs: a shape is a graph input, an array a constant."""


def model(name):
    """The graph of a case."""
    op, *given = CASES[name]
    build = Builder()
    graph_inputs, inputs = [], []
    for index, value in enumerate(x for x in given if x is not POSITIVE):
        if isinstance(value, tuple):
            graph_inputs.append(build.input(f"x{index}", graphs.floats(*value)))
            inputs.append(graph_inputs[-1])
        else:
            inputs.append(build.constant(f"c{index}", value))
    count = len(op.infer(*inputs))
    names = [f"y{index}" for index in range(count)]
    outputs = build.nodes(op, *inputs, names=names)
    return graphs.model_of(build, graph_inputs, list(outputs))


def samples(name, made, count, seed=3):
    """Samples for a case, uniform over what its operator is defined on."""
    low, high = POSITIVE if any(x is POSITIVE for x in CASES[name]) else (-2.0, 2.0)
    random = np.random.default_rng(seed)
    return [
        {
            x.name: random.uniform(low, high, x.shape).astype(np.float32)
            for x in made.main.inputs
        }
        for _ in range(count)
    ]
