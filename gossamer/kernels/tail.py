"""Operations on the float32 results of a product, while these are in registers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gossamer.kernels.elements.element import Element
from gossamer.kernels.elements.operation import Outside, outside, run
from gossamer.nest.expr import F32

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.kernels.elements.operation import Operation
    from gossamer.kernels.step import Argument, Step
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value

_FLOAT = Element(F32, F32)


@dataclass(frozen=True, slots=True)
class Tail:
    """Operations that begin with a product's result, `start`.

    Other operands hold one number, one for each column, or one for each element.
    """

    start: Argument
    operations: tuple[Operation, ...]

    @staticmethod
    def of(start: Argument, operations: Sequence[Operation]) -> Tail | None:
        """The tail, or None where it is not all in float32 or has other operands."""
        made = Tail(start, tuple(operations))
        if any(each != _FLOAT for op in operations for each in op.elements):
            return None
        fits = all(
            made.is_single(x) or made.is_whole(x) or made.is_row(x)
            for x in made.operands
        )
        return made if fits else None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.operations[-1].shape

    @property
    def output(self) -> Argument:
        return self.operations[-1].output

    @property
    def operands(self) -> list[Outside]:
        return outside(self.operations, self.start)

    def is_single(self, operand: Outside) -> bool:
        return math.prod(operand.shape) == 1

    def is_whole(self, operand: Outside) -> bool:
        return operand.shape == self.shape and not self.is_single(operand)

    def is_row(self, operand: Outside) -> bool:
        columns = self.shape[-1] if self.shape else 1
        is_last = bool(operand.shape) and operand.shape[-1] == columns
        return is_last and math.prod(operand.shape) == columns


@dataclass(frozen=True, slots=True)
class BoundTail:
    """A tail with pointers to its operands."""

    tail: Tail
    pointers: tuple[Value, ...]

    def apply(
        self, nest: Nest, value: Value, index: Value, column: Value, valid: int = 0
    ) -> Value:
        """The tail's result for lanes of the product's.

        They are the elements from `index` on, in columns from `column` on.
        """
        tail, kind = self.tail, value.kind

        def loaded(operand: Outside) -> Value:
            pointer = self.pointers[tail.operands.index(operand)]
            if tail.is_single(operand):
                return nest.splat(nest.load(F32, pointer), kind.lanes)
            first = index if tail.is_whole(operand) else column
            return nest.load(kind, pointer, first, valid)

        return run(nest, tail.operations, {tail.start: value}, loaded)


def bind(nest: Nest, tail: Tail | None) -> BoundTail | None:
    """The tail with new parameters of the kernel for its operands."""
    if tail is None:
        return None
    return BoundTail(tail, tuple(nest.pointer() for _ in tail.operands))


def operands_of(tail: Tail | None) -> list[Argument]:
    """What the parameters of `bind` point to."""
    return [] if tail is None else [operand.argument for operand in tail.operands]


def extendable(y: Argument, make: Callable[[Tail | None], Step]) -> Step:
    """The step that `make` makes without a tail, which can be made with one."""

    def extend(operations: Sequence[Operation]) -> Step | None:
        tail = Tail.of(y, operations)
        return None if tail is None else make(tail)

    return replace(make(None), extend=extend)
