"""A program in LLVM IR: its kernels and what calls them, as one module or in parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.codegen.image import CONTEXT
from gossamer.codegen.llvm import KERNEL, Printer
from gossamer.codegen.procedure import (
    Action,
    calls_of,
    is_shared,
    serial_procedure,
)
from gossamer.codegen.threads import thread_support, threaded_procedure
from gossamer.codegen.tiles import tile_declarations
from gossamer.nest.narrow import narrowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gossamer.nest.stmt import Kernel
    from gossamer.nest.target import Target

_WIDE = 8
"""Bytes of an address beyond which counters need more than 32 bits."""
_INSIDE, _EVERYWHERE = "define internal", "define hidden"


@dataclass(frozen=True, slots=True)
class Function:
    """A kernel that is printed, and the declarations that it needs."""

    text: str
    declarations: tuple[str, ...]

    @property
    def declaration(self) -> str:
        """What stands in parts that call it and do not hold it."""
        line = self.text.partition("\n")[0]
        return line.replace(_INSIDE, "declare hidden").removesuffix(" #0 {")

    @property
    def visible(self) -> str:
        """Its text where other parts call it."""
        return self.text.replace(_INSIDE, _EVERYWHERE, 1)


@dataclass(frozen=True, slots=True)
class Module:
    """The lines before and after the kernels, and the procedures that call these."""

    head: tuple[str, ...]
    functions: tuple[Function, ...]
    procedures: tuple[str, ...]
    tail: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it as one module."""
        texts = (function.text for function in self.functions)
        return self._joined(self.functions, (*texts, *self.procedures))

    def parts(self, count: int) -> list[str]:
        """The same as modules of about the same size, to be linked together."""
        shares: list[list[Function]] = [[] for _ in range(count)]
        for function in sorted(self.functions, key=lambda each: -len(each.text)):
            lightest = min(shares, key=lambda share: sum(len(x.text) for x in share))
            lightest.append(function)
        calling, *rest = shares
        called = [each.declaration for share in rest for each in share]
        own = [each.visible for each in calling]
        first = self._joined(calling, (*called, *own, *self.procedures))
        return [first, *(self._joined(x, [y.visible for y in x]) for x in rest)]

    def _joined(self, functions: Iterable[Function], lines: Iterable[str]) -> str:
        declared = dict.fromkeys(x for each in functions for x in each.declarations)
        return "\n".join((*self.head, *declared, *lines, *self.tail)) + "\n"


def module_text(
    target: Target, procedures: Mapping[str, Sequence[Action]], *, threads: int = 1
) -> str:
    """The whole of `module_of` as one text."""
    return module_of(target, procedures, threads=threads).text


def module_of(
    target: Target, procedures: Mapping[str, Sequence[Action]], *, threads: int = 1
) -> Module:
    """Procedures that each do their actions one after another.

    A procedure takes no argument: the address of the context is put into `context`
    when the code is loaded. Kernels that are the same text become one function.
    With several threads there is also the procedure `worker` (see `threads.py`).
    """
    kernels = [
        call.kernel for actions in procedures.values() for call in calls_of(actions)
    ]
    functions, names = functions_of(target, kernels)
    lines = [
        f"@{CONTEXT} = hidden global ptr null",
        *tile_declarations(target, kernels),
    ]
    shared = {name for name, actions in procedures.items() if is_shared(actions)}
    if threads > 1 and shared:
        lines += thread_support(threads)
    for name, actions in procedures.items():
        if threads > 1 and name in shared:
            lines += threaded_procedure(name, actions, names, threads)
        else:
            lines += serial_procedure(name, actions, names)
    head = (f'target triple = "{target.triple}"',)
    return Module(head, functions, tuple(lines), (attributes(target),))


def functions_of(
    target: Target, kernels: Iterable[Kernel]
) -> tuple[tuple[Function, ...], dict[int, str]]:
    """The kernels as functions, equal ones once, and their names by identity."""
    functions: dict[str, Function] = {}
    bodies: dict[str, str] = {}
    names: dict[int, str] = {}
    for kernel in kernels:
        if id(kernel) in names:
            continue
        printer = Printer(target)
        printer.kernel(narrowed(kernel) if target.pointer_bytes < _WIDE else kernel)
        text = "\n".join(printer.lines)
        name = bodies.setdefault(text, f"@k{len(bodies)}_{kernel.name}")
        names[id(kernel)] = name
        needs = tuple(printer.declarations)
        functions.setdefault(name, Function(text.replace(KERNEL, name, 1), needs))
    return tuple(functions.values()), names


def attributes(target: Target) -> str:
    """What LLVM is told of every function."""
    if not target.is_x86:
        return "attributes #0 = { nounwind }"
    width = target.vector_bytes * 8
    return (
        f'attributes #0 = {{ nounwind "prefer-vector-width"="{width}" '
        f'"min-legal-vector-width"="{width}" }}'
    )
