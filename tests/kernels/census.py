"""The kernels that the contract's cases compile, and the modules that emit them."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import gossamer.kernels
from gossamer.codegen.llvm import Printer
from gossamer.errors import GossamerError
from gossamer.lowering.lower import lower
from gossamer.lowering.program import PlacedStep, steps_of
from gossamer.lowering.specialize import specialize
from gossamer.nest.stmt import If, Loop
from tests.codegen.machines import TARGETS
from tests.kernels.layers import layers
from tests.ops.collection import every_case
from tests.ops.contract import Case, graph_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gossamer.nest.stmt import Kernel, Statement
    from gossamer.nest.target import Target

KERNELS = Path(gossamer.kernels.__file__).parent
PER_NAME = 2
"""Kernels of one name that are looked at in every run of the tests."""


@dataclass(frozen=True, eq=False)
class Found:
    """A kernel and the first case that needs it."""

    kernel: Kernel
    case: Case


@dataclass(frozen=True, eq=False)
class Census:
    """Kernels, and the files whose functions emitted them and all their like."""

    kernels: tuple[Found, ...]
    files: frozenset[Path]


def types_of(case: Case) -> tuple[str, ...]:
    """The element types of a case's inputs."""
    return tuple(
        "" if x is None else str(getattr(x, "dtype", None) or x.array.dtype)
        for x in case.inputs
    )


def size_of(case: Case) -> int:
    """Elements of all inputs."""
    return sum(np.size(x.array) for x in case.inputs if x is not None)


@cache
def largest_cases() -> tuple[Case, ...]:
    """The largest case of each operator with each combination of element types.

    Layers of networks are cases, too.
    """
    found: dict[tuple[Any, ...], Case] = {}
    for case in every_case():
        key = (case.op.name, *types_of(case))
        if key not in found or size_of(case) > size_of(found[key]):
            found[key] = case
    return (*found.values(), *layers())


@cache
def census(machine: str) -> Census:
    """The longest kernels by each name that the largest cases need on a machine."""
    kernels: dict[tuple[str, int], Found] = {}
    with _called() as files:
        for case in largest_cases():
            for kernel in kernels_of(case, TARGETS[machine]):
                key = kernel.name, _statements(kernel.body)
                kernels.setdefault(key, Found(kernel, case))
    return Census(_longest(kernels), frozenset(files))


def files_of(cases: Sequence[Case], target: Target) -> frozenset[Path]:
    """The files whose functions emit what cases need on a machine."""
    with _called() as files:
        for case in cases:
            list(kernels_of(case, target))
    return frozenset(files)


def _longest(kernels: dict[tuple[str, int], Found]) -> tuple[Found, ...]:
    by_name: dict[str, list[Found]] = {}
    for name, count in sorted(kernels, reverse=True):
        by_name.setdefault(name, []).append(kernels[name, count])
    return tuple(found for each in by_name.values() for found in each[:PER_NAME])


def every_kernel(machine: str) -> Iterator[Found]:
    """All kernels of all cases on a machine, each text once."""
    target = TARGETS[machine]
    seen: set[str] = set()
    for case in (*every_case(), *layers()):
        for kernel in kernels_of(case, target):
            printer = Printer(target)
            printer.kernel(kernel)
            text = "\n".join(printer.lines)
            if text not in seen:
                seen.add(text)
                yield Found(kernel, case)


def kernels_of(case: Case, target: Target) -> Iterator[Kernel]:
    """The kernels of a case, none where its shapes depend on data."""
    try:
        graph, _ = graph_of(case)
        program = lower(specialize(graph, {})[0], target)
    except GossamerError:
        return
    for step in steps_of(program.actions):
        if isinstance(step, PlacedStep):
            yield step.kernel


def _statements(body: Sequence[Statement]) -> int:
    """The statements of a kernel, wherever they stand."""
    inner = 0
    for each in body:
        if isinstance(each, Loop):
            inner += _statements(each.body)
        elif isinstance(each, If):
            inner += _statements(each.body) + _statements(each.otherwise)
    return len(body) + inner


@contextmanager
def _called() -> Iterator[set[Path]]:
    """The files under `gossamer/kernels` of all functions that are called."""
    codes: set[Any] = set()

    def note(frame: Any, event: str, argument: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    files: set[Path] = set()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield files
    finally:
        sys.setprofile(before)
        files |= {Path(code.co_filename) for code in codes}
        files &= set(KERNELS.rglob("*.py"))


def emitting_files() -> list[Path]:
    """The modules of kernels that are given a nest to emit into."""
    files = sorted(KERNELS.rglob("*.py"))
    return [file for file in files if "gossamer.nest.build" in file.read_text()]
