"""Tensors with Python's arithmetic, for parts that are formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.compare import Equal, Greater, Less
from gossamer.ops.select import SelectV2
from gossamer.ops.unary import Abs, Exp, Log, Neg, Sign, Sqrt

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

Operand: TypeAlias = "Formula | float"


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A tensor that is reckoned with; every operation adds a node.

    Numbers beside it become constants of its element type.

    Example:
        >>> x = Formula(emitter, tensor)
        >>> y = (1 / (x.exp() + 1)).tensor
    """

    emitter: Emitter
    tensor: Tensor

    def of(self, op: Op, *others: Operand) -> Formula:
        """An operator of this tensor and others, in this order."""
        tensors = [self._operand(other) for other in others]
        return Formula(self.emitter, self.emitter.emit(op, self.tensor, *tensors))

    def from_left(self, op: Op, left: float) -> Formula:
        """An operator of a number and this tensor."""
        y = self.emitter.emit(op, self._operand(left), self.tensor)
        return Formula(self.emitter, y)

    def _operand(self, value: Operand) -> Tensor:
        if isinstance(value, Formula):
            return value.tensor
        return self.emitter.constant("number", np.array(value, self.tensor.dtype.numpy))

    def __add__(self, other: Operand) -> Formula:
        return self.of(Add(), other)

    def __sub__(self, other: Operand) -> Formula:
        return self.of(Sub(), other)

    def __rsub__(self, other: float) -> Formula:
        return self.from_left(Sub(), other)

    def __mul__(self, other: Operand) -> Formula:
        return self.of(Mul(), other)

    def __truediv__(self, other: Operand) -> Formula:
        return self.of(Div(), other)

    def __rtruediv__(self, other: float) -> Formula:
        return self.from_left(Div(), other)

    def __neg__(self) -> Formula:
        return self.of(Neg())

    def __abs__(self) -> Formula:
        return self.of(Abs())

    def __lt__(self, other: Operand) -> Formula:
        return self.of(Less(), other)

    def __gt__(self, other: Operand) -> Formula:
        return self.of(Greater(), other)

    def equals(self, other: Operand) -> Formula:
        return self.of(Equal(), other)

    def exp(self) -> Formula:
        return self.of(Exp())

    def log(self) -> Formula:
        return self.of(Log())

    def sqrt(self) -> Formula:
        return self.of(Sqrt())

    def sign(self) -> Formula:
        """-1, 0 or 1."""
        return self.of(Sign())

    def choose(self, yes: Formula, no: Formula) -> Formula:
        """`yes` where this condition holds, else `no`."""
        return self.of(SelectV2(), yes, no)
