"""LLVM IR text to a relocatable object, or to assembly for people to read."""

from __future__ import annotations

import platform
from functools import cache
from typing import TYPE_CHECKING, Any

from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from gossamer.nest.target import Target


@cache
def _library() -> Any:
    """LLVM, set up once for the process."""
    import llvmlite.binding as llvm  # noqa: PLC0415  (costs as much as NumPy)

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    # It would turn chains of integer sums into trees, which need more registers than
    # there are: kernels order their sums themselves.
    llvm.set_option("gossamer", "-x86-machine-combiner=false")  # pyright: ignore[reportUnknownMemberType]
    return llvm


def load_library() -> None:
    """Load LLVM now, since it will be needed."""
    _library()


@cache
def _machine(target: Target) -> Any:
    llvm = _library()
    if not target.triple.startswith(platform.machine()):
        # Not for this machine, which needs 10 MB less without the others.
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    found: Any = llvm.Target.from_triple(target.triple)  # pyright: ignore[reportUnknownMemberType]
    # A module of WebAssembly has its memory for itself and is nowhere loaded beside
    # another.
    model = "static" if target.family == "wasm32" else "pic"
    return found.create_target_machine(
        cpu=target.cpu,
        features=target.features,
        opt=3,
        reloc=model,
        codemodel="default",
    )


def _parsed(text: str, machine: Any) -> Any:
    import llvmlite.binding as llvm  # noqa: PLC0415

    try:
        module: Any = llvm.parse_assembly(text)  # pyright: ignore[reportUnknownMemberType]
    except RuntimeError as error:
        raise CompilationError(f"LLVM refused the generated code: {error}") from error
    module.data_layout = str(machine.target_data)
    return module


def emit_object(text: str, target: Target) -> bytes:
    """The object file of a module.

    Raises:
        CompilationError: LLVM does not accept the text.
    """
    machine = _machine(target)
    return bytes(machine.emit_object(_parsed(text, machine)))


def emit_assembly(text: str, target: Target) -> str:
    """The assembly of a module, to read what became of a kernel."""
    machine = _machine(target)
    return str(machine.emit_assembly(_parsed(text, machine)))
