"""A program for a microcontroller, which an emulator runs at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.deploy.compiled import filled, template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.deploy.devices import Device
    from gossamer.deploy.ports import Interface


@dataclass(frozen=True, slots=True)
class Board:
    """A board with such a processor, as QEMU knows it.

    `flash` and `ram` are where memory begins and how long it is, in a linker's words.
    """

    name: str
    family: str
    qemu: str
    ram: str
    flash: str


_HOST = (
    "-display none -serial none -monitor none -chardev stdio,id=out "
    "-semihosting-config enable=on,target=native,chardev=out"
)


def _arm(machine: str, flash: str, ram: str) -> Board:
    command = f"qemu-system-arm -M {machine} {_HOST}"
    return Board(f"QEMU's {machine}", "arm", command, ram, flash)


_LOW = "0x00000000, LENGTH = 4M"
_SECURE = "0x10000000, LENGTH = 4M"
BOARDS: Mapping[str, Board] = {
    "cortex-m4": _arm("mps2-an386", _LOW, "0x20000000, LENGTH = 4M"),
    "cortex-m7": _arm("mps2-an500", _LOW, "0x20000000, LENGTH = 4M"),
    "cortex-m33": _arm("mps2-an505", _SECURE, "0x38000000, LENGTH = 4M"),
    "cortex-m55": _arm(
        "mps3-an547", "0x00000000, LENGTH = 512K", "0x20000000, LENGTH = 512K"
    ),
    "riscv32": Board(
        "QEMU's virt",
        "riscv",
        f"qemu-system-riscv32 -M virt -bios none {_HOST}",
        "0x81000000, LENGTH = 16M",
        "0x80000000, LENGTH = 16M",
    ),
}
"""By the devices' names."""

_SHARED = ("Makefile", "main.c", "semihosting_calls.h")
_OWN = ("start.c", "semihosting.h", "board.ld")


def board_files(interface: Interface, device: Device) -> dict[str, str]:
    """The files of a program that runs the network on an emulated board, by name."""
    board = BOARDS[device.name]
    sizes = [port.nbytes for port in interface.inputs]
    macro = interface.name.upper()
    words = {
        "NAME": interface.name,
        "MACRO": macro,
        "BOARD": board.name,
        "FLASH": board.flash,
        "RAM": board.ram,
        "QEMU": board.qemu,
        "COMPILER": device.compilers[0],
        "FLAGS": " ".join(device.flags),
        "INPUT_BYTES": str(max(sum(sizes), 1)),
        "INPUT_SIZES": ", ".join(map(str, sizes)) or "0",
        "SHOW": "".join(
            f"    show({interface.name}_output(&network, {i}), "
            f"{macro}_OUTPUT_{i}_BYTES);\n"
            for i in range(len(interface.outputs))
        ),
    }
    texts = {name: template(name) for name in _SHARED}
    texts |= {name: template(f"{board.family}/{name}") for name in _OWN}
    return {name: filled(text, words) for name, text in texts.items()}
