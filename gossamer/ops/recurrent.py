"""What recurrent operators share: products with weights, activations, the walk in time.

Arrays of one moment are (batch, size). A cell is a function from the inputs of a moment
and the state before it to an output and the state after it; `walk` applies it from the
first moment to the last, or backward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.errors import UnsupportedError
from gossamer.ir.arithmetic import activate, choose
from gossamer.ir.op import Op, require
from gossamer.ir.types import DType
from gossamer.ops.integer_product import (
    quantize_rows_asymmetric,
    quantize_rows_symmetric,
    weight_scales,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape

State: TypeAlias = tuple["Array", ...]
Cell: TypeAlias = "Callable[[State, State], tuple[Array, State]]"
"""From the inputs of a moment and the state to the output and the next state."""

HYBRID_WEIGHTS = frozenset({DType.INT8, DType.UINT8})
"""Weight types beside float inputs; uint8 holds the bits of int8."""


@dataclass(frozen=True, slots=True)
class Given:
    """The inputs of a node: arrays, and the tensors (None where there is no node)."""

    arrays: Sequence[Any]
    tensors: Sequence[Tensor | None] = ()

    def array(self, index: int) -> Any:
        """The array at `index`, None where the input is left out."""
        return self.arrays[index] if 0 <= index < len(self.arrays) else None

    def product(self, index: int, *, asymmetric: bool) -> Product | None:
        """The product with the weights at `index`."""
        weights = self.array(index)
        if weights is None:
            return None
        if weights.dtype == np.float32:
            return Product(weights)
        return Product(signed(weights), self.scale(index), asymmetric)

    def scale(self, index: int) -> np.float32:
        """The one scale of the weights at `index`."""
        tensor = self.tensors[index] if index < len(self.tensors) else None
        if tensor is None:
            raise UnsupportedError("integer weights of a recurrent cell have no scale")
        scales = weight_scales(tensor)
        if scales.size != 1:
            raise UnsupportedError(
                f"the weights '{tensor.name}' have {scales.size} scales; recurrent "
                "cells take one"
            )
        return scales[0]

    def vector(self, index: int) -> Any:
        """A float vector at `index`, dequantized where it is stored in 8 bits."""
        array = self.array(index)
        if array is None or array.dtype == np.float32:
            return array
        return signed(array).astype(np.float32) * self.scale(index)


def signed(weights: Array) -> Array:
    """Weights as int8, which uint8 stands for."""
    return weights.view(np.int8) if weights.dtype == np.uint8 else weights


@dataclass(frozen=True, slots=True)
class Product:
    """Rows times the transpose of weights (N, K), or times a diagonal (N)."""

    weights: Array
    scale: np.float32 | None = None
    asymmetric: bool = False

    def __call__(self, x: Array) -> Array:
        """(batch, K) to (batch, N), in float32."""
        if self.weights.ndim == 1:
            return x * self.weights
        if self.scale is None:
            return x @ self.weights.T
        quantize = (
            quantize_rows_asymmetric if self.asymmetric else quantize_rows_symmetric
        )
        values, scale, zero_point = quantize(x)
        # Sums of products of 8 bits are exact in float64.
        centred = (values - zero_point).astype(np.float64)
        sums = centred @ self.weights.T.astype(np.float64)
        return sums.astype(np.float32) * (scale * self.scale)


def activated(values: Array, activation: str) -> Array:
    """The fused activations of recurrent cells, on floats."""
    if activation == "sign_bit":
        return np.signbit(values).astype(np.float32)
    if activation == "logistic":
        return logistic(values)
    return activate(values, activation)


def logistic(values: Array) -> Array:
    """1 / (1 + exp(-x)) in float32."""
    power = np.exp(-np.abs(values.astype(np.float64)))
    share = 1 / (1 + power)
    return choose(values >= 0, share, 1 - share).astype(np.float32)


def clipped(values: Array, limit: float) -> Array:
    """Values within `limit` of zero; a limit of 0 lets all through."""
    return np.clip(values, -limit, limit) if limit > 0 else values


def moments(x: Array, *, time_major: bool) -> Array:
    """A sequence as (time, batch, size); (batch, size) is one moment."""
    if x.ndim == 2:
        return x[np.newaxis]
    return x if time_major else x.swapaxes(0, 1)


def sequence(outputs: Array, like: Array, *, time_major: bool) -> Array:
    """(time, batch, size) in the order of the axes of the input `like`."""
    if like.ndim == 2:
        return outputs[0]
    return outputs if time_major else outputs.swapaxes(0, 1)


def walk(
    cell: Cell,
    inputs: Sequence[Array],
    state: State,
    size: int,
    *,
    backward: bool = False,
) -> tuple[Array, State]:
    """Apply `cell` to each moment of `inputs`, each (time, batch, …).

    Returns:
        The outputs (time, batch, `size`), and the state after the last moment.
    """
    count, batch = inputs[0].shape[:2]
    outputs = np.zeros((count, batch, size), state[0].dtype)
    for index in range(count):
        moment = count - 1 - index if backward else index
        outputs[moment], state = cell(tuple(x[moment] for x in inputs), state)
    return outputs, state


@dataclass(frozen=True, slots=True)
class Walk:
    """A way to apply cells to sequences in the order of axes of the input."""

    time_major: bool
    backward: bool = False

    def __call__(
        self, cell: Cell, inputs: Sequence[Array], states: State, size: int
    ) -> tuple[Array, State]:
        """The outputs, in the input's order of axes, and the states in their shapes."""
        x = inputs[0]
        steps = [moments(each, time_major=self.time_major) for each in inputs]
        batch = steps[0].shape[1]
        rows = tuple(_as_rows(state, batch) for state in states)
        outputs, after = walk(cell, steps, rows, size, backward=self.backward)
        ordered = sequence(outputs, x, time_major=self.time_major)
        shaped = zip(after, states, strict=True)
        return ordered, tuple(new.reshape(old.shape) for new, old in shaped)


def _as_rows(array: Array, batch: int) -> Array:
    """A state tensor of any shape as (batch, size)."""
    return array.reshape(batch, -1) if batch else array.reshape(0, 1)


def hybrid_version(node: Node, versions: tuple[int, int, int], *, zero: bool) -> int:
    """The version for float, for 8-bit weights, and for these where inputs get a
    zero point.
    """
    weights = node.input(2)
    if node.input(0).dtype is not DType.FLOAT32 or weights.dtype is DType.FLOAT32:
        return versions[0]
    return versions[2 if zero else 1]


def fits(shape: Shape, expected: Shape) -> bool:
    """Whether a shape is what is expected; sizes of -1 on either side fit all."""
    return len(shape) == len(expected) and all(
        a == b or -1 in (a, b) for a, b in zip(shape, expected, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks the inputs of a recurrent operator before it runs."""

    op: Op
    inputs: Sequence[Tensor | None]

    def optional(self, index: int) -> Tensor | None:
        return self.inputs[index] if 0 <= index < len(self.inputs) else None

    def present(self, index: int, what: str) -> Tensor:
        tensor = self.optional(index)
        require(tensor is not None, self.op, f"there is no {what} (input {index})")
        assert tensor is not None
        return tensor

    def same(self, indices: Sequence[int], what: str) -> bool:
        """Whether the inputs are there; all must be, or none."""
        there = [self.optional(index) is not None for index in indices]
        require(
            all(there) or not any(there),
            self.op,
            f"some of {what} are left out (inputs {list(indices)}); expected all or "
            "none",
        )
        return all(there)

    def shaped(self, index: int, expected: Shape, dtypes: Sequence[DType]) -> None:
        """The input, if it is there, has a shape and one of the types."""
        tensor = self.optional(index)
        if tensor is None:
            return
        require(
            fits(tensor.shape, expected),
            self.op,
            f"'{tensor.name}' has the shape {tensor.shape}; expected {expected}",
        )
        self.typed(tensor, dtypes)
        if tensor.sparsity is not None:
            raise UnsupportedError(
                f"{self.op.name}: the sparse weights '{tensor.name}' are not supported"
            )

    def typed(self, tensor: Tensor, dtypes: Sequence[DType]) -> None:
        titles = " or ".join(dtype.title for dtype in dtypes)
        require(
            tensor.dtype in dtypes,
            self.op,
            f"'{tensor.name}' is {tensor.dtype.title}; expected {titles}",
        )

    def state(self, index: int, shape: Shape, dtype: DType) -> None:
        """A variable with as many elements as `shape`; any rank will do."""
        tensor = self.present(index, "state")
        self.typed(tensor, (dtype,))
        require(
            tensor.is_variable, self.op, f"the state '{tensor.name}' is not a variable"
        )
        known = tensor.type.is_static and min(shape) >= 0
        expected = int(np.prod(shape, dtype=object))
        require(
            not known or tensor.type.size == expected,
            self.op,
            f"the state '{tensor.name}' has {tensor.shape}; expected {shape}",
        )
