"""TOPK_V2: the greatest elements of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import operator, require
from gossamer.ir.types import DType
from gossamer.kernels.rows.best import Best, best
from gossamer.kernels.step import Step
from gossamer.nest.build import Nest
from gossamer.ops.movement import Movement, version_of_type
from gossamer.ops.shapes import known_scalar, made, operands, scalar
from gossamer.ops.stored import PLAIN, STORED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType
    from gossamer.nest.target import Target

_MOST_RANKED = 256
"""For more elements, sorting the row is faster than ranking one by one."""


@operator("TOPK_V2", code=48, options="TopKV2Options")
class TopKV2(Movement):
    """x, k -> the k greatest of each row, falling, and their indices (int32).

    A row is the last dimension; of equal elements the first comes first.
    """

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, count = operands(self, inputs, 2)
        k = known_scalar(self, count, "k")
        require(len(x.shape) > 0, self, "the input is a scalar")
        if k is not None:
            self._check(k, x.shape[-1])
        shape = (*x.shape[:-1], -1 if k is None else k)
        return made(self, x.dtype, shape) + made(self, DType.INT32, shape)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x: Array = np.asarray(inputs[0])
        k = scalar(self, inputs[1], "k")
        require(x.ndim > 0, self, "the input is a scalar")
        self._check(k, x.shape[-1])
        # A stable sort of the reversed row keeps the first of equals last.
        rising = np.argsort(x[..., ::-1], axis=-1, kind="stable")
        order = (x.shape[-1] - 1 - rising)[..., ::-1][..., :k]
        return np.take_along_axis(x, order, axis=-1), order.astype(np.int32)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        x, count = node.input(0), node.input(1)
        stored = STORED.get(x.dtype)
        element = PLAIN.get(x.dtype) if stored is None else stored.kind
        if count.data is None or element is None:
            return None
        k, size = scalar(self, count.data, "k"), x.shape[-1]
        if k > _MOST_RANKED:
            return None
        if not x.type.size or not k:
            return []
        work = Best(x.type.size // size, size, k, element, stored)
        nest = Nest("best", target)
        best(nest, work, nest.pointer(), nest.pointer(), nest.pointer())
        arguments = (x, *node.outputs)
        return [Step(nest.finish(), arguments, work.rows, (1, 2))]

    def version(self, node: Node) -> int:
        return version_of_type(node.input(0).dtype, int16=3, int8=2)

    def _check(self, k: int, size: int) -> None:
        text = f"k is {k}, but a row has {size} elements"
        require(k >= 0 and (size < 0 or k <= size), self, text)
