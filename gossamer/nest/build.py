"""Build a kernel statement by statement.

nest = Nest("scale", target)
x, y = nest.pointer(), nest.pointer()
with nest.loop(1024, step=16) as i:
    nest.store(nest.load(F32.of(16), x, i.index) * 2.0, y, i.index)
kernel = nest.finish()
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING

from gossamer.nest.expr import F32, I1, I8, I32, I64, PTR, Kind, Operand, Value
from gossamer.nest.simplify import fold_binary
from gossamer.nest.stmt import If, Instruction, Kernel, Loop, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from gossamer.nest.target import Target


class LoopScope:
    """An open loop: its index, what it carries, and where to leave the next values."""

    __slots__ = ("index", "loop", "values")

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.index = loop.index
        self.values = loop.carried

    def carry(self, values: Sequence[Value]) -> None:
        """Say what the next iteration enters with."""
        self.loop.yielded = tuple(values)

    @property
    def results(self) -> tuple[Value, ...]:
        """The carried values after the loop."""
        return self.loop.results


class Nest:
    """A kernel under construction.

    With `numbers_in_memory` the whole numbers that `number` is given become a table
    behind a last pointer, so that kernels that differ in nothing else are one kernel.
    """

    def __init__(
        self, name: str, target: Target, *, numbers_in_memory: bool = False
    ) -> None:
        self.name = name
        self.target = target
        self._keeps_numbers = numbers_in_memory
        self._numbers: dict[int, Value] = {}
        self._table: Value | None = None
        self._prologue: list[Statement] = []
        self._parameters: list[Value] = []
        self._body: list[Statement] = []
        self._block = self._body
        self._count = 0
        self._uses_tiles = False

    def finish(self) -> Kernel:
        """The kernel; its pointers come before its whole numbers."""
        pointers = [each for each in self._parameters if each.kind == PTR]
        others = [each for each in self._parameters if each.kind != PTR]
        body = (*self._prologue, *self._body)
        parameters = (*pointers, *others)
        return Kernel(self.name, parameters, body, self.target, self._uses_tiles)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The table of 32-bit numbers that the last pointer must point to, if any."""
        return tuple(self._numbers)

    def pointer(self) -> Value:
        """A new parameter: the address of a tensor, constant or scratch memory."""
        return self._parameter(PTR)

    def integer(self) -> Value:
        """A new parameter: a whole number of 64 bits."""
        return self._parameter(I64)

    def constant(self, number: float, kind: Kind) -> Value:
        return Value(self, kind, -1, number)

    def number(self, number: int, kind: Kind) -> Value:
        """A 32-bit whole number in every lane, from the table where there is one."""
        if not self._keeps_numbers:
            return self.constant(number, kind)
        if number not in self._numbers:
            self._table = self._table or self.pointer()
            value = self._new(I32)
            place = self.constant(len(self._numbers), I64)
            self._prologue.append(Instruction("load", value, (self._table, place)))
            self._numbers[number] = value
        single = self.convert(self._numbers[number], kind.element)
        return self.splat(single, kind.lanes)

    def like(self, operand: Operand, kind: Kind) -> Value:
        """The operand in `kind`: a number becomes a constant, a scalar is spread."""
        if not isinstance(operand, Value):
            return Value(self, kind, -1, operand)
        if operand.kind.lanes == 1 and kind.lanes > 1:
            return self.splat(operand, kind.lanes)
        return operand

    def binary(self, op: str, left: Value, right: Operand) -> Value:
        """`left op right`; a number takes the other's kind."""
        other = self.like(right, left.kind)
        if left.kind.lanes < other.kind.lanes:
            left = self.like(left, other.kind)
        known = fold_binary(op, left, other)
        if known is not None:
            return known if isinstance(known, Value) else self.like(known, left.kind)
        return self._emit(op, left.kind, (left, other))

    def minimum(self, left: Value, right: Operand) -> Value:
        return self.binary("min" if left.kind.is_float else "smin", left, right)

    def maximum(self, left: Value, right: Operand) -> Value:
        return self.binary("max" if left.kind.is_float else "smax", left, right)

    def logical_shift(self, value: Value, bits: Operand) -> Value:
        """Shift right, zeros coming in."""
        return self.binary("lshr", value, bits)

    def fma(self, left: Value, right: Operand, addend: Value) -> Value:
        """`left * right + addend`, in one rounding where the machine can."""
        right = self.like(right, left.kind)
        return self._emit("fma", left.kind, (left, right, addend))

    def unary(self, op: str, value: Value) -> Value:
        return self._emit(op, value.kind, (value,))

    def compare(self, op: str, left: Value, right: Operand) -> Value:
        """A truth value (or a vector of them): eq ne lt le gt ge, ult unsigned."""
        other = self.like(right, left.kind)
        return self._emit(op, I1.of(left.kind.lanes), (left, other))

    def opposite(self, truth: Value) -> Value:
        """Truth values turned around."""
        return self.binary("xor", truth, 1)

    def select(self, condition: Value, yes: Operand, no: Operand) -> Value:
        kind = yes.kind if isinstance(yes, Value) else None
        kind = kind or (no.kind if isinstance(no, Value) else I64)
        operands = (condition, self.like(yes, kind), self.like(no, kind))
        return self._emit("select", kind, operands)

    def convert(self, value: Value, kind: Kind) -> Value:
        """To another numeric type: sign kept; float to integer cuts the fraction."""
        if value.kind == kind:
            return value
        if value.constant is not None:
            return self.constant(value.constant, kind)
        return self._emit("convert", kind, (value,))

    def unsigned(self, value: Value, kind: Kind) -> Value:
        """A wider integer with zeros in front."""
        return self._emit("unsigned", kind, (value,))

    def bits(self, value: Value, kind: Kind) -> Value:
        """The same bits read as another kind of the same size."""
        return self._emit("bits", kind, (value,))

    def opaque(self, pointer: Value) -> Value:
        """The same pointer, which LLVM takes for any other."""
        return self._emit("opaque", PTR, (pointer,))

    def splat(self, value: Value, lanes: int) -> Value:
        if lanes == 1:
            return value
        if value.constant is not None:
            return self.constant(value.constant, value.kind.of(lanes))
        return self._emit("splat", value.kind.of(lanes), (value,))

    def extract(self, vector: Value, lane: int) -> Value:
        if not vector.kind.is_vector:
            return vector
        return self._emit("extract", vector.kind.element, (vector,), lane)

    def shuffle(self, left: Value, right: Value, lanes: Sequence[int]) -> Value:
        """Lanes picked out of `left` followed by `right`."""
        if not left.kind.is_vector and len(lanes) == 1:
            return (left, right)[lanes[0]]
        kind = left.kind.of(len(lanes))
        return self._emit("shuffle", kind, (left, right), tuple(lanes))

    def sum(self, vector: Value) -> Value:
        """The sum of the lanes."""
        if not vector.kind.is_vector:
            return vector
        return self._emit("sum", vector.kind.element, (vector,))

    def peak(self, vector: Value) -> Value:
        """The largest lane."""
        if not vector.kind.is_vector:
            return vector
        return self._emit("peak", vector.kind.element, (vector,))

    def dot_quads(self, total: Value, unsigned: Value, signed: Value) -> Value:
        """`total` plus four products a lane: uint8 of `unsigned` by int8 of `signed`.

        `total` is (lanes,) int32; the factors are the same bytes as int32 lanes.
        """
        return self._emit("dot_quads", total.kind, (total, unsigned, signed))

    def apply(self, op: str, kind: Kind, *operands: Value) -> Value:
        """An operator of one kind of machine or kernel: see `Instruction`."""
        return self._emit(op, kind, operands)

    def dot_pairs(self, left: Value, right: Value) -> Value:
        """Two int16 products a lane; both factors are int32 lanes of int16 pairs."""
        return self._emit("dot_pairs", left.kind, (left, right))

    def narrow(self, value: Value) -> Value:
        """int32 to int8, saturating."""
        return self._emit("narrow", I8.of(value.kind.lanes), (value,))

    def nearest(self, value: Value) -> Value:
        """float32 to the nearest int32, halves to even; what does not fit is any."""
        return self._emit("nearest", I32.of(value.kind.lanes), (value,))

    def pack(self, vectors: Sequence[Value]) -> Value:
        """Four int32 vectors, saturated, as one int8 vector.

        Within each block of 16 bytes the first four bytes come from the first vector,
        the next four from the second, and so on.
        """
        lanes = vectors[0].kind.lanes * 4
        return self._emit("pack", I8.of(lanes), tuple(vectors))

    def look_up(self, table: Sequence[Value], index: Value) -> Value:
        """Entries of a table of 256 bytes, four int8 vectors of 64 lanes.

        `index` holds 64 bytes without sign. See `Target.looks_up_bytes`.
        """
        return self._emit("look_up", index.kind, (*table, index))

    def offset(self, pointer: Value, count: Operand, element: Kind | int = I8) -> Value:
        """The address `count` elements behind `pointer`."""
        size = element if isinstance(element, int) else element.bytes
        distance = self.like(count, I64) * size
        if distance.constant == 0:
            return pointer
        return self._emit("offset", PTR, (pointer, distance))

    def load(
        self, kind: Kind, pointer: Value, index: Operand = 0, valid: int = 0
    ) -> Value:
        """`kind` from element `index` on; only `valid` lanes are read if it is set."""
        where = self.like(index, I64)
        whole = valid in (0, kind.lanes)
        return self._emit("load", kind, (pointer, where), None if whole else valid)

    def store(
        self, value: Value, pointer: Value, index: Operand = 0, valid: int = 0
    ) -> None:
        """Write from element `index` on; only `valid` lanes if it is set."""
        where = self.like(index, I64)
        whole = valid in (0, value.kind.lanes)
        operands = (value, pointer, where)
        attribute = None if whole else valid
        self._block.append(Instruction("store", None, operands, attribute))

    def prefetch(self, pointer: Value, index: Operand = 0) -> None:
        """Ask for the line that holds byte `index`; never faults."""
        operands = (pointer, self.like(index, I64))
        self._block.append(Instruction("prefetch", None, operands))

    def local(self, nbytes: int) -> Value:
        """Memory for one call of the kernel, on a cache line, with any content."""
        result = self._new(PTR)
        self._prologue.append(Instruction("local", result, (), nbytes))
        return result

    def tile_zero(self, tile: int) -> None:
        """Fill a register of the matrix unit with zeros."""
        self._tile("tile_zero", (), (tile,))

    def tile_load(self, tile: int, pointer: Value, stride: int) -> None:
        """Read a register whose rows lie `stride` bytes apart; 0 repeats one row."""
        distance = self.constant(stride, I64)
        self._tile("tile_load", (pointer, distance), (tile,))

    def tile_store(self, tile: int, pointer: Value, stride: int) -> None:
        """Write a register as rows `stride` bytes apart."""
        distance = self.constant(stride, I64)
        self._tile("tile_store", (pointer, distance), (tile,))

    def tile_dot(self, total: int, left: int, right: int) -> None:
        """Register `total`, int32, plus int8 rows of `left` by columns of `right`."""
        self._tile("tile_dot", (), (total, left, right))

    def tile_dot_floats(self, total: int, left: int, right: int) -> None:
        """The same for bfloat16, adding up in float32; tiny numbers count as zero."""
        self._tile("tile_dot_floats", (), (total, left, right))

    def _tile(
        self, op: str, operands: tuple[Value, ...], attribute: tuple[int, ...]
    ) -> None:
        self._uses_tiles = True
        self._block.append(Instruction(op, None, operands, attribute))

    @contextmanager
    def loop(
        self,
        stop: Operand,
        *,
        start: Operand = 0,
        step: int = 1,
        carry: Sequence[Value] = (),
    ) -> Generator[LoopScope]:
        """Count from `start` while below `stop`; see `LoopScope` for carried values."""
        initial = tuple(carry)
        loop = Loop(
            self._new(I64),
            self.like(start, I64),
            self.like(stop, I64),
            step,
            initial,
            tuple(self._new(value.kind) for value in initial),
            tuple(self._new(value.kind) for value in initial),
        )
        outer, self._block = self._block, loop.body
        scope = LoopScope(loop)
        yield scope
        self._block = outer
        if len(loop.yielded) != len(initial):
            raise ValueError(f"{self.name}: a loop carries {len(initial)} values")
        outer.append(loop)

    @contextmanager
    def when(self, condition: Value) -> Generator[If]:
        """Statements that run only where `condition` holds."""
        statement = If(condition)
        outer, self._block = self._block, statement.body
        yield statement
        self._block = outer
        outer.append(statement)

    @contextmanager
    def otherwise(self, statement: If) -> Generator[None]:
        """Statements that run where the condition of `when` did not hold."""
        outer, self._block = self._block, statement.otherwise
        yield
        self._block = outer

    def interleave(self, parts: Sequence[Callable[[], None]]) -> None:
        """The statements of parts that do not need one another, taken in turns.

        A machine looks only so far ahead for what it can begin with: long chains of
        instructions go side by side only if they are written so.
        """
        outer = self._block
        blocks: list[list[Statement]] = []
        for emit in parts:
            block: list[Statement] = []
            self._block = block
            emit()
            blocks.append(block)
        self._block = outer
        for statements in zip_longest(*blocks):
            outer.extend(each for each in statements if each is not None)

    def zero(self, lanes: int = 1, kind: Kind = F32) -> Value:
        return self.constant(0, kind.of(lanes))

    def _parameter(self, kind: Kind) -> Value:
        value = self._new(kind)
        self._parameters.append(value)
        return value

    def _new(self, kind: Kind) -> Value:
        self._count += 1
        return Value(self, kind, self._count)

    def _emit(
        self,
        op: str,
        kind: Kind,
        operands: tuple[Value, ...],
        attribute: tuple[int, ...] | int | None = None,
    ) -> Value:
        result = self._new(kind)
        self._block.append(Instruction(op, result, operands, attribute))
        return result
