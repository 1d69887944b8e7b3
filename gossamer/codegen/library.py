"""A program as a library in LLVM IR: functions on memory that the caller owns.

What a program of this process finds through its context lies here in one block of
memory, whose address each function is given, or among the library's constants. Nothing
is called outside the library, and nothing is written but that block, so that every
block is a network of its own, in a thread of its own if need be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gossamer.codegen.module import attributes, functions_of
from gossamer.codegen.procedure import Action, ProcedurePrinter, calls_of
from gossamer.codegen.tiles import tile_declarations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.nest.target import Target

BAD_MEMORY = 1
"""What `init` gives for memory that is too small or not aligned."""
FIRST_ALARM = 2
"""What `invoke` gives when the first alarm was raised; the next one more, and so on."""
_WORD = 4
_ALARM = 8


class Span(NamedTuple):
    """A part of the block of memory: bytes from its start, and their number."""

    start: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class Library:
    """What becomes a module.

    Attributes:
        name: what its functions' names begin with.
        actions: what an invocation does.
        bases: where the bases of the actions' addresses lie, from the memory's start.
        constants_base: the base of the constants, which is not among `bases`.
        constants: their bytes.
        memory_bytes: of the block.
        state: what `init` sets, words that alarms are raised by first.
        initial: its first bytes; all zero where it is None.
        alarms: the number of such words.
        inputs: addresses of what the caller sets.
        outputs: addresses of what the caller reads.
        description: a text about all of this, for programs.
    """

    name: str
    actions: Sequence[Action]
    bases: Mapping[int, int]
    constants_base: int
    constants: bytes
    memory_bytes: int
    state: Span
    initial: bytes | None
    alarms: int
    inputs: Sequence[tuple[int, int]]
    outputs: Sequence[tuple[int, int]]
    description: str

    @property
    def functions(self) -> tuple[str, ...]:
        """The names that a linker sees."""
        return function_names(self.name)


def function_names(name: str) -> tuple[str, ...]:
    """What the functions of a library of that name are called."""
    words = ("init", "invoke", "input", "output", "describe")
    return tuple(f"{name}_{word}" for word in words)


def memory_check(size: str, nbytes: int, alignment: int) -> list[str]:
    """Lines of `init` that refuse `%memory` of too few `%bytes`, or not aligned."""
    return [
        f"  %small = icmp ult {size} %bytes, {nbytes}",
        f"  %address = ptrtoint ptr %memory to {size}",
        f"  %rest = and {size} %address, {alignment - 1}",
        f"  %askew = icmp ne {size} %rest, 0",
        "  %bad = or i1 %small, %askew",
        "  br i1 %bad, label %refuse, label %begin",
        "refuse:",
        f"  ret i32 {BAD_MEMORY}",
        "begin:",
    ]


class Printed(NamedTuple):
    """A library in LLVM IR, and the names of its kernels by identity."""

    text: str
    names: Mapping[int, str]


def print_library(library: Library, target: Target, *, hidden: bool = False) -> Printed:
    """The library as one module of LLVM IR.

    Its functions are `hidden` from what a shared library, of which it is a part, shows.
    """
    kernels = [call.kernel for call in calls_of(library.actions)]
    functions, names = functions_of(target, kernels)
    declared = dict.fromkeys(x for each in functions for x in each.declarations)
    text = "\n".join(
        (
            f'target triple = "{target.triple}"',
            _data("constants", library.constants, target.alignment),
            _data("description", library.description.encode() + b"\0", 1),
            *declared,
            *tile_declarations(target, kernels),
            *(function.text for function in functions),
            *_Writer(library, target, names, "hidden " * hidden).lines(),
            attributes(target),
            "",
        )
    )
    return Printed(text, names)


def _data(name: str, content: bytes, alignment: int) -> str:
    text = "\\" + content.hex("\\") if content else ""
    return (
        f"@{name} = internal unnamed_addr constant [{len(content)} x i8] "
        f'c"{text}", align {alignment}'
    )


class _Printer(ProcedurePrinter):
    """Prints code whose bases lie in the block `%memory`."""

    def __init__(self, library: Library, names: Mapping[int, str]) -> None:
        super().__init__(names)
        self._library = library

    def load_base(self, base: int) -> None:
        library = self._library
        start = "@constants", 0
        if base != library.constants_base:
            start = "%memory", library.bases[base]
        self.line(f"%b{base} = getelementptr i8, ptr {start[0]}, i64 {start[1]}")

    def load_context(self) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class _Writer:
    library: Library
    target: Target
    names: Mapping[int, str]
    visibility: str

    def lines(self) -> list[str]:
        return [
            *self._init(),
            *self._invoke(),
            *self._places("input", self.library.inputs),
            *self._places("output", self.library.outputs),
            f"define {self.visibility}ptr @{self.library.name}_describe() #0 {{",
            "  ret ptr @description",
            "}",
        ]

    @property
    def _size(self) -> str:
        """C's size_t."""
        return f"i{8 * self.target.pointer_bytes}"

    def _init(self) -> list[str]:
        library, size = self.library, self._size
        start, nbytes = library.state
        words = -(-nbytes // _WORD)
        begin = f"define {self.visibility}i32 @{library.name}_init"
        lines = [
            f"{begin}(ptr %memory, {size} %bytes) #0 {{",
            *memory_check(size, library.memory_bytes, self.target.alignment),
        ]
        if not words:
            return [*lines, "  ret i32 0", "}"]
        value = "0"
        fetch: list[str] = []
        if library.initial is not None:
            value = "%word"
            fetch = [
                f"  %from = getelementptr i32, ptr @initial, {size} %i",
                f"  %word = load i32, ptr %from, align {_WORD}",
            ]
            filled = library.initial.ljust(words * _WORD, b"\0")
            lines.insert(0, _data("initial", filled, _WORD))
        return [
            *lines,
            f"  %state = getelementptr i8, ptr %memory, {size} {start}",
            "  br label %set",
            "set:",
            f"  %i = phi {size} [0, %begin], [%next, %set]",
            *fetch,
            f"  %to = getelementptr i32, ptr %state, {size} %i",
            f"  store volatile i32 {value}, ptr %to, align {_WORD}",
            f"  %next = add {size} %i, 1",
            f"  %more = icmp ult {size} %next, {words}",
            "  br i1 %more, label %set, label %done",
            "done:",
            "  ret i32 0",
            "}",
        ]

    def _invoke(self) -> list[str]:
        library = self.library
        printer = _Printer(library, self.names)
        lines = [
            f"define {self.visibility}i32 @{library.name}_invoke(ptr %memory) #0 {{",
            *printer.run(library.actions),
        ]
        if not library.alarms:
            return [*lines, "  ret i32 0", "}"]
        code = "0"
        places = [
            f"  %alarm{i} = getelementptr i8, ptr %memory, i64 "
            f"{library.state.start + i * _ALARM}"
            for i in range(library.alarms)
        ]
        for i in reversed(range(library.alarms)):
            lines += [
                places[i],
                f"  %word{i} = load i64, ptr %alarm{i}, align {_WORD}",
                f"  %raised{i} = icmp ne i64 %word{i}, 0",
                f"  %code{i} = select i1 %raised{i}, i32 {FIRST_ALARM + i}, i32 {code}",
                f"  store i64 0, ptr %alarm{i}, align {_WORD}",
            ]
            code = f"%code{i}"
        return [*lines, f"  ret i32 {code}", "}"]

    def _places(self, word: str, addresses: Sequence[tuple[int, int]]) -> list[str]:
        """A function that gives the address of a tensor by its number, or null."""
        library = self.library
        begin = f"define {self.visibility}ptr @{library.name}_{word}"
        lines = [
            f"{begin}(ptr %memory, i32 %index) #0 {{",
        ]
        found = "null"
        for index, (base, offset) in enumerate(addresses):
            start, distance = "@constants", offset
            if base != library.constants_base:
                start, distance = "%memory", library.bases[base] + offset
            lines += [
                f"  %at{index} = getelementptr i8, ptr {start}, i64 {distance}",
                f"  %is{index} = icmp eq i32 %index, {index}",
                f"  %found{index} = select i1 %is{index}, ptr %at{index}, ptr {found}",
            ]
            found = f"%found{index}"
        return [*lines, f"  ret ptr {found}", "}"]
