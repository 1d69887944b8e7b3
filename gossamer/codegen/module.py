"""One module of LLVM IR for a program: its kernels and what calls them."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.nest.target import Target


def module_text(
    target: Target, procedures: Mapping[str, Sequence[Action]], *, threads: int = 1
) -> str:
    """One module: each procedure does its actions one after another.

    A procedure takes no argument: the address of the context is put into `context`
    when the code is loaded. Kernels that are the same text become one function.
    With several threads there is also the procedure `worker` (see `threads.py`).
    """
    declarations: dict[str, None] = {}
    bodies: dict[str, str] = {}
    names: dict[int, str] = {}
    kernels = [
        call.kernel for actions in procedures.values() for call in calls_of(actions)
    ]
    for kernel in kernels:
        if id(kernel) in names:
            continue
        printer = Printer(target)
        printer.kernel(kernel)
        declarations.update(printer.declarations)
        text = "\n".join(printer.lines)
        name = bodies.setdefault(text, f"@k{len(bodies)}_{kernel.name}")
        names[id(kernel)] = name
    lines = [
        f'target triple = "{target.triple}"',
        f"@{CONTEXT} = hidden global ptr null",
        *declarations,
        *tile_declarations(target, kernels),
        *(text.replace(KERNEL, name, 1) for text, name in bodies.items()),
    ]
    shared = {name for name, actions in procedures.items() if is_shared(actions)}
    if threads > 1 and shared:
        lines += thread_support(threads)
    for name, actions in procedures.items():
        if threads > 1 and name in shared:
            lines += threaded_procedure(name, actions, names, threads)
        else:
            lines += serial_procedure(name, actions, names)
    width = target.vector_bytes * 8
    lines.append(
        f'attributes #0 = {{ nounwind "prefer-vector-width"="{width}" '
        f'"min-legal-vector-width"="{width}" }}'
    )
    return "\n".join(lines) + "\n"
