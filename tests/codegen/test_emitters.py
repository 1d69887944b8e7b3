"""Modules in parts: the same code, wherever the parts are emitted."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.codegen import emitters
from gossamer.codegen.link import link
from gossamer.codegen.load import LoadedCode
from gossamer.codegen.module import Module, module_of
from gossamer.codegen.object import emit_object
from gossamer.codegen.procedure import Call
from gossamer.errors import CompilationError
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32
from tests.codegen.machines import TARGETS, as_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.nest.stmt import Kernel

TARGET = TARGETS["avx2"]


def times(factor: float) -> Kernel:
    nest = Nest("times", TARGET)
    x = nest.pointer()
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as loop:
        nest.store(nest.load(F32, x, loop.index) * factor, x, loop.index)
    return nest.finish()


@pytest.fixture
def module() -> Module:
    calls = [Call(times(factor), ((0, 0),), 3) for factor in (2.0, 3.0, 5.0, 7.0)]
    return module_of(TARGET, {"run": calls})


def result_of(objects: Sequence[bytes]) -> list[float]:
    x = as_bytes(np.arange(3, dtype=np.float32))
    context = (ctypes.c_void_p * 1)(x.ctypes.data)
    LoadedCode(link(*objects), ctypes.addressof(context)).function("run")()
    return x.view(np.float32).tolist()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_parts_are_linked_to_the_same_code(module: Module, count: int) -> None:
    parts = module.parts(count)
    assert len(parts) == count
    kernels = [text.count("define hidden void @k") for text in parts]
    assert sum(kernels) == 4
    assert max(kernels) == -(-4 // count)
    objects = [emit_object(text, TARGET) for text in parts]
    assert result_of(objects) == [0, 210, 420]


def test_a_part_that_is_missing_is_told(module: Module) -> None:
    objects = [emit_object(text, TARGET) for text in module.parts(2)]
    with pytest.raises(CompilationError, match="_times' from outside"):
        link(objects[0])


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The parts of modules that went to other processes; every module is large."""
    seen: list[Sequence[str]] = []
    emit = emitters._emit_apart

    def watched(parts, target, children):
        seen.append(parts)
        return emit(parts, target, children)

    monkeypatch.setattr(emitters, "_LARGE_TEXT", 1)
    monkeypatch.setattr(emitters, "_emit_apart", watched)
    monkeypatch.setattr(emitters.os, "sched_getaffinity", lambda pid: {0, 1})
    return seen


def test_processes_emit_the_parts(module: Module, apart: list[Sequence[str]]) -> None:
    emitters.stand_by()
    emitters.stand_by()
    children = emitters._waiting[:]
    objects = emitters.emit_objects(module, TARGET)
    assert len(objects) == len(children) == 2
    assert apart == [module.parts(2)]
    assert result_of(objects) == [0, 210, 420]
    assert not emitters._waiting
    assert all(child.poll() is not None for child in children)


def test_without_them_the_module_is_emitted_here(
    module: Module, apart: list[Sequence[str]]
) -> None:
    assert result_of(emitters.emit_objects(module, TARGET)) == [0, 210, 420]
    assert not apart


def test_where_one_fails_the_module_is_emitted_here(
    module: Module, apart: list[Sequence[str]]
) -> None:
    emitters.stand_by()
    emitters._waiting[1].kill()
    objects = emitters.emit_objects(module, TARGET)
    assert apart
    assert len(objects) == 1
    assert result_of(objects) == [0, 210, 420]


def test_small_modules_are_emitted_here_and_no_process_stays(
    module: Module, apart: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emitters, "_LARGE_TEXT", 1 << 30)
    emitters.stand_by()
    children = emitters._waiting[:]
    assert len(emitters.emit_objects(module, TARGET)) == 1
    assert not apart
    assert all(child.poll() is not None for child in children)


@pytest.mark.parametrize("program", ["/opt/app/digits", "", None])
def test_only_python_is_started_anew(
    apart: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    emitters.stand_by()
    assert not emitters._waiting


def test_one_processor_is_not_shared(
    apart: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emitters.os, "sched_getaffinity", lambda pid: {0})
    emitters.stand_by()
    assert not emitters._waiting
