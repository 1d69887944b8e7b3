"""SPLIT, SPLIT_V: cut a tensor into pieces along one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import SameAsInput, operator, require
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import (
    MOST_OUTPUTS,
    integers,
    known,
    known_scalar,
    made,
    operands,
    scalar,
    within,
)

if TYPE_CHECKING:
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, TensorType


@operator("SPLIT", code=49, options="SplitOptions")
class Split(Movement):
    """axis, x -> `num_splits` equal pieces of x along the axis."""

    num_splits: int = 0

    output_quantization: ClassVar[QuantizationRule] = SameAsInput((1,))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        where, x = operands(self, inputs, 2)
        axis = known_scalar(self, where, "the axis")
        self._check_count(max(x.shape, default=0) if -1 not in x.shape else -1)
        if axis is None:
            return made(self, x.dtype, (-1,) * len(x.shape)) * self.num_splits
        axis = within(self, axis, len(x.shape))
        size = x.shape[axis]
        if size >= 0:
            self._check_size(size)
            size //= self.num_splits
        piece = (*x.shape[:axis], size, *x.shape[axis + 1 :])
        return made(self, x.dtype, piece) * self.num_splits

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[1])
        axis = within(self, scalar(self, inputs[0], "the axis"), x.ndim)
        self._check_count(x.shape[axis])
        self._check_size(x.shape[axis])
        return tuple(np.split(x, self.num_splits, axis=axis))

    def version(self, node: Node) -> int:
        return version_of_type(node.input(1).dtype, int16=4, int32=3, int8=2)

    def _check_count(self, size: int) -> None:
        most = MOST_OUTPUTS if size < 0 else min(max(size, 1), MOST_OUTPUTS)
        text = f"num_splits is {self.num_splits}, not from 1 to {most}"
        require(1 <= self.num_splits <= most, self, text)

    def _check_size(self, size: int) -> None:
        text = f"{size} elements cannot be cut into {self.num_splits} equal pieces"
        require(size % self.num_splits == 0, self, text)


@operator("SPLIT_V", code=102, options="SplitVOptions")
class SplitV(Movement):
    """x, sizes, axis -> one piece of x per size; one size may be -1: the rest."""

    num_splits: int = 0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, lengths, where = operands(self, inputs, 3)
        axis = known_scalar(self, where, "the axis")
        sizes = known(self, lengths, "the sizes")
        text = f"num_splits is {self.num_splits}, not from 1 to {MOST_OUTPUTS}"
        require(1 <= self.num_splits <= MOST_OUTPUTS, self, text)
        if axis is None:
            return made(self, x.dtype, (-1,) * len(x.shape)) * self.num_splits
        axis = within(self, axis, len(x.shape))
        pieces = (-1,) * self.num_splits
        if sizes is not None:
            pieces = self._resolve(sizes, x.shape[axis])
        return made(
            self,
            x.dtype,
            *((*x.shape[:axis], size, *x.shape[axis + 1 :]) for size in pieces),
        )

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        axis = within(self, scalar(self, inputs[2], "the axis"), x.ndim)
        sizes = self._resolve(integers(inputs[1]), x.shape[axis])
        return tuple(np.split(x, np.cumsum(sizes)[:-1], axis=axis))

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int8=2)

    def _resolve(self, sizes: tuple[int, ...], whole: int) -> tuple[int, ...]:
        """The sizes with a -1 worked out, where `whole` is known."""
        text = f"{len(sizes)} sizes are given for {self.num_splits} pieces"
        require(len(sizes) == self.num_splits, self, text)
        fits = min(sizes) >= -1 and sizes.count(-1) <= 1
        require(fits, self, f"the sizes {list(sizes)} may have one -1")
        if whole < 0:
            return sizes
        rest = whole - sum(size for size in sizes if size >= 0)
        fits = rest >= 0 if -1 in sizes else rest == 0
        require(fits, self, f"the sizes {list(sizes)} do not add up to {whole}")
        return tuple(rest if size < 0 else size for size in sizes)
