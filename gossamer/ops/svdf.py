"""SVDF: a dense layer of low rank that looks back in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.arithmetic import (
    multiply,
    parameters,
    quantize_multiplier,
    wrap,
)
from gossamer.ir.op import Free, Op, operator, require
from gossamer.ir.types import DType, TensorType
from gossamer.ops.recurrent import HYBRID_WEIGHTS, Checker, Given, activated
from gossamer.ops.svdf_steps import (
    BIAS,
    FEATURES,
    STATE,
    TIME,
    float_steps,
    integer_steps,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("SVDF", code=27, options="SVDFOptions")
class Svdf(Op):
    """Inputs: x (B, I), weights (F, I), weights in time (F, M), bias (U), state.

    Each of F filters keeps its last M values in the state, a variable; `rank`
    filters make one of U outputs.
    """

    rank: int = 0
    fused_activation_function: str = "none"
    asymmetric_quantize_inputs: bool = False

    output_quantization = Free()
    updates = (STATE,)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        require(len(inputs) == 5, self, f"{len(inputs)} inputs; expected 5")
        check = Checker(self, inputs)
        x, weights = check.present(0, "input"), check.present(FEATURES, "weights")
        time = check.present(TIME, "weights in time")
        check.typed(x, (DType.FLOAT32, DType.INT8))
        require(
            x.type.rank == weights.type.rank == time.type.rank == 2,
            self,
            f"the input and the weights have the ranks {x.type.rank}, "
            f"{weights.type.rank} and {time.type.rank}; expected 2",
        )
        filters, memory = time.shape
        require(
            self.rank > 0 and filters % self.rank == 0,
            self,
            f"{filters} filters do not make outputs of rank {self.rank}",
        )
        require(memory != 0, self, "the filters have no memory")
        units = filters // self.rank if filters >= 0 else -1
        self._check_types(check, x.dtype, weights.dtype)
        require(
            x.dtype is DType.FLOAT32 or self.fused_activation_function == "relu",
            self,
            f"int8 with '{self.fused_activation_function}'; expected relu",
        )
        features = (weights.dtype,)
        check.shaped(FEATURES, (filters, x.shape[1]), features)
        biases = DType.INT32 if x.dtype is DType.INT8 else DType.FLOAT32
        check.shaped(BIAS, (units,), (biases,))
        check.shaped(TIME, (filters, memory), (time.dtype,))
        state = DType.INT16 if x.dtype is DType.INT8 else DType.FLOAT32
        size = memory * filters if min(memory, filters) >= 0 else -1
        check.state(STATE, (x.shape[0], size), state)
        return (TensorType(x.dtype, (x.shape[0], units)),)

    def _check_types(self, check: Checker, dtype: DType, weights: DType) -> None:
        time = check.present(TIME, "weights in time")
        if dtype is DType.INT8:
            check.typed(check.present(FEATURES, "weights"), (DType.INT8,))
            check.typed(time, (DType.INT16,))
            return
        kinds = (DType.FLOAT32, *HYBRID_WEIGHTS)
        check.typed(check.present(FEATURES, "weights"), kinds)
        check.typed(time, (weights,))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return self._float(Given(inputs))

    def _float(self, given: Given) -> tuple[Array, ...]:
        product = given.product(FEATURES, asymmetric=self.asymmetric_quantize_inputs)
        time = given.vector(TIME)
        assert product is not None
        state = _moved(given.array(STATE), product(given.array(0)), time.shape)
        sums = (state * time).sum(axis=2, dtype=np.float32)
        total = self._outputs(sums).sum(axis=2, dtype=np.float32)
        if given.array(BIAS) is not None:
            total = total + given.array(BIAS)
        output = activated(total, self.fused_activation_function)
        return output, state.reshape(given.array(STATE).shape)

    def _outputs(self, sums: Array) -> Array:
        """Sums of filters (B, F) as (B, U, rank)."""
        return sums.reshape(sums.shape[0], sums.shape[1] // self.rank, self.rank)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        x, weights, time, bias, before = inputs
        if x.dtype == np.float32:
            return self._float(Given(inputs, node.inputs))
        first, second = integer_factors(node)
        _, out_zero = parameters(node.output)
        _, zero_point = parameters(node.input(0))
        centred = x.astype(np.int64) - zero_point
        features = multiply(wrap(centred @ weights.astype(np.int64).T), *first)
        features = np.clip(features, -(1 << 15), (1 << 15) - 1)
        state = _moved(before, features, time.shape)
        sums = wrap((state.astype(np.int64) * time).sum(axis=2))
        total = self._outputs(sums).sum(axis=2)
        if bias is not None:
            total = total + bias
        # The activation is not applied: the zero point is to make it a clamp.
        scaled = multiply(wrap(total), *second) + out_zero
        output = np.clip(scaled, -128, 127).astype(np.int8)
        return output, state.reshape(before.shape)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        if node.input(0).dtype is DType.INT8:
            return integer_steps(node, target, self.rank, integer_factors(node))
        return float_steps(
            node,
            target,
            self.rank,
            self.fused_activation_function,
            asymmetric=self.asymmetric_quantize_inputs,
        )

    def version(self, node: Node) -> int:
        if node.input(0).dtype is DType.INT8:
            return 3
        if node.input(FEATURES).dtype is DType.FLOAT32:
            return 1
        return 4 if self.asymmetric_quantize_inputs else 2


def _moved(state: Array, features: Array, shape: tuple[int, int]) -> Array:
    """The state (B, F, M) with everything one place further and `features` last."""
    filters, memory = shape
    past = state.reshape(features.shape[0], filters, memory)
    last = features.astype(state.dtype)[:, :, np.newaxis]
    return np.concatenate((past[:, :, 1:], last), axis=2)


def integer_factors(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    """The factors from products to the state, and from the state to the output."""
    indices = (0, FEATURES, TIME, STATE)
    x, weights, time, state = (parameters(node.input(i))[0] for i in indices)
    output, _ = parameters(node.output)
    # In float32, as the reference kernel computes them.
    return (
        quantize_multiplier(float(np.float32(x * weights / state))),
        quantize_multiplier(float(np.float32(state * time / output))),
    )
