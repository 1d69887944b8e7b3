"""A model compiled for a device: its objects, and what there is to say of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from gossamer.codegen.library import print_library
from gossamer.codegen.object import emit_object
from gossamer.deploy.archive import archive
from gossamer.deploy.report import LayerBytes, layer_bytes, loaded_bytes
from gossamer.deploy.translate import translate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gossamer.deploy.devices import Device
    from gossamer.deploy.network import Network
    from gossamer.deploy.ports import Interface

_SHORT = 11
"""Letters of a library's name in its archive, beside a digit and the ending."""
_WORD = re.compile("@([A-Z_]+)@")


class ObjectCode(NamedTuple):
    """An object file, its name without the ending, and the symbols that it defines."""

    name: str
    content: bytes
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A network's machine code.

    Attributes:
        device: what it is for.
        interface: what a caller has to know.
        objects: object files that need no others; the last one has the functions that
            callers see.
        code_bytes: of machine code and of what it reads beside the model's constants.
        constant_bytes: of weights, tables and multipliers as the kernels read them.
        layers: the bytes of each layer.
    """

    device: Device
    interface: Interface
    objects: tuple[ObjectCode, ...]
    code_bytes: int
    constant_bytes: int
    layers: tuple[LayerBytes, ...]

    @property
    def static_library(self) -> bytes:
        """The objects in an archive, whose names for them are short."""
        short = self.interface.name[:_SHORT]
        members = {f"{short}{i or ''}.o": x for i, x in enumerate(self.objects)}
        return archive(
            {member: x.content for member, x in members.items()},
            {member: x.functions for member, x in members.items()},
        )


@dataclass(frozen=True, slots=True)
class Package:
    """What was written around compiled networks.

    Attributes:
        files: the paths, the most important first.
        linker: what made a shared library; None where none was made.
        notes: what was left out, and what would put it in.
    """

    files: tuple[Path, ...]
    linker: list[str] | None
    notes: tuple[str, ...] = ()


def compile_model(
    network: Network, device: Device, cpu: str | None, *, hidden: bool = False
) -> Compiled:
    """Machine code for a device, and for a processor that it may have.

    With `hidden`, only other objects of the same library see its functions.

    Raises:
        InputError: the device has no such processor.
        UnsupportedError: an operator has no kernel, or a shape depends on data.
    """
    machine = device.on(cpu)
    name = network.name
    made = translate(network, machine, device.name)
    printed = print_library(made.library, machine, hidden=hidden)
    code = emit_object(printed.text, machine)
    constants = len(made.library.constants)
    return Compiled(
        device,
        made.interface,
        (ObjectCode(name, code, made.library.functions),),
        loaded_bytes(code) - constants,
        constants,
        tuple(layer_bytes(made, printed.names, code)),
    )


def template(path: str) -> str:
    """A file of the folder `templates`."""
    return (resources.files("gossamer.deploy") / "templates" / path).read_text("utf-8")


def filled(text: str, words: Mapping[str, str]) -> str:
    """A template with each `@WORD@` that has a value replaced by it, once."""
    return _WORD.sub(lambda found: words.get(found[1], found[0]), text)


def written(path: Path, content: bytes | str) -> Path:
    """Write a file, and the folders that lead to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
