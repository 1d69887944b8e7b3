"""Linking: what is not a whole object for x86-64 ends in a CompilationError."""

from __future__ import annotations

import ctypes
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.codegen.link import link
from gossamer.codegen.module import module_text
from gossamer.codegen.object import emit_assembly, emit_object
from gossamer.codegen.procedure import Call
from gossamer.errors import CompilationError
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32
from tests.codegen.machines import TARGETS, Work, as_bytes, compile_and_run

if TYPE_CHECKING:
    from gossamer.nest.stmt import Kernel
    from gossamer.nest.target import Target

SSE2 = TARGETS["sse2"]


def doubling(target: Target) -> Kernel:
    nest = Nest("double", target)
    x = nest.pointer()
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as loop:
        nest.store(nest.load(F32, x, loop.index) * 2.5, x, loop.index)
    return nest.finish()


def text_for(target: Target) -> str:
    return module_text(target, {"run": [Call(doubling(target), ((0, 0),), 3)]})


@pytest.fixture(scope="module")
def data() -> bytes:
    return emit_object(text_for(SSE2), SSE2)


def test_the_image_holds_the_entry_points(data: bytes) -> None:
    image = link(data)
    assert set(image.symbols) >= {"run"}
    assert all(0 <= place < len(image.code) for place in image.symbols.values())


def test_constants_are_found_wherever_the_image_lies() -> None:
    x = as_bytes(np.arange(3, dtype=np.float32))
    assert compile_and_run("sse2", [Work(doubling(SSE2), [x], 3)])
    assert x.view(np.float32).tolist() == [0, 2.5, 5]


def test_every_truncation_is_refused(data: bytes) -> None:
    for size in range(len(data)):
        with pytest.raises(CompilationError):
            link(data[:size])


def test_every_damaged_word_links_or_is_refused(data: bytes) -> None:
    """No other exception, and no memory beyond the limit."""
    for position in range(0, len(data) - 3, 4):
        for word in (0, 1, 0xFFFFFFFF, 0x7FFFFFF0):
            damaged = bytearray(data)
            struct.pack_into("<I", damaged, position, word)
            try:
                link(bytes(damaged))
            except CompilationError:
                continue


@pytest.mark.parametrize(
    ("triple", "words"),
    [
        ("aarch64-unknown-linux-gnu", "machine"),
        ("i686-unknown-linux-gnu", "64-bit"),
        ("x86_64-apple-darwin", "ELF"),
    ],
)
def test_objects_for_other_machines_are_refused(triple: str, words: str) -> None:
    other = replace(SSE2, triple=triple, cpu="")
    with pytest.raises(CompilationError, match=words):
        link(emit_object(text_for(other), other))


def test_code_that_calls_outside_is_refused() -> None:
    text = (
        f'target triple = "{SSE2.triple}"\n'
        "declare void @puts(ptr)\n"
        "define void @run(ptr %x) {\n  call void @puts(ptr %x)\n  ret void\n}\n"
    )
    with pytest.raises(CompilationError, match="'puts' from outside"):
        link(emit_object(text, SSE2))


def test_text_that_is_not_llvm_is_refused() -> None:
    with pytest.raises(CompilationError, match="refused"):
        emit_object("define void @run( {", SSE2)


def test_assembly_can_be_read() -> None:
    assert "mulss" in emit_assembly(text_for(SSE2), SSE2)
    assert "vmulss" in emit_assembly(text_for(TARGETS["avx2"]), TARGETS["avx2"])


def test_the_loaded_code_may_not_be_written() -> None:
    """Writing into it would end the process, so that the system's table is read."""
    from gossamer.codegen.load import LoadedCode  # noqa: PLC0415

    context = (ctypes.c_void_p * 1)(0)
    code = LoadedCode(
        link(emit_object(text_for(SSE2), SSE2)), ctypes.addressof(context)
    )
    with open("/proc/self/maps", encoding="ascii") as lines:  # noqa: PTH123
        ranges = [line.split()[:2] for line in lines]
    for span, rights in ranges:
        first, last = (int(part, 16) for part in span.split("-"))
        if first <= code.address < last:
            assert rights.startswith("r-x")
            return
    pytest.fail("the code is not in memory")
