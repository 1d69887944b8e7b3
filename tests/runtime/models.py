"""Small models for the interpreter's tests, as bytes of a `.tflite` file."""

from __future__ import annotations

import numpy as np

from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Node, Signature, Subgraph, Tensor
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ops import FullyConnected, Reshape

WEIGHTS = np.arange(12, dtype=np.float32).reshape(3, 4) - 5
BIAS = np.array([0.5, -1, 2], np.float32)


def signed(graph, key="serving_default"):
    """A signature with short names for all of a graph's inputs and outputs."""
    inputs = {f"in_{x.name}": x for x in graph.inputs}
    outputs = {f"out_{y.name}": y for y in graph.outputs}
    return Signature(key, inputs, outputs)


def dense():
    """x float32 [?, 2, 2] -> flat -> scores = flat @ WEIGHTS.T + BIAS [?, 3]."""
    build = Builder("main")
    x = build.input("x", TensorType(DType.FLOAT32, (-1, 2, 2)))
    target = build.constant("target", np.array([-1, 4], np.int32))
    weights = build.constant("weights", WEIGHTS)
    bias = build.constant("bias", BIAS)
    flat = build.node(Reshape(), x, target, name="flat")
    scores = build.node(FullyConnected(), flat, weights, bias, name="scores")
    graph = build.finish([scores])
    return bytes(write(Model((graph,), (signed(graph),))))


def dense_answer(x):
    return x.reshape(-1, 4) @ WEIGHTS.T + BIAS


def reshaped(source=(2, 6), target=(3, 4)):
    """A fixed RESHAPE without a signature: x float32 -> y."""
    build = Builder("main")
    x = build.input("x", TensorType(DType.FLOAT32, source))
    shape = build.constant("shape", np.array(target, np.int32))
    y = build.node(Reshape(), x, shape, name="y")
    return bytes(write(Model((build.finish([y]),))))


def quantized(dtype=DType.INT8):
    """x (scale 0.5, zero point 3) reshaped from [1, 4] to y [4]."""
    build = Builder("main")
    quantization = Quantization.per_tensor(0.5, 3)
    x = build.input("x", TensorType(dtype, (1, 4)), quantization)
    shape = build.constant("shape", np.array([4], np.int32))
    y = build.node(Reshape(), x, shape, name="y", quantization=quantization)
    graph = build.finish([y])
    return bytes(write(Model((graph,), (signed(graph),))))


def free_target():
    """x float32 [4] and target int32 [2] -> y, whose shape only running can tell."""
    build = Builder("main")
    x = build.input("x", TensorType(DType.FLOAT32, (4,)))
    target = build.input("target", TensorType(DType.INT32, (2,)))
    y = build.node(Reshape(), x, target, name="y")
    graph = build.finish([y])
    return bytes(write(Model((graph,), (signed(graph),))))


def stateful():
    """A variable float32 [2, 2] and no inputs -> RESHAPE -> y [4]."""
    state = Tensor("state", TensorType(DType.FLOAT32, (2, 2)), is_variable=True)
    target = Tensor("target", TensorType(DType.INT32, (1,)), np.array([4], np.int32))
    y = Tensor("y", TensorType(DType.FLOAT32, (4,)))
    node = Node(Reshape(), (state, target), (y,))
    graph = Subgraph("main", (state, target, y), (), (y,), (node,))
    return bytes(write(Model((graph,))))


def two_signatures():
    """Two subgraphs, each with a signature: `flat` gives [4], `row` gives [1, 4]."""
    graphs = []
    for name, target in (("flat", [4]), ("row", [1, 4])):
        build = Builder(name)
        x = build.input("x", TensorType(DType.FLOAT32, (2, 2)))
        shape = build.constant("shape", np.array(target, np.int32))
        graphs.append(build.finish([build.node(Reshape(), x, shape, name="y")]))
    signatures = [
        Signature(graph.name, {"x": graph.inputs[0]}, {"y": graph.outputs[0]}, index)
        for index, graph in enumerate(graphs)
    ]
    return bytes(write(Model(tuple(graphs), tuple(signatures))))


def executable_of(interpreter):
    """What runs an interpreter's model, under whatever names."""
    executable = interpreter._main._executable
    return getattr(executable, "executable", executable)
