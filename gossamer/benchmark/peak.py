"""What a core of this machine does at best, measured once with our own loop language.

A kernel does nothing but multiply and add on registers. The numbers are kept in the
cache folder, under a name made of the kernels' text and the processor's.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.codegen import cache
from gossamer.codegen.compile import load_procedures
from gossamer.codegen.host import host
from gossamer.codegen.module import module_text
from gossamer.codegen.procedure import Call
from gossamer.memory import aligned
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I32
from gossamer.nest.target import Dot

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.nest.expr import Kind, Value
    from gossamer.nest.stmt import Kernel
    from gossamer.nest.target import Target, Tiles

_ROUNDS = 100_000
_REPEATS = 15
_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Peak:
    """Operations a second of one core: a multiplication and an addition are two."""

    float32: float
    int8: float


def peak() -> Peak:
    """This machine's, from the cache folder if it was measured before."""
    target = host()
    kernels = {"float32": _float_kernel(target), "int8": _integer_kernel(target)}
    procedures = {
        name: [Call(kernel, ((0, 0),), 1)] for name, (kernel, _) in kernels.items()
    }
    text = f"{_processor()}\n{module_text(target, procedures)}"
    known = _load(cache.key_of(text, target))
    if known is not None:
        return known
    memory = aligned(_BYTES)
    context = (ctypes.c_void_p * 1)(memory.ctypes.data)
    code = load_procedures(target, procedures, ctypes.addressof(context))
    rates = {
        name: count * _ROUNDS / _fastest(code.function(name))
        for name, (_, count) in kernels.items()
    }
    found = Peak(**rates)
    _store(cache.key_of(text, target), found)
    return found


def _fastest(run: Callable[[], None]) -> float:
    """Seconds of the fastest of some runs."""
    times: list[float] = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def _float_kernel(target: Target) -> tuple[Kernel, int]:
    """A kernel of products and sums, and the operations of one of its rounds."""
    fuses = "+fma" in target.features

    def accumulate(total: Value, one: Value, other: Value) -> Value:
        # Without FMA a product of what stays the same would move out of the loop.
        return one.nest.fma(one, other, total) if fuses else total + total * other

    kind = F32.of(target.lanes)
    return _kernel("peak_f32", target, kind, accumulate, 2 * kind.lanes)


def _integer_kernel(target: Target) -> tuple[Kernel, int]:
    """The same for int8; on the matrix unit where there is one."""
    if target.tiles is not None:
        return _tile_kernel(target, target.tiles)

    def accumulate(total: Value, one: Value, other: Value) -> Value:
        nest = one.nest
        if target.dot is Dot.UNSIGNED_QUADS:
            return nest.dot_quads(total, one, other)
        return total + nest.dot_pairs(total, other)

    kind = I32.of(target.lanes)
    operations = 2 * kind.lanes * target.dot.depth
    return _kernel("peak_i8", target, kind, accumulate, operations)


def _kernel(
    name: str,
    target: Target,
    kind: Kind,
    accumulate: Callable[[Value, Value, Value], Value],
    operations: int,
) -> tuple[Kernel, int]:
    """Sums in three quarters of the registers, none of which waits for another."""
    nest = Nest(name, target)
    memory = nest.pointer()
    for _ in ("begin", "end"):
        nest.integer()
    one, other = nest.load(kind, memory, 0), nest.load(kind, memory, kind.lanes)
    count = target.registers * 3 // 4
    first = [nest.load(kind, memory, kind.lanes * each) for each in range(count)]
    with nest.loop(_ROUNDS, carry=first) as loop:
        loop.carry([accumulate(total, one, other) for total in loop.values])
    for each, total in enumerate(loop.results):
        nest.store(total, memory, kind.lanes * each)
    return nest.finish(), operations * count


def _tile_kernel(target: Target, tiles: Tiles) -> tuple[Kernel, int]:
    """Half of the tiles are sums, the others factors."""
    nest = Nest("peak_tiles", target)
    memory = nest.pointer()
    for _ in ("begin", "end"):
        nest.integer()
    sums, half = range(tiles.count // 2), tiles.count // 2
    for tile in sums:
        nest.tile_zero(tile)
        nest.tile_load(half + tile, memory, tiles.row_bytes)
    with nest.loop(_ROUNDS):
        for tile in sums:
            nest.tile_dot(tile, half + tile % 2, half + 2 + tile // 2 % 2)
    for tile in sums:
        nest.tile_store(tile, memory, tiles.row_bytes)
    products = tiles.rows * tiles.columns * tiles.row_bytes
    return nest.finish(), 2 * products * len(sums)


def _processor() -> str:
    """The processor's name: two machines may share a home."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return ""


def _path(key: str) -> Path | None:
    folder = cache.folder()
    return None if folder is None else folder / f"{key}.peak.json"


def _load(key: str) -> Peak | None:
    path = _path(key)
    if path is None:
        return None
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        facts = json.loads(path.read_text())
        found = Peak(float(facts["float32"]), float(facts["int8"]))
        if min(found.float32, found.int8) > 0:
            return found
    return None


def _store(key: str, found: Peak) -> None:
    path = _path(key)
    if path is None:
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(json.dumps(asdict(found)))
