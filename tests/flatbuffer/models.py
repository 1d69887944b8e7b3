"""Small models that the tests of this folder read, write and damage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gossamer.ir.build import Builder
from gossamer.ir.graph import (
    DimensionMetadata,
    Model,
    Node,
    Signature,
    Sparsity,
    Subgraph,
    Tensor,
)
from gossamer.ir.op import Custom
from gossamer.ir.quantization import Blockwise, MultiAxis, Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Conv2D, FullyConnected, If, Logistic, Reshape, Softmax


def mlp() -> Model:
    """A float classifier of 6 features into 4 classes, with a dynamic batch."""
    rng = np.random.default_rng(7)
    build = Builder("main")
    x = build.input("features", TensorType(DType.FLOAT32, (-1, 6)))
    w0 = build.constant("w0", rng.standard_normal((8, 6)).astype(np.float32))
    b0 = build.constant("b0", rng.standard_normal(8).astype(np.float32))
    w1 = build.constant("w1", rng.standard_normal((4, 8)).astype(np.float32))
    hidden = build.node(FullyConnected("relu"), x, w0, b0, name="hidden")
    logits = build.node(FullyConnected(), hidden, w1, None, name="logits")
    scores = build.node(Softmax(1.0), logits, name="scores")
    signature = Signature("serving_default", {"x": x}, {"y": scores})
    metadata = {"min_runtime_version": b"2.3.0".ljust(16, b"\0")}
    return Model((build.finish([scores]),), (signature,), "an MLP", metadata)


def int8_conv() -> Model:
    """An int8 convolution with a scale per filter, flattened, with a signature."""
    rng = np.random.default_rng(8)
    build = Builder("main")
    x = build.input(
        "image", TensorType(DType.INT8, (1, 6, 6, 2)), Quantization.per_tensor(0.5, -3)
    )
    filters = rng.integers(-127, 128, (3, 3, 3, 2)).astype(np.int8)
    scale = np.array([0.01, 0.02, 0.03], np.float32)
    w = build.constant("filters", filters, Quantization.per_channel(scale, 0))
    b = build.constant(
        "bias", np.array([5, -6, 7], np.int32), Quantization.per_channel(scale / 2, 0)
    )
    to = Quantization.per_tensor(0.25, 4)
    y = build.node(Conv2D("valid", 1, 1, "relu6"), x, w, b, quantization=to)
    shape = build.constant("shape", np.array([1, 48], np.int32))
    flat = build.node(Reshape((1, 48)), y, shape, name="flat", quantization=to)
    signature = Signature("serving_default", {"image": x}, {"flat": flat})
    return Model((build.finish([flat]),), (signature,))


def logistic(*constants: Tensor) -> Model:
    """One node, and `constants` that nothing reads."""
    x = Tensor("x", TensorType(DType.FLOAT32, (2,)))
    y = Tensor("y", TensorType(DType.FLOAT32, (2,)))
    node = Node(Logistic(), (x,), (y,))
    graph = Subgraph("main", (x, y, *constants), (x,), (y,), (node,))
    return Model((graph,))


def branches() -> Model:
    """Two branches that IF chooses from."""
    bool_type, float_type = TensorType(DType.BOOL, ()), TensorType(DType.FLOAT32, (2,))
    flag, x, y = (
        Tensor("flag", bool_type),
        Tensor("x", float_type),
        Tensor("y", float_type),
    )
    node = Node(If(then_subgraph_index=1, else_subgraph_index=2), (flag, x), (y,))
    main = Subgraph("main", (flag, x, y), (flag, x), (y,), (node,))
    one, other = logistic().main, logistic().main
    return Model((main, replace(one, name="then"), replace(other, name="else")))


def with_parts() -> Model:
    """What is rare: variables, sparse data, details, custom operators, variants."""
    x = Tensor("x", TensorType(DType.FLOAT32, (1, 4)), has_rank=True)
    weights = np.arange(-8, 8, dtype=np.int8).reshape(2, 8)
    scales = Tensor(
        "scales", TensorType(DType.FLOAT16, (2, 2)), np.ones((2, 2), np.float16)
    )
    w_type = TensorType(DType.INT4, (2, 8))
    blocked = Quantization(blockwise=Blockwise(scales, None, 4))
    axes = Quantization(multi_axis=MultiAxis(scales, scales, 0, (0, 1)))
    extra = Quantization(
        minimum=np.array([-1], np.float32),
        maximum=np.array([1], np.float32),
        custom=b"own",
    )
    sparse_type = TensorType(DType.FLOAT32, (2, 4))
    variable_type = TensorType(DType.FLOAT32, (3,))
    y = Tensor("y", TensorType(DType.FLOAT32, (1, 4)), quantization=extra)
    state = Tensor("state", variable_type, is_variable=True)
    scratch = Tensor("scratch", variable_type)
    list_type = TensorType(DType.VARIANT, ())
    tensors = (
        x,
        Tensor("blocked", w_type, weights, blocked),
        Tensor("axes", w_type, weights, axes),
        scales,
        Tensor("sparse", sparse_type, _stored(), sparsity=_sparsity()),
        Tensor("list", list_type, variants=(variable_type,)),
        state,
        scratch,
        y,
    )
    custom = Custom("Own", b"\x01\x02" * 2000)
    node = Node(custom, (x, None, state), (y,), (scratch,), (False, False, True), 3, 9)
    return Model((Subgraph("", tensors, (x,), (y,), (node,), 4),))


def _stored() -> np.ndarray:
    return np.array([1, 2, 3], np.float32)


def _sparsity() -> Sparsity:
    rows = DimensionMetadata(2)
    columns = DimensionMetadata(0, (0, 1, 3), (3, 0, 2))
    return Sparsity((0, 1), (), (rows, columns))


ALL = {
    "mlp": mlp,
    "int8_conv": int8_conv,
    "branches": branches,
    "with_parts": with_parts,
}
