"""Rules of matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.parts import shaping
from gossamer.frontends.parts.einsum import Operand, einsum
from gossamer.frontends.parts.equation import parsed
from gossamer.frontends.parts.products import fully_connected
from gossamer.frontends.tensorflow.registry import operation
from gossamer.ops.batch_matmul import BatchMatMul

if TYPE_CHECKING:
    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor


@operation("MatMul")
def _matmul(used: Operation) -> Tensor:
    """A product with a constant matrix is FULLY_CONNECTED."""
    matrix = used.maybe(1)
    turns = bool(used.attribute("transpose_a")), bool(used.attribute("transpose_b"))
    if matrix is None:
        return used.emit(BatchMatMul(*turns), used.tensor(0), used.tensor(1))
    x = used.tensor(0)
    if turns[0]:
        x = shaping.transpose(used, x, (1, 0))
    return fully_connected(used, x, matrix.T if turns[1] else matrix, None)


@operation("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def _batch_matmul(used: Operation) -> Tensor:
    turns = bool(used.attribute("adj_x")), bool(used.attribute("adj_y"))
    matrix = used.maybe(1)
    if matrix is not None and not turns[0] and matrix.ndim == 2:
        kernel = np.swapaxes(matrix, 0, 1) if turns[1] else matrix
        return fully_connected(used, used.tensor(0), kernel, None)
    return used.emit(BatchMatMul(*turns), used.tensor(0), used.tensor(1))


@operation("Einsum")
def _einsum(used: Operation) -> Tensor:
    ranks = [len(used.input_shape(index)) for index in range(used.count)]
    equation = parsed(str(used.attribute("equation")), ranks)
    sides: list[Operand] = []
    for index, letters in enumerate(equation.operands):
        value = used.maybe(index)
        sides.append(Operand(used.tensor(index) if value is None else value, letters))
    return einsum(used, sides, equation.result)
