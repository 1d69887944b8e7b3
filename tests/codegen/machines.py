"""Targets to generate code for, and kernels run on NumPy buffers."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.codegen import host
from gossamer.codegen.link import link
from gossamer.codegen.load import LoadedCode
from gossamer.codegen.module import module_text
from gossamer.codegen.object import emit_object
from gossamer.codegen.procedure import Call
from gossamer.deploy.devices import device
from gossamer.nest.target import Dot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.types import Array
    from gossamer.nest.stmt import Kernel

_AVX2 = frozenset(host._AVX2)
_AVX512 = _AVX2 | frozenset(host._AVX512)
FLAGS = {
    "sse2": frozenset[str](),
    "avx2": _AVX2,
    "avx512": _AVX512,
    "vnni": _AVX512 | {"avx512_vnni", "avx512vbmi"},
    "amx": _AVX512 | {"avx512_vnni", "avx512vbmi", *host._TILES},
}
_PLAIN = replace(
    host.x86_target(frozenset()),
    vector_bytes=4,
    dot=Dot.WIDEN,
    pointer_bytes=4,
    alignment=16,
)
"""No vectors, and counters of 32 bits, as on a microcontroller."""
TARGETS = {
    **{name: host.x86_target(flags) for name, flags in FLAGS.items()},
    "scalar": _PLAIN,
}
ARM = {
    "neon": device("linux-aarch64").on(None),
    "sdot": device("linux-aarch64").on("cortex-a76"),
    "armv7": device("linux-armv7").on(None),
}
"""Targets whose code this CPU cannot run, but its kernels be interpreted."""
RUNNABLE = {
    name: target
    for name, target in TARGETS.items()
    if host.is_supported() and host._x86_flags() >= FLAGS.get(name, frozenset())
}
"""The targets whose code this CPU can run; for the rest only objects are made."""


@dataclass(frozen=True, eq=False)
class Work:
    """A kernel with the bytes behind its pointers, and its units of work."""

    kernel: Kernel
    buffers: Sequence[Array]
    units: int


def compile_and_run(name: str, works: Sequence[Work]) -> bool:
    """Compile the kernels as one module and run each on its buffers.

    Returns whether they ran: a target that this CPU lacks is only compiled.
    """
    target = TARGETS[name]
    procedures: dict[str, list[Call]] = {}
    buffers: list[Array] = []
    for number, work in enumerate(works):
        bases = range(len(buffers), len(buffers) + len(work.buffers))
        call = Call(work.kernel, tuple((base, 0) for base in bases), work.units)
        procedures[f"work{number}"] = [call]
        buffers += work.buffers
    image = link(emit_object(module_text(target, procedures), target))
    if name not in RUNNABLE:
        return False
    addresses = [buffer.ctypes.data for buffer in buffers]
    context = (ctypes.c_void_p * len(addresses))(*addresses)
    code = LoadedCode(image, ctypes.addressof(context))
    for procedure in procedures:
        code.function(procedure)()
    return True


def as_bytes(array: Array, slack: int = 0) -> Array:
    """The bytes of an array, aligned, with `slack` bytes of nonsense behind."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    memory = np.zeros(data.size + slack + 64, np.uint8)
    start = -memory.ctypes.data % 64
    block = memory[start : start + data.size + slack]
    block[: data.size] = data
    block[data.size :] = 0xA5
    return block
