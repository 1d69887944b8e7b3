"""Details and signatures are equal to what LiteRT gives for the same file."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import interpreter as litert

from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ops import FullyConnected, Reshape
from gossamer.runtime.interpreter import Interpreter
from tests.runtime import models


def per_channel():
    """int8 FULLY_CONNECTED with a scale per output, and no bias."""
    build = Builder("main")
    x = build.input(
        "x", TensorType(DType.INT8, (2, 4)), Quantization.per_tensor(0.25, -7)
    )
    scales = Quantization(np.array([0.1, 0.2, 0.3], np.float32), np.zeros(3, np.int64))
    weights = build.constant("w", np.ones((3, 4), np.int8), scales)
    y = build.node(
        FullyConnected(),
        x,
        weights,
        None,
        name="y",
        quantization=Quantization.per_tensor(0.5, 1),
    )
    return bytes(write(Model((build.finish([y]),))))


def of_type(dtype):
    build = Builder("main")
    x = build.input("x", TensorType(dtype, (2, 3)))
    shape = build.constant("shape", np.array([6], np.int32))
    return bytes(write(Model((build.finish([build.node(Reshape(), x, shape)]),))))


FILES = {
    "dense": models.dense(),
    "fixed": models.reshaped(),
    "quantized": models.quantized(),
    "per channel": per_channel(),
    "two signatures": models.two_signatures(),
    "free target": models.free_target(),
    **{
        dtype.title: of_type(dtype)
        for dtype in (
            DType.FLOAT16,
            DType.INT16,
            DType.INT64,
            DType.UINT8,
            DType.BOOL,
            DType.FLOAT64,
            DType.COMPLEX64,
            DType.STRING,
            DType.INT4,
            DType.BFLOAT16,
            DType.UINT32,
            DType.UINT16,
        )
    },
}


def same(ours, theirs):
    """Equal in values, types, keys and the order of keys."""
    match ours:
        case dict():
            return list(ours) == list(theirs) and all(
                same(ours[key], theirs[key]) for key in ours
            )
        case list() | tuple():
            return len(ours) == len(theirs) and all(map(same, ours, theirs))
        case np.ndarray():
            return ours.dtype == theirs.dtype and ours.tolist() == theirs.tolist()
        case _:
            return type(ours) is type(theirs) and ours == theirs


@pytest.mark.parametrize("name", FILES)
def test_details_equal_litert(name):
    ours = Interpreter(model_content=FILES[name])
    theirs = litert.Interpreter(
        model_content=FILES[name],
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
    )
    assert ours.num_subgraphs() == theirs.num_subgraphs()
    for subgraph in range(ours.num_subgraphs()):
        found = ours.get_tensor_details(subgraph)
        wanted = theirs.get_tensor_details(subgraph)
        for one, other in zip(found, wanted, strict=True):
            assert same(one, other), f"{one} is not {other}"
    assert same(ours.get_input_details(), theirs.get_input_details())
    assert same(ours.get_output_details(), theirs.get_output_details())
    assert same(ours.get_signature_list(), theirs.get_signature_list())
    assert same(ours._get_full_signature_list(), theirs._get_full_signature_list())
    assert same(ours._get_ops_details(), theirs._get_ops_details())


def test_runner_details_equal_litert():
    ours = Interpreter(model_content=FILES["dense"]).get_signature_runner()
    theirs = litert.Interpreter(model_content=FILES["dense"]).get_signature_runner()
    assert same(ours.get_input_details(), theirs.get_input_details())
    assert same(ours.get_output_details(), theirs.get_output_details())


def test_details_after_resize_equal_litert():
    found = []
    for made in (
        Interpreter(model_content=FILES["dense"]),
        litert.Interpreter(
            model_content=FILES["dense"],
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
        ),
    ):
        made.resize_tensor_input(0, [4, 2, 2])
        made.allocate_tensors()
        found.append(made.get_tensor_details())
    assert same(*found)
