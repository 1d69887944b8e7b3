"""The basic LSTM cell: one moment, one matrix of weights for all four gates.

    i, g, f, o = W [x, h] + b
    c' = logistic(i) * tanh(g) + logistic(f) * c      h' = logistic(o) * tanh(c')

In integers x and h are uint8 around 128, gates have 3 integer bits in 16, the cell
state 4; the arithmetic is that of gemmlowp's fixed point.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.arithmetic import (
    divide_by_power_of_two,
    doubling_high_multiply,
    multiply,
    parameters,
    quantize_multiplier,
    wrap,
)
from gossamer.ir.fixed_point_16 import logistic_table, look_up_16, tanh_table
from gossamer.ir.op import Op, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.recurrent import Checker, fits, logistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array

OUTPUT_STATE, WEIGHTS, BIAS, CELL_STATE = 1, 2, 3, 4
STATES = (OUTPUT_STATE, CELL_STATE)
_STATE_BITS = 4
_TYPES = {
    DType.FLOAT32: (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32),
    DType.UINT8: (DType.UINT8, DType.INT32, DType.INT16),
}
"""By the input's type: those of the weights, of the bias and of the cell state."""


def infer(op: Op, inputs: Sequence[Tensor | None]) -> tuple[TensorType, ...]:
    """The types of the output, the new cell state, [x, h] and the gates."""
    require(len(inputs) == 5, op, f"{len(inputs)} inputs; expected 5")
    check = Checker(op, inputs)
    x, h = check.present(0, "input"), check.present(OUTPUT_STATE, "state")
    state = check.present(CELL_STATE, "state")
    check.present(WEIGHTS, "weights")
    check.present(BIAS, "bias")
    check.typed(x, tuple(_TYPES))
    weight_type, bias_type, state_type = _TYPES[x.dtype]
    require(
        x.type.rank == h.type.rank == 2,
        op,
        f"the input and the state have ranks {x.type.rank} and {h.type.rank}; "
        "expected 2",
    )
    batch, size = x.shape
    units = h.shape[1]
    depth = size + units if min(size, units) >= 0 else -1
    rows = 4 * units if units >= 0 else -1
    check.shaped(WEIGHTS, (rows, depth), (weight_type,))
    check.shaped(BIAS, (rows,), (bias_type,))
    for tensor, dtype in ((h, x.dtype), (state, state_type)):
        check.typed(tensor, (dtype,))
        require(
            fits(tensor.shape, (batch, units)) and not tensor.is_constant,
            op,
            f"the state '{tensor.name}' is a constant or has {tensor.shape}; expected "
            f"a variable of {(batch, units)}",
        )
    return (
        TensorType(x.dtype, (batch, units)),
        TensorType(state_type, (batch, units)),
        TensorType(x.dtype, (batch, depth)),
        TensorType(state_type, (batch, rows)),
    )


def reference(*inputs: Any) -> tuple[Array, ...]:
    """Outputs and new states, on floats."""
    x, h, weights, bias, state = inputs
    both = np.concatenate((x, h), axis=1)
    gates = both @ weights.T + bias
    i, g, f, o = np.split(gates, 4, axis=1)
    after = logistic(i) * np.tanh(g) + logistic(f) * state
    output = logistic(o) * np.tanh(after)
    return output, after, both, gates, output, after


def integer(node: Node, *inputs: Any) -> tuple[Array, ...]:
    """Outputs and new states, on quantized tensors."""
    x, h, weights, bias, state = inputs
    scale, _ = parameters(node.outputs[1])
    if abs(math.log2(float(scale)) - (_STATE_BITS - 15)) > 1e-3:
        raise GraphError(
            f"{node.op.name}: the cell state has the scale {scale}; expected 2**-11"
        )
    both = np.concatenate((x, h), axis=1)
    _, zero_point = parameters(node.input(WEIGHTS))
    bias_scale, _ = parameters(node.input(BIAS))
    centred = weights.astype(np.int64) - zero_point
    sums = (both.astype(np.int64) - 128) @ centred.T + bias
    factor = quantize_multiplier(float(np.float32(4096) * bias_scale))
    gates = np.clip(multiply(wrap(sums), *factor), -(1 << 15), (1 << 15) - 1)
    i, g, f, o = np.split(gates, 4, axis=1)
    fresh = doubling_high_multiply(_logistic(i), look_up_16(tanh_table(3), g), bits=16)
    kept = doubling_high_multiply(_logistic(f), state.astype(np.int64), bits=16)
    after = divide_by_power_of_two(fresh, _STATE_BITS) + kept
    after = np.clip(after, -(1 << 15), (1 << 15) - 1)
    bent = look_up_16(tanh_table(3), np.clip(after << 1, -(1 << 15), (1 << 15) - 1))
    output = doubling_high_multiply(_logistic(o), bent, bits=16)
    narrow = np.clip(divide_by_power_of_two(output, 8), -128, 127) + 128
    y, cell = narrow.astype(np.uint8), after.astype(np.int16)
    return y, cell, both, gates.astype(np.int16), y, cell


def _logistic(values: Array) -> Array:
    return look_up_16(logistic_table(), values)
