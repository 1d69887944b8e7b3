"""A library for several kinds of processor, which picks when it runs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.codegen.dispatch import Dispatch, Variant, can_dispatch, print_dispatch
from gossamer.codegen.object import emit_object
from gossamer.deploy.compiled import Compiled, ObjectCode, compile_model
from gossamer.deploy.report import loaded_bytes
from gossamer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.deploy.devices import Device
    from gossamer.deploy.network import Network


def compile_for(network: Network, device: Device, cpu: str | None) -> Compiled:
    """Machine code for a device and one of its processors, or for several of them.

    Args:
        network: what is compiled.
        device: what it is for.
        cpu: a name, or names with commas between them.

    Raises:
        InputError: the device has no such processor, or programs cannot ask it.
        UnsupportedError: an operator has no kernel, or a shape depends on data.
    """
    if cpu is None or "," not in cpu:
        return compile_model(network, device, cpu)
    cpus = _ordered(device, [each.strip() for each in cpu.split(",")])
    name = network.name
    parts = [
        compile_model(
            replace(network, name=f"{name}_{_word(each)}"), device, each, hidden=True
        )
        for each in cpus
    ]
    return _joined(device, cpus, parts, name)


def _ordered(device: Device, cpus: Sequence[str]) -> list[str]:
    """The processors, the least one first."""
    targets = {each: device.on(each) for each in cpus}
    if not can_dispatch(device.target):
        raise InputError(
            f"a library for {device.name} cannot choose between processors; those for "
            "64-bit ARM under Linux or Android can, and those for x86-64 that are "
            "built on one. Name one processor by --cpu"
        )
    order = list(device.cpus)
    unordered = [each for each in targets if each not in order]
    if unordered:
        raise InputError(
            f"'{unordered[0]}' cannot be one of several; of {', '.join(order)}"
        )
    return sorted(targets, key=order.index)


def _word(cpu: str) -> str:
    return re.sub(r"\W", "_", cpu, flags=re.ASCII)


def _joined(
    device: Device, cpus: Sequence[str], parts: Sequence[Compiled], name: str
) -> Compiled:
    """The parts behind functions that choose one of them."""
    alignment = max(part.interface.alignment for part in parts)
    memory = max(part.interface.memory_bytes for part in parts) + alignment
    interface = replace(
        parts[0].interface, name=name, memory_bytes=memory, alignment=alignment
    )
    assert all(part.interface.errors == interface.errors for part in parts)
    variants = [
        Variant(part.interface.name, device.on(cpu))
        for cpu, part in zip(cpus, parts, strict=True)
    ]
    choice = Dispatch(name, variants, memory, alignment, interface.as_json())
    code = emit_object(print_dispatch(choice), device.target)
    objects = tuple(x for part in parts for x in part.objects)
    return Compiled(
        device,
        interface,
        (*objects, ObjectCode(name, code, choice.functions)),
        sum(part.code_bytes for part in parts) + loaded_bytes(code),
        sum(part.constant_bytes for part in parts),
        tuple(layer for part in parts for layer in part.layers),
    )
