"""Print kernels as LLVM IR.

Loops are bottom-tested and carry their values in phis. No LLVM pass over the IR is
needed afterwards: what is printed is in the shape that instruction selection wants.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from gossamer.codegen.intrinsics import INTRINSICS
from gossamer.codegen.site import Site, suffix, type_text
from gossamer.codegen.tiles import is_tile_operator, print_tile_operator
from gossamer.nest.stmt import If, Instruction, Kernel, Loop, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gossamer.nest.expr import Kind, Value
    from gossamer.nest.target import Target

_INTEGER = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "udiv": "udiv",
    "urem": "urem",
    "and": "and",
    "or": "or",
    "xor": "xor",
    "shl": "shl",
    "ashr": "ashr",
    "lshr": "lshr",
}
_FLOAT = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_ORDER = {"eq": "eq", "ne": "ne", "lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge"}
_FLOAT_ORDER = {
    "eq": "oeq",
    "ne": "une",
    "lt": "olt",
    "le": "ole",
    "gt": "ogt",
    "ge": "oge",
}


def float_text(number: float, base: str) -> str:
    """A float constant as LLVM reads it: the bits of the double it rounds to."""
    if base == "f32":
        number = struct.unpack("<f", struct.pack("<f", number))[0]
    elif base == "f16":
        return f"0xH{struct.unpack('<H', struct.pack('<e', number))[0]:04X}"
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def operand_text(value: Value) -> str:
    constant = value.constant
    if constant is None:
        return f"%v{value.number}"
    kind = value.kind
    if constant == 0 and not kind.is_float:
        return "0" if kind.lanes == 1 else "zeroinitializer"
    scalar = float_text(constant, kind.base) if kind.is_float else str(int(constant))
    if kind.lanes == 1:
        return scalar
    return f"splat ({type_text(kind.element)} {scalar})"


def typed_text(value: Value) -> str:
    return f"{type_text(value.kind)} {operand_text(value)}"


class Printer:
    """Collects the lines of one module."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.lines: list[str] = []
        self.declarations: dict[str, None] = {}
        self._label = "entry"
        self._fresh = 0

    def fresh(self, prefix: str) -> str:
        self._fresh += 1
        return f"{prefix}{self._fresh}"

    def line(self, text: str) -> None:
        self.lines.append(text)

    def declare(self, text: str) -> None:
        self.declarations[text] = None

    def kernel(self, kernel: Kernel) -> None:
        """Print one kernel as an internal function of the name `{KERNEL}`."""
        parameters = ", ".join(
            f"{'ptr noalias' if p.kind.base == 'ptr' else type_text(p.kind)} "
            f"%v{p.number}"
            for p in kernel.parameters
        )
        self.line(f"define internal void {KERNEL}({parameters}) #0 {{")
        self.line("entry:")
        self._label = "entry"
        self._statements(kernel.body)
        self.line("  ret void")
        self.line("}")

    def _statements(self, body: Iterable[Statement]) -> None:
        for statement in body:
            if isinstance(statement, Instruction):
                self._instruction(statement)
            elif isinstance(statement, Loop):
                self._loop(statement)
            else:
                self._branch(statement)

    def _start(self, label: str) -> None:
        self.line(f"{label}:")
        self._label = label

    def _loop(self, loop: Loop) -> None:
        body, done = self.fresh("loop"), self.fresh("done")
        counter = type_text(loop.index.kind)
        before = self._label
        if loop.runs_at_least_once:
            self.line(f"  br label %{body}")
        else:
            start, stop = operand_text(loop.start), operand_text(loop.stop)
            flag = self.fresh("%enter")
            self.line(f"  {flag} = icmp slt {counter} {start}, {stop}")
            self.line(f"  br i1 {flag}, label %{body}, label %{done}")
        position = len(self.lines)
        self._start(body)
        self._statements(loop.body)
        latch = self._label
        index = f"%v{loop.index.number}"
        flag = self.fresh("%more")
        self.line(f"  {index}.next = add nuw nsw {counter} {index}, {loop.step}")
        stop = operand_text(loop.stop)
        self.line(f"  {flag} = icmp slt {counter} {index}.next, {stop}")
        self.line(f"  br i1 {flag}, label %{body}, label %{done}")
        start = operand_text(loop.start)
        phis = [
            f"  {index} = phi {counter} [{start}, %{before}], [{index}.next, %{latch}]",
            *(
                f"  %v{into.number} = phi {type_text(into.kind)} "
                f"[{operand_text(first)}, %{before}], [{operand_text(then)}, %{latch}]"
                for into, first, then in zip(
                    loop.carried, loop.initial, loop.yielded, strict=True
                )
            ),
        ]
        self.lines[position + 1 : position + 1] = phis
        self._start(done)
        for result, first, last in zip(
            loop.results, loop.initial, loop.yielded, strict=True
        ):
            edges = f"[{operand_text(last)}, %{latch}]"
            if not loop.runs_at_least_once:
                edges += f", [{operand_text(first)}, %{before}]"
            self.line(f"  %v{result.number} = phi {type_text(result.kind)} {edges}")

    def _branch(self, statement: If) -> None:
        yes, no, done = self.fresh("then"), self.fresh("else"), self.fresh("end")
        condition = operand_text(statement.condition)
        other = no if statement.otherwise else done
        self.line(f"  br i1 {condition}, label %{yes}, label %{other}")
        self._start(yes)
        self._statements(statement.body)
        self.line(f"  br label %{done}")
        if statement.otherwise:
            self._start(no)
            self._statements(statement.otherwise)
            self.line(f"  br label %{done}")
        self._start(done)

    def _instruction(self, instruction: Instruction) -> None:
        op, result, operands, attribute = instruction
        if op == "load":
            self._load(result, operands, attribute)
        elif op == "store":
            self._store(operands, attribute)
        elif op == "offset":
            pointer, distance = operands
            assert result is not None
            self.line(
                f"  %v{result.number} = getelementptr inbounds i8, ptr "
                f"{operand_text(pointer)}, {typed_text(distance)}"
            )
        elif op == "prefetch":
            self._prefetch(operands)
        elif op == "local":
            assert result is not None
            self.line(f"  %v{result.number} = alloca [{attribute} x i8], align 64")
        elif is_tile_operator(op):
            texts = [operand_text(value) for value in operands]
            print_tile_operator(self, op, texts, attribute)
        else:
            assert result is not None
            self._value(op, result, operands, attribute)

    def _aligned(self, kind: Kind) -> int:
        """Bytes that an address is surely a multiple of.

        Words of bytes are read wherever these begin, which x86 allows everywhere.
        """
        return kind.bytes if kind.is_float or self.target.is_x86 else 1

    def _address(self, kind: Kind, pointer: Value, index: Value) -> str:
        if index.constant == 0:
            return operand_text(pointer)
        name = self.fresh("%a")
        if index.constant is not None:
            distance = int(index.constant) * kind.bytes
            text = f"i8, ptr {operand_text(pointer)}, i64 {distance}"
        else:
            scalar = type_text(kind.element)
            text = f"{scalar}, ptr {operand_text(pointer)}, {typed_text(index)}"
        self.line(f"  {name} = getelementptr inbounds {text}")
        return name

    def _load(
        self, result: Value | None, operands: Sequence[Value], valid: object
    ) -> None:
        assert result is not None
        kind = result.kind
        address = self._address(kind, operands[0], operands[1])
        text = type_text(kind)
        if valid is None:
            alignment = self._aligned(kind)
            self.line(
                f"  %v{result.number} = load {text}, ptr {address}, align {alignment}"
            )
            return
        mask = _mask(kind.lanes, valid)
        name = f"llvm.masked.load.{suffix(kind)}.p0"
        bits = f"<{kind.lanes} x i1>"
        self.declare(f"declare {text} @{name}(ptr, {bits}, {text})")
        pointer = f"ptr align {self._aligned(kind)} {address}"
        self.line(
            f"  %v{result.number} = call {text} @{name}({pointer}, "
            f"{bits} {mask}, {text} zeroinitializer)"
        )

    def _store(self, operands: Sequence[Value], valid: object) -> None:
        value, pointer, index = operands
        kind = value.kind
        address = self._address(kind, pointer, index)
        text = f"{type_text(kind)} {operand_text(value)}"
        if valid is None:
            self.line(f"  store {text}, ptr {address}, align {self._aligned(kind)}")
            return
        if valid == 1:
            # LLVM stores a lane of a narrowed vector in the wide size.
            one = self.fresh("%m")
            self.line(f"  {one} = extractelement {text}, i64 0")
            scalar = type_text(kind.element)
            self.line(
                f"  store {scalar} {one}, ptr {address}, align {self._aligned(kind)}"
            )
            return
        name = f"llvm.masked.store.{suffix(kind)}.p0"
        bits = f"<{kind.lanes} x i1>"
        self.declare(f"declare void @{name}({type_text(kind)}, ptr, {bits})")
        self.line(
            f"  call void @{name}({text}, ptr align {self._aligned(kind)} {address}, "
            f"{bits} {_mask(kind.lanes, valid)})"
        )

    def _prefetch(self, operands: Sequence[Value]) -> None:
        pointer, index = operands
        name = self.fresh("%a")
        self.line(
            f"  {name} = getelementptr i8, ptr {operand_text(pointer)}, "
            f"{typed_text(index)}"
        )
        self.declare("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        self.line(f"  call void @llvm.prefetch.p0(ptr {name}, i32 0, i32 3, i32 1)")

    def _value(
        self, op: str, result: Value, operands: Sequence[Value], attribute: object
    ) -> None:
        name = f"%v{result.number}"
        first = operands[0]
        kind = first.kind
        kind_text = type_text(kind)
        texts = [operand_text(value) for value in operands]
        if kind.is_float and op in _FLOAT:
            self.line(f"  {name} = {_FLOAT[op]} {kind_text} {texts[0]}, {texts[1]}")
        elif not kind.is_float and op in _INTEGER:
            self.line(f"  {name} = {_INTEGER[op]} {kind_text} {texts[0]}, {texts[1]}")
        elif op in _ORDER:
            word = f"fcmp {_FLOAT_ORDER[op]}" if kind.is_float else f"icmp {_ORDER[op]}"
            self.line(f"  {name} = {word} {kind_text} {texts[0]}, {texts[1]}")
        elif op in INTRINSICS:
            INTRINSICS[op](Site(self, result, operands, texts, attribute))
        else:
            raise ValueError(f"the loop language has no operator '{op}'")


def _mask(lanes: int, valid: object) -> str:
    assert isinstance(valid, int)
    return f"<{', '.join(f'i1 {str(i < valid).lower()}' for i in range(lanes))}>"


KERNEL = "@kernel"
"""Stands for a kernel's name until equal kernels have been found."""
