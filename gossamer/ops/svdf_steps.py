"""Steps of SVDF: the product with all filters, then the look back in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.arithmetic import parameters
from gossamer.ir.types import DType
from gossamer.kernels.recurrent import svdf
from gossamer.kernels.recurrent.cells import ACTIVATIONS
from gossamer.kernels.step import Constant, Scratch, Step
from gossamer.nest.build import Nest
from gossamer.ops.lstm_steps import constants, stacked
from gossamer.ops.recurrent import Given
from gossamer.ops.recurrent_steps import Matrix, Memory, gate_memory, input_steps

if TYPE_CHECKING:
    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

FEATURES, TIME, BIAS, STATE = 1, 2, 3, 4


def float_steps(
    node: Node, target: Target, rank: int, activation: str, *, asymmetric: bool
) -> list[Step] | None:
    """The steps on floats; None where there is no kernel."""
    known = constants(node, (FEATURES, TIME, BIAS))
    x, y = node.input(0), node.output
    if known is None or activation not in ACTIVATIONS:
        return None
    if y.dtype is not DType.FLOAT32 or not (x.type.size and y.type.size):
        return None
    given = Given(known, node.inputs)
    product = given.product(FEATURES, asymmetric=asymmetric)
    assert product is not None
    matrix, batch = stacked([product], None), x.shape[0]
    features = gate_memory(batch, matrix.columns)
    steps = input_steps(target, matrix, x, batch, features, adds=False)
    time: np.ndarray = given.vector(TIME)
    memory = Memory(Nest("svdf", target))
    own, weights = memory.read(features), memory.read(Constant(time))
    state, sums = memory.write(node.input(STATE)), memory.write(y)
    bias = _bias(memory, known[BIAS])
    shape = svdf.Memory(y.shape[1], rank, time.shape[1], *svdf.FLOAT_KINDS)
    end = svdf.FloatFinish(bias, activation)
    svdf.look_back(memory.nest, shape, (own, weights, state, sums), end)
    return [*steps, memory.step(batch)]


def _bias(memory: Memory, bias: Array | None) -> Value | None:
    return None if bias is None else memory.read(Constant(bias))


def integer_steps(
    node: Node,
    target: Target,
    rank: int,
    factors: tuple[tuple[int, int], tuple[int, int]],
) -> list[Step] | None:
    """The steps on int8, by the factors to the state and to the output."""
    known = constants(node, (FEATURES, TIME, BIAS))
    x, y = node.input(0), node.output
    if known is None or y.dtype is not DType.INT8:
        return None
    if not (x.type.size and y.type.size) or max(shift for _, shift in factors) > 30:
        return None
    weights, time, batch = known[FEATURES], known[TIME], x.shape[0]
    assert weights is not None
    assert time is not None
    filters = len(weights)
    (multiplier, shift), second = factors
    matrix = Matrix(
        weights,
        weights.sum(axis=1, dtype=np.int64) * -parameters(x)[1],
        factors=(np.full(filters, multiplier), np.full(filters, shift)),
    )
    features = gate_memory(batch, filters)
    steps = input_steps(target, matrix, x, batch, features, adds=False)
    memory = Memory(Nest("svdf", target))
    own, over = memory.read(features), memory.read(Constant(time))
    state = memory.write(node.input(STATE))
    sums = memory.write(Scratch(y.type.size * 4))
    result = memory.write(y)
    bias = _bias(memory, known[BIAS])
    shape = svdf.Memory(y.shape[1], rank, time.shape[1], *svdf.INTEGER_KINDS)
    end = svdf.IntegerFinish(result, bias, *second, parameters(y)[1])
    svdf.look_back(memory.nest, shape, (own, over, state, sums), end)
    return [*steps, memory.step(batch)]
