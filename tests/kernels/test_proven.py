"""Quick ways of adding and multiplying bytes, over all pairs of bytes."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.arithmetic import multiply, quantize_multiplier
from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.arithmetic.byte_sum import ByteSum, proven_sum
from gossamer.kernels.arithmetic.float_scale import FloatScale, proven_scale
from gossamer.lowering.program import PlacedStep
from gossamer.ops import Add, Mul, Sub
from gossamer.runtime.native import NativeExecutable
from tests.codegen.machines import RUNNABLE
from tests.ops.values import scale

EVERY = np.arange(-128, 128).astype(np.int8)
LEFT, RIGHT = (each.copy() for each in np.meshgrid(EVERY, EVERY, indexing="ij"))
SCALES = {
    "uneven": (scale(0.031, 3), scale(0.0173, -9), scale(0.041, -7)),
    "halves": (scale(0.5, 0), scale(0.5, 1), scale(1.0, 0)),
    "ends": (scale(0.02, -128), scale(0.021, 127), scale(0.0213, -128)),
    "far apart": (scale(0.5, 100), scale(0.003, 0), scale(0.3, 127)),
    "a gate": (scale(0.04, -119), scale(1 / 256, -128), scale(0.03, -121)),
    "all beyond": (scale(3.0, 0), scale(2.0, 0), scale(0.01, 0)),
    "nothing": (scale(0.001, 5), scale(0.001, 6), scale(9.0, 7)),
}


@pytest.mark.parametrize("activation", ["none", "relu6"])
@pytest.mark.parametrize("op", [Add, Sub, Mul])
@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("name", RUNNABLE)
def test_all_pairs(
    name: str, scales: str, op: type[Add | Sub | Mul], activation: str
) -> None:
    left, right, out = SCALES[scales]
    build = Builder()
    shape = TensorType(DType.INT8, LEFT.shape)
    x, z = build.input("x", shape, left), build.input("z", shape, right)
    y = build.node(op(activation), x, z, quantization=out)
    graph = build.finish([y])
    executable = NativeExecutable(graph, {}, target=RUNNABLE[name])
    assert all(isinstance(each, PlacedStep) for each in executable.program.actions)
    for tensor, array in ((x, LEFT), (z, RIGHT)):
        view = executable.view(tensor)
        assert view is not None
        view[...] = array
    executable.invoke()
    (node,) = graph.nodes
    (wanted,) = node.op.integer(node, LEFT, RIGHT)
    found = executable.view(y)
    assert found is not None
    np.testing.assert_array_equal(found, wanted)


def test_a_sum_is_proven_by_its_table() -> None:
    exact = np.floor(EVERY[:, None] * 0.75 + EVERY[None, :] * 0.375 + 0.5)
    wanted = np.clip(exact, -128, 127).astype(np.int64)
    made = proven_sum((0.75, 0.375), (0, 0, 0), wanted, (-128, 127))
    assert isinstance(made, ByteSum)
    found = made.table()
    assert found is not None
    np.testing.assert_array_equal(found, wanted)


def test_what_is_no_sum_is_not_proven() -> None:
    wanted = np.clip(EVERY[:, None].astype(np.int64) + EVERY[None, :], -128, 127)
    assert proven_sum((1.0, 1.0), (0, 0, 0), wanted, (-128, 127)) is not None
    wanted[200, 90] += 1
    assert proven_sum((1.0, 1.0), (0, 0, 0), wanted, (-128, 127)) is None


@pytest.mark.parametrize("factor", [1e9, 0.0])
def test_weights_out_of_reach_are_not_proven(factor: float) -> None:
    zeros = np.zeros((256, 256), np.int64)
    assert proven_sum((factor, 1.0), (0, 0, 0), zeros, (0, 0)) is None


def test_a_factor_is_proven_by_all_numbers() -> None:
    numbers = np.arange(-65025, 65026)
    twice = multiply(numbers, *quantize_multiplier(0.0043))
    wanted = np.clip(twice - 3, -128, 127)
    made = proven_scale(numbers, wanted, 0.0043, -3, (-128, 127))
    assert isinstance(made, FloatScale)
    np.testing.assert_array_equal(np.clip(made.of(numbers) - 3, -128, 127), wanted)
    wanted[65025 + 150] += 1
    assert proven_scale(numbers, wanted, 0.0043, -3, (-128, 127)) is None


@pytest.mark.parametrize("factor", [1e9, 0.0])
def test_factors_out_of_reach_are_not_proven(factor: float) -> None:
    numbers = np.arange(1, 9)
    assert proven_scale(numbers, numbers * 0, factor, 0, (0, 0)) is None
