"""From a `.tflite` model to a native library in a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.codegen.library import print_library
from gossamer.codegen.object import emit_object
from gossamer.deploy.archive import archive
from gossamer.deploy.devices import System, device
from gossamer.deploy.header import example, header
from gossamer.deploy.linker import find_linker, link_shared
from gossamer.deploy.micro import board_files
from gossamer.deploy.project import cmake, package_config
from gossamer.deploy.report import LayerBytes, layer_bytes, loaded_bytes
from gossamer.deploy.translate import translate
from gossamer.errors import InputError
from gossamer.runtime.source import Source

if TYPE_CHECKING:
    import os

    from gossamer.deploy.devices import Device
    from gossamer.deploy.ports import Interface

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Built:
    """What was written.

    Attributes:
        interface: what a caller of the library has to know.
        files: the paths, the library first.
        code_bytes: of machine code and of what it reads beside the model's constants.
        constant_bytes: of weights, tables and multipliers as the kernels read them.
        linker: what made the shared library; None where none was found.
        layers: the bytes of each layer.
    """

    interface: Interface
    files: tuple[Path, ...]
    code_bytes: int
    constant_bytes: int
    linker: str | None
    layers: tuple[LayerBytes, ...]

    @property
    def memory_bytes(self) -> int:
        """Of the memory that the network needs besides."""
        return self.interface.memory_bytes


def build(
    model: str | os.PathLike[str] | bytes,
    target: str,
    output: str | os.PathLike[str],
    *,
    name: str | None = None,
    cpu: str | None = None,
) -> Built:
    """Compile a `.tflite` model into a native library for a device.

    Writes a static library, a C header, a `main.c` that uses it and files for CMake and
    pkg-config; and a shared library where a linker for the device is found.

    Args:
        model: the path of a file, or its bytes.
        target: a device, such as "linux-aarch64" or "cortex-m4"; see `targets`.
        output: a folder, which is made.
        name: what the library and its functions are called; else as the file is.
        cpu: a processor that can do more than the least of the device's.

    Raises:
        InputError: no such file, target or processor, or a name that C cannot have.
        FormatError: the bytes are not a valid model.
        UnsupportedError: an operator has no kernel, or a shape depends on data.

    Example:
        >>> built = gossamer.build("digits.tflite", "cortex-m4", "firmware")
        >>> built.memory_bytes
        2720
    """
    chosen = device(target)
    machine = chosen.on(cpu)
    content, path = (model, None) if isinstance(model, bytes) else (None, Path(model))
    source = Source(path, content)
    called = _name(name, path)
    made = translate(source.model, machine, called, target)
    printed = print_library(made.library, machine)
    code = emit_object(printed.text, machine)
    folder = Path(output)
    files = _write(folder, called, code, made.interface, made.library.functions)
    if chosen.system is System.BARE:
        for file, text in board_files(made.interface, chosen).items():
            files.append(_written(folder / "board" / file, text))
    linker = find_linker(chosen)
    if linker is not None:
        shared = folder / f"lib{called}{_suffix(chosen)}"
        link_shared(linker, chosen, folder / f"{called}.o", shared)
        files.append(shared)
    constants = len(made.library.constants)
    return Built(
        made.interface,
        tuple(files),
        loaded_bytes(code) - constants,
        constants,
        " ".join(linker) if linker else None,
        tuple(layer_bytes(made, printed.names, code)),
    )


def _name(given: str | None, path: Path | None) -> str:
    """A name in C: the one that was asked for, or one like the file's."""
    if given is None:
        stem = path.name.partition(".")[0] if path else "model"
        plain = re.sub(r"\W", "_", stem, flags=re.ASCII).strip("_") or "model"
        return plain if plain[0].isalpha() else f"model_{plain}"
    if not _NAME.fullmatch(given):
        raise InputError(
            f"'{given}' cannot be the name of a C function; letters, digits and _ can"
        )
    return given


def _suffix(chosen: Device) -> str:
    return ".dylib" if chosen.system is System.APPLE else ".so"


def _write(
    folder: Path,
    name: str,
    code: bytes,
    interface: Interface,
    functions: tuple[str, ...],
) -> list[Path]:
    """The files that need no linker."""
    member = f"{name[:12]}.o"
    contents: dict[str, bytes | str] = {
        f"lib{name}.a": archive({member: code}, {member: functions}),
        f"{name}.o": code,
        f"{name}.h": header(interface),
        "main.c": example(interface),
        "CMakeLists.txt": cmake(interface),
        f"{name}.pc": package_config(interface),
    }
    return [_written(folder / file, content) for file, content in contents.items()]


def _written(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
