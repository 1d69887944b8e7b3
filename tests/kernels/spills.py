"""Reading assembly: the innermost loops, and what of them goes over the stack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.codegen.image import CONTEXT
from gossamer.codegen.module import module_text
from gossamer.codegen.object import emit_assembly
from gossamer.codegen.procedure import Call
from gossamer.nest.expr import PTR

if TYPE_CHECKING:
    from gossamer.nest.stmt import Kernel
    from gossamer.nest.target import Target

_SCALAR = r"v?mov[dq]\b|v?p?broadcast|v?pinsr|v?cvtsi2|v?\w+s[sd]\b"
"""Instructions that read one element, though they name a vector register."""
_SLOT = r"(?<![\w)])-?\d*\(%rsp\)"
"""A place on the stack; what has an index is memory of the kernel's own."""
STACK = re.compile(
    rf"\t(?!{_SCALAR})\S+\t(?!.*\{{1to)(.*{_SLOT}.*%[xyz]mm|.*%[xyz]mm.*{_SLOT})"
)
_LOCAL = re.compile(r"= alloca \[\d+ x i8\], align 64")


@dataclass(frozen=True)
class Traffic:
    """Instructions of the innermost loops, and those that move vectors of the stack."""

    lines: int
    spilled: int

    @property
    def share(self) -> float:
        return self.spilled / max(self.lines, 1)


def assembly_of(target: Target, kernel: Kernel) -> str:
    """A kernel's assembly, with its local memory elsewhere than on the stack.

    All vectors that are left there were put there by LLVM.
    """
    pointers = sum(each.kind == PTR for each in kernel.parameters)
    places = tuple((0, 0) for _ in range(pointers))
    text = module_text(target, {"run": [Call(kernel, places, 1)]})
    elsewhere = f"= load volatile ptr, ptr @{CONTEXT}"
    return emit_assembly(_LOCAL.sub(elsewhere, text), target)


def innermost_loops(assembly: str) -> list[list[str]]:
    """The lines between a label and a jump back to it, with no such loop inside."""
    lines = assembly.splitlines()
    labels = {
        line.partition(":")[0]: index
        for index, line in enumerate(lines)
        if line.startswith(".L") and ":" in line
    }
    loops: list[tuple[int, int]] = []
    for index, line in enumerate(lines):
        jump = re.match(r"\tj\w+\t(\.L\w+)", line)
        if jump and labels.get(jump[1], index) < index:
            loops.append((labels[jump[1]], index))
    return [
        lines[first : last + 1]
        for first, last in loops
        if not any(
            first <= other and end <= last and (other, end) != (first, last)
            for other, end in loops
        )
    ]


def traffic_of(assembly: str) -> Traffic:
    """What goes over the stack in all innermost loops."""
    lines = [line for loop in innermost_loops(assembly) for line in loop]
    return Traffic(len(lines), sum(bool(STACK.search(line)) for line in lines))
