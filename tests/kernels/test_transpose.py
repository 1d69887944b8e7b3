"""Moves that turn rows into columns, by blocks in registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.kernels.move import Box, element_kind, move, strides_of
from gossamer.kernels.step import Step
from gossamer.kernels.transpose import Turn
from gossamer.nest.build import Nest
from tests.codegen.machines import RUNNABLE, TARGETS
from tests.kernels.steps import Job, X, Y, check_compiled, check_interpreted

if TYPE_CHECKING:
    import numpy.typing as npt

    from gossamer.ir.types import Array

CASES = [
    ((16, 16), (1, 0)),
    ((33, 50), (1, 0)),
    ((2, 3, 40, 17), (0, 1, 3, 2)),
    ((5, 20, 3, 32), (2, 1, 0, 3)),
    ((1, 24, 4, 19), (0, 2, 3, 1)),
    ((3, 4, 70), (0, 2, 1)),
    ((2, 131), (1, 0)),
    ((18, 2, 33), (2, 1, 0)),
    ((5, 3), (1, 0)),
]


def job(
    name: str, shape: tuple[int, ...], order: tuple[int, ...], dtype: npt.DTypeLike
) -> Job:
    x: Array = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
    view = x.transpose(order)
    steps = tuple(stride // x.itemsize for stride in view.strides)
    box = Box(view.shape, 0, steps, 0, strides_of(view.shape))
    kind = element_kind(x.itemsize)
    assert kind is not None
    nest = Nest("move", TARGETS[name])
    pointers = (nest.pointer(), nest.pointer())
    units = move(nest, box.merged(), kind, pointers)
    step = Step(nest.finish(), (X, Y), units, (1,))
    return Job([step], {X: x}, np.ascontiguousarray(view), f"{shape} {order} {dtype}")


@pytest.mark.parametrize("name", list(TARGETS))
def test_transposed(name: str) -> None:
    jobs = [
        job(name, shape, order, dtype)
        for shape, order in CASES
        for dtype in (np.int8, np.int16, np.int32, np.int64)
    ]
    if name in RUNNABLE:
        check_compiled(name, jobs)


def test_interpreted() -> None:
    check_interpreted([job("avx2", *case, np.int32) for case in CASES[:6]])


def test_what_is_no_transposition_is_left_alone() -> None:
    assert Turn.of((4, 5), (0, (5, 1)), (0, (5, 1))) is None
    assert Turn.of((4, 5), (0, (10, 2)), (0, (5, 1))) is None
