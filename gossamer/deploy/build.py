"""From a `.tflite` model to a native library in a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.deploy.android import android_package
from gossamer.deploy.compiled import written
from gossamer.deploy.devices import PACKAGES, System, device
from gossamer.deploy.dispatch import compile_for
from gossamer.deploy.header import example, header
from gossamer.deploy.java import java_package
from gossamer.deploy.java_model import JavaModel
from gossamer.deploy.linker import find_linker, link_shared
from gossamer.deploy.micro import board_files
from gossamer.deploy.network import Network
from gossamer.deploy.project import cmake, package_config
from gossamer.deploy.web import web_package
from gossamer.errors import InputError
from gossamer.runtime.source import Source

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from gossamer.deploy.compiled import Compiled
    from gossamer.deploy.devices import Device
    from gossamer.deploy.ports import Interface
    from gossamer.deploy.report import LayerBytes

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_LINKER = (
    "no shared library: no linker for the target was found. Install a cross compiler, "
    "or `pip install ziglang`"
)
_MAIN_ONLY = frozenset({"java", "android"})
"""What is made around a model's main graph, whatever signatures it has."""
_NOT_MAIN = (
    "--target {target} takes the model's main graph, which is what `Interpreter.run` "
    "runs; build a library for that signature instead, by --target linux-x86_64 or "
    "another device"
)


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
        notes: what was left out, and what would put it in.
    """

    interface: Interface
    files: tuple[Path, ...]
    code_bytes: int
    constant_bytes: int
    linker: str | None
    layers: tuple[LayerBytes, ...]
    notes: tuple[str, ...] = ()

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
    shapes: Mapping[str, Sequence[int]] | None = None,
    signature: str | None = None,
) -> Built:
    """Compile a `.tflite` model into a native library for a device.

    Writes a static library, a C header, a `main.c` that uses it and files for CMake and
    pkg-config; and a shared library where a linker for the device is found.

    Args:
        model: the path of a file, or its bytes.
        target: a device, such as "linux-aarch64" or "cortex-m4", or what is made for
            several: "java" a jar, "android" a Gradle module, "web" a page.
        output: a folder, which is made.
        name: what the library and its functions are called; else as the file is.
        cpu: a processor that can do more than the least of the device's; several with
            commas, of which the best is chosen when the program runs.
        shapes: of inputs by their names, where the model leaves sizes open; these are
            else taken as 1.
        signature: the key of what is compiled, of a model with several; else it is the
            main graph.

    Raises:
        InputError: no such file, target, processor, input or signature, or a name that
            C cannot have.
        FormatError: the bytes are not a valid model.
        UnsupportedError: an operator has no kernel, or a shape depends on data.

    Example:
        >>> built = gossamer.build("digits.tflite", "cortex-m4", "firmware")
        >>> built.memory_bytes
        2720
    """
    content, path = (model, None) if isinstance(model, bytes) else (None, Path(model))
    called, folder = _name(name, path), Path(output)
    network = Network.of(Source(path, content).model, called, signature, shapes)
    if target in PACKAGES:
        data = content if path is None else path.read_bytes()
        built = _packed(target, network, data or b"", cpu, folder)
    else:
        built = _library(compile_for(network, device(target), cpu), folder)
    if signature is not None or target in _MAIN_ONLY:
        return built
    return replace(built, notes=(*built.notes, *_left_out(network)))


def _library(compiled: Compiled, folder: Path) -> Built:
    """A library for programs in C, shared too where a linker is found."""
    chosen, name = compiled.device, compiled.interface.name
    files = _write(folder, compiled)
    if chosen.system is System.BARE:
        for file, text in board_files(compiled.interface, chosen).items():
            files.append(written(folder / "board" / file, text))
    linker = find_linker(chosen)
    if linker is not None:
        shared = folder / f"lib{name}{_suffix(chosen)}"
        objects = [folder / f"{each.name}.o" for each in compiled.objects]
        link_shared(linker, chosen, objects, shared)
        files.append(shared)
    is_left_out = linker is None and chosen.system not in (System.BARE, System.WEB)
    notes = (_NO_LINKER,) if is_left_out else ()
    return _built(compiled, files, linker, notes)


def _packed(
    target: str, network: Network, data: bytes, cpu: str | None, folder: Path
) -> Built:
    """A package for another language, with the network for each of its devices."""
    if target in _MAIN_ONLY and not network.is_main:
        raise InputError(_NOT_MAIN.format(target=target))
    every = [compile_for(network, device(name), cpu) for name in PACKAGES[target]]
    if target == "web":
        package = web_package(every, folder)
    else:
        java = JavaModel.of(network, data, every[0].interface)
        make = java_package if target == "java" else android_package
        package = make(java, every, folder)
    return _built(every[0], package.files, package.linker, package.notes)


def _left_out(network: Network) -> tuple[str, ...]:
    """A word on other signatures, to somebody who did not choose one."""
    signature, others = network.signature, network.left_out
    if not others:
        return ()
    own = f"'{signature.key}'" if signature else "the main graph"
    keys = ", ".join(f"'{key}'" for key in others)
    return (f"{own} is compiled, without {keys}: name one of them by --signature",)


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


def _write(folder: Path, compiled: Compiled) -> list[Path]:
    """The files that need no linker."""
    interface = compiled.interface
    name = interface.name
    contents: dict[str, bytes | str] = {
        f"lib{name}.a": compiled.static_library,
        **{f"{each.name}.o": each.content for each in compiled.objects},
        f"{name}.h": header(interface),
        "main.c": example(interface),
        "CMakeLists.txt": cmake(interface),
        f"{name}.pc": package_config(interface),
    }
    return [written(folder / file, content) for file, content in contents.items()]


def _built(
    compiled: Compiled,
    files: Sequence[Path],
    linker: list[str] | None,
    notes: tuple[str, ...] = (),
) -> Built:
    return Built(
        compiled.interface,
        tuple(files),
        compiled.code_bytes,
        compiled.constant_bytes,
        " ".join(linker) if linker else None,
        compiled.layers,
        notes,
    )
