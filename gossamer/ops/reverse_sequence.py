"""REVERSE_SEQUENCE: the beginning of each sequence read backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import NotQuantized, QuantizationRule, operator, require
from gossamer.kernels.movement.move import element_kind
from gossamer.kernels.movement.reverse import Sequences, reverse_sequences
from gossamer.kernels.step import Alarm
from gossamer.nest.build import Nest
from gossamer.ops.alarms import INDEX_KINDS, checked_indices, checked_steps
from gossamer.ops.movement import Movement
from gossamer.ops.shapes import INDEX_TYPES, made, operands, product, same_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@operator("REVERSE_SEQUENCE", code=112, options="ReverseSequenceOptions")
class ReverseSequence(Movement):
    """x, lengths -> x with the first lengths[b] elements of sequence b reversed.

    Sequences run along `seq_dim`; `batch_dim` tells which one an element is of.
    """

    seq_dim: int = 0
    batch_dim: int = 0

    # TFLite has no kernel for it on int8 or int16.
    output_quantization: ClassVar[QuantizationRule] = NotQuantized()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, lengths = operands(self, inputs, 2)
        text = f"the lengths are {lengths.type}, not a vector of int32 or int64"
        fits = lengths.dtype in INDEX_TYPES and len(lengths.shape) == 1
        require(fits, self, text)
        self._check(len(x.shape))
        same_size(self, x.shape[self.batch_dim], lengths.shape[0])
        return made(self, x.dtype, x.shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, lengths = np.asarray(inputs[0]), np.asarray(inputs[1]).astype(np.int64)
        self._check(x.ndim)
        size = x.shape[self.seq_dim]
        wrong = lengths[(lengths < 0) | (lengths > size)]
        text = f"length {wrong[:1]} is outside a sequence of {size} elements"
        require(not wrong.size, self, text)
        place: Array = np.arange(size, dtype=np.int64)
        bound: Array = lengths[:, None]
        order: Array = np.where(
            place < bound, bound - 1 - place, place
        )  # (batch, sequence)
        shape = [1] * x.ndim
        shape[self.batch_dim], shape[self.seq_dim] = order.shape
        if self.batch_dim > self.seq_dim:
            order = order.T
        return (np.take_along_axis(x, order.reshape(shape), axis=self.seq_dim),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, lengths, y = node.input(0), node.input(1), node.output
        element = element_kind(x.dtype.numpy.itemsize)
        if element is None or not y.type.size or lengths.dtype not in INDEX_KINDS:
            return None
        first, last = sorted((self.seq_dim, self.batch_dim))
        sizes = (
            product(x.shape[:first]),
            x.shape[first],
            product(x.shape[first + 1 : last]),
            x.shape[last],
            product(x.shape[last + 1 :]),
        )
        work = Sequences(*sizes, batch_first=self.batch_dim < self.seq_dim)
        nest = Nest("reverse", target)
        source, result = nest.pointer(), nest.pointer()
        checked = checked_indices(nest, lengths)
        reverse_sequences(nest, work, element, source, checked, result)
        size = x.shape[self.seq_dim]
        text = f"{self.name}: length {{value}} is outside a sequence of {size} elements"
        return checked_steps(nest, (x, y, lengths, Alarm(text)), work.units, (1,))

    def _check(self, rank: int) -> None:
        dims = (self.seq_dim, self.batch_dim)
        fits = min(dims) >= 0 and max(dims) < rank and dims[0] != dims[1]
        text = f"seq_dim {dims[0]} and batch_dim {dims[1]} do not fit rank {rank}"
        require(fits, self, text)
