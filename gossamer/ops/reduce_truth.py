"""REDUCE_ANY, REDUCE_ALL: fold some axes of truth values into one each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ir.types import DType
from gossamer.kernels.rows.reduce_arithmetic import ALL, ANY
from gossamer.ops.broadcasting import pair
from gossamer.ops.reduce import Reduce

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.rows.reduce import ReduceArithmetic


class _Truth(Reduce):
    """A reduction of truth values."""

    __slots__ = ()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, _ = pair(self, inputs)
        text = f"'{x.name}' is {x.dtype.title}; expected bool"
        require(x.dtype is DType.BOOL, self, text)
        return Reduce.infer(self, *inputs)

    def version(self, node: Node) -> int:
        return 1


@operator("REDUCE_ANY", code=91, options="ReducerOptions")
class ReduceAny(_Truth):
    """Whether any element is true; of no elements, false."""

    keep_dims: bool = False

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        folded = self.axes(x.ndim, axes)
        return (np.asarray(x.any(axis=folded, keepdims=self.keep_dims)),)

    def arithmetic(self, node: Node, count: int) -> ReduceArithmetic | None:
        return ANY


@operator("REDUCE_ALL", code=140, options="ReducerOptions")
class ReduceAll(_Truth):
    """Whether all elements are true; of no elements, true."""

    keep_dims: bool = False

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, axes = inputs
        folded = self.axes(x.ndim, axes)
        return (np.asarray(x.all(axis=folded, keepdims=self.keep_dims)),)

    def arithmetic(self, node: Node, count: int) -> ReduceArithmetic | None:
        return ALL
