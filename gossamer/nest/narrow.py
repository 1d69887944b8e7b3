"""Count and address in 32 bits, for machines whose addresses have no more.

Nests count in int64. What is made of loop counters, units of work and constants and
becomes a place in memory, or a bound of a loop, fits in 32 bits there; int64 that comes
from data, or becomes data, keeps its width.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gossamer.nest.expr import I32, I64, Value
from gossamer.nest.stmt import If, Instruction, Loop

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gossamer.nest.stmt import Kernel, Statement

_ADDING = frozenset({"add", "sub", "mul", "udiv", "urem", "shl", "ashr"})
_KEEPING = _ADDING | {"and", "or", "xor", "smin", "smax"}
"""Operators that make a counter of counters."""
_COUNTING = _KEEPING | {"count"}
"""Operators whose result may be a counter."""
_COMPARING = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "ult"})
_POINTING = {"load": 1, "store": 2, "offset": 1, "prefetch": 1}
"""Which operand of an operator is a distance."""
_LEAST, _GREATEST = -(1 << 31), (1 << 31) - 1


def narrowed(kernel: Kernel) -> Kernel:
    """The same kernel, whose counters have 32 bits; its parameters stay as they are."""
    search = _Search()
    while search.again:
        search.again = False
        search.look(kernel.body)
    rewriter = _Rewriter(search.wide, _greatest_number(kernel) + 1)
    return replace(kernel, body=tuple(rewriter.kernel(kernel)))


def _is_counter(value: Value) -> bool:
    return value.kind == I64


def _greatest_number(kernel: Kernel) -> int:
    numbers = [value.number for value in kernel.parameters]
    stack = list(kernel.body)
    while stack:
        statement = stack.pop()
        if isinstance(statement, Instruction):
            if statement.result is not None:
                numbers.append(statement.result.number)
        elif isinstance(statement, Loop):
            every = (statement.index, *statement.carried, *statement.results)
            numbers += [value.number for value in every]
            stack += statement.body
        else:
            stack += [*statement.body, *statement.otherwise]
    return max(numbers, default=0)


@dataclass(slots=True)
class _Search:
    """Finds int64 values that 32 bits may not hold."""

    wide: set[int] = field(default_factory=set[int])
    counted: set[int] = field(default_factory=set[int])
    """Counters of loops, which their bounds hold, whatever becomes of them."""
    again: bool = True

    def look(self, body: Iterable[Statement]) -> None:
        for statement in body:
            if isinstance(statement, Instruction):
                self._instruction(statement)
            elif isinstance(statement, Loop):
                self._loop(statement)
            else:
                self.look(statement.body)
                self.look(statement.otherwise)

    def _is_wide(self, value: Value) -> bool:
        if value.constant is not None:
            return not _LEAST <= value.constant <= _GREATEST
        return value.number in self.wide

    def _mark(self, *values: Value) -> None:
        for value in values:
            if value.constant is None and value.number not in self.wide:
                self.wide.add(value.number)
                self.again = True

    def _becomes_data(self, *values: Value) -> None:
        for value in values:
            if _is_counter(value) and value.number not in self.counted:
                self._mark(value)

    def _instruction(self, instruction: Instruction) -> None:
        op, result, operands, _ = instruction
        counters = [x for x in operands if _is_counter(x)]
        if result is not None and _is_counter(result):
            if op not in _COUNTING or any(map(self._is_wide, counters)):
                self._mark(result)
            if self._is_wide(result):
                self._becomes_data(*counters)
        elif op not in _COMPARING:
            place = _POINTING.get(op)
            others = (x for i, x in enumerate(operands) if i != place)
            self._becomes_data(*others)

    def _loop(self, loop: Loop) -> None:
        if self._is_wide(loop.start) or self._is_wide(loop.stop):
            self._mark(loop.index)
        elif loop.index.number not in self.wide:
            self.counted.add(loop.index.number)
        self.look(loop.body)
        rows = zip(loop.initial, loop.carried, loop.yielded, loop.results, strict=True)
        for first, inside, then, after in rows:
            row = (first, inside, then, after)
            if _is_counter(inside) and any(map(self._is_wide, row)):
                self._mark(inside, after)
                self._becomes_data(first, then)


@dataclass(slots=True)
class _Rewriter:
    wide: set[int]
    fresh: int
    made: dict[int, Value] = field(default_factory=dict[int, Value])
    body: list[Statement] = field(default_factory=list["Statement"])

    def kernel(self, kernel: Kernel) -> list[Statement]:
        for value in kernel.parameters:
            if _is_counter(value):
                small = self._new(value, I32)
                self.body.append(Instruction("convert", small, (value,)))
                self.made[value.number] = small
        self._statements(kernel.body)
        return self.body

    def _new(self, like: Value, kind: object) -> Value:
        assert kind in (I32, I64)
        self.fresh += 1
        return Value(like.nest, I32 if kind == I32 else I64, self.fresh)

    def _is_small(self, value: Value) -> bool:
        if not _is_counter(value):
            return False
        if value.constant is not None:
            return _LEAST <= value.constant <= _GREATEST
        return value.number not in self.wide

    def _define(self, value: Value) -> Value:
        """The value that stands for one that is made here."""
        if self._is_small(value):
            self.made[value.number] = Value(value.nest, I32, value.number)
        return self.made.get(value.number, value)

    def _small(self, value: Value) -> Value:
        """A counter in 32 bits; anything else as it is."""
        if not self._is_small(value):
            return self._whole(value)
        if value.constant is not None:
            return Value(value.nest, I32, value.number, value.constant)
        return self.made[value.number]

    def _whole(self, value: Value) -> Value:
        """A value in the width that it had."""
        known = self.made.get(value.number) if value.constant is None else None
        if known is None or known.kind == value.kind:
            return value if known is None else known
        wide = self._new(value, I64)
        self.body.append(Instruction("convert", wide, (known,)))
        return wide

    def _statements(self, body: Iterable[Statement]) -> None:
        for statement in body:
            if isinstance(statement, Instruction):
                self._instruction(statement)
            elif isinstance(statement, Loop):
                self._loop(statement)
            else:
                self._branch(statement)

    def _inside(self, body: Sequence[Statement]) -> list[Statement]:
        """Statements that go into a body of their own."""
        outer, self.body = self.body, []
        self._statements(body)
        made, self.body = self.body, outer
        return made

    def _instruction(self, instruction: Instruction) -> None:
        op, result, operands, attribute = instruction
        counters = [x for x in operands if _is_counter(x)]
        are_small = all(map(self._is_small, counters))
        if op == "count" and result is not None and self._is_small(result):
            self.made[result.number] = operands[0]
            return
        if op == "convert" and counters and are_small and result is not None:
            small = self._small(operands[0])
            if result.kind == I32:
                self.made[result.number] = small
                return
            given = [small]
        elif are_small and (op in _COMPARING or self._keeps(op, result)):
            given = [self._small(x) for x in operands]
        else:
            which = _POINTING.get(op)
            given = [
                self._small(x) if i == which else self._whole(x)
                for i, x in enumerate(operands)
            ]
        made = None if result is None else self._define(result)
        self.body.append(Instruction(op, made, tuple(given), attribute))

    def _keeps(self, op: str, result: Value | None) -> bool:
        """Whether an operator's result is as wide as what it is made of."""
        if op not in _KEEPING or result is None:
            return False
        return not _is_counter(result) or self._is_small(result)

    def _loop(self, loop: Loop) -> None:
        fit = self._small if self._is_small(loop.index) else self._whole
        start, stop = fit(loop.start), fit(loop.stop)
        initial = self._like(loop.carried, loop.initial)
        index = self._define(loop.index)
        carried = tuple(self._define(x) for x in loop.carried)
        results = tuple(self._define(x) for x in loop.results)
        body = self._inside(loop.body)
        outer, self.body = self.body, body
        yielded = self._like(loop.carried, loop.yielded)
        self.body = outer
        self.body.append(
            replace(
                loop,
                index=index,
                start=start,
                stop=stop,
                initial=initial,
                carried=carried,
                results=results,
                body=body,
                yielded=yielded,
            )
        )

    def _like(
        self, kinds: Sequence[Value], values: Sequence[Value]
    ) -> tuple[Value, ...]:
        """Values in the widths of those that a loop carries."""
        return tuple(
            self._small(x) if self._is_small(kind) else self._whole(x)
            for kind, x in zip(kinds, values, strict=True)
        )

    def _branch(self, branch: If) -> None:
        condition = self._whole(branch.condition)
        body, otherwise = self._inside(branch.body), self._inside(branch.otherwise)
        self.body.append(If(condition, body, otherwise))
