"""Requantization in machine code is that of `ir.arithmetic`, to the bit."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.deploy.devices import DEVICES
from gossamer.ir.arithmetic import multiply, multiply_real
from gossamer.kernels.arithmetic.compact import CompactFactors, CompactRealFactors
from gossamer.kernels.arithmetic.integer_output import IntegerOutput
from gossamer.kernels.arithmetic.requantize import (
    DoubledFactors,
    MergedFactors,
    saturate,
    scale,
    uniform_factor,
)
from gossamer.kernels.step import Constant, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import I32
from tests.codegen.machines import TARGETS
from tests.kernels.steps import Job, X, Y, check_compiled, check_interpreted

if TYPE_CHECKING:
    from gossamer.nest.target import Target

NEON = DEVICES["linux-aarch64"].target
NOTHING = Nest("n", NEON).pointer()
COLUMNS = 64
LEAST, MOST = -(2**31), 2**31 - 1
EDGES = (LEAST, LEAST + 1, -(2**30), -1, 0, 1, 2**30 - 1, 2**30, MOST - 1, MOST)


def sums(rows: int, seed: int) -> np.ndarray:
    """int32 of every size, both ends and halves among them: (rows, COLUMNS)."""
    rng = np.random.default_rng(seed)
    size = 2.0 ** rng.uniform(0, 31, (rows, COLUMNS))
    drawn = np.clip(rng.choice([-1, 1], size.shape) * size, LEAST, MOST)
    drawn[: len(EDGES)] = np.array(EDGES)[:, None]
    return drawn.astype(np.int32)


def job(target: Target, output: IntegerOutput, seed: int) -> Job:
    """Every column of every row by its own factor.

    A sum of result and zero point beyond int32 overflows in the reference kernels,
    so that such rows are left to chance nowhere: they are not tried.
    """
    x = sums(40, seed)
    x = np.where(np.abs(x.astype(np.int64)) <= output.reach, x, x >> 2)
    real = scaled(x, output)
    fits = (real >= LEAST + 128) & (real <= MOST - 128)
    x = np.where(fits, x, 0).astype(np.int32)
    y = scaled(x, output) + output.zero_point
    y = np.clip(y, output.low, output.high).astype(np.int8)
    nest = Nest("requantize", target)
    source = nest.pointer()
    constants = [Constant(array) for array in output.constants()]
    factors = output.factors([nest.pointer() for _ in constants])
    result = nest.pointer()
    begin, end = nest.integer(), nest.integer()
    with nest.loop(COLUMNS, step=target.lanes) as column:
        apply = factors.load(nest, column.index, target.lanes)
        with nest.loop(end, start=begin) as row:
            index = row.index * COLUMNS + column.index
            value = apply(nest.load(I32.of(target.lanes), source, index))
            small = saturate(nest, value, output.low, output.high)
            nest.store(small, result, index)
    arguments = (X, *constants, Y)
    return Job([Step(nest.finish(), arguments, len(x), (1,))], {X: x}, y, repr(output))


def scaled(x: np.ndarray, output: IntegerOutput) -> np.ndarray:
    total = x.astype(np.int64)
    if output.real is not None:
        return multiply_real(total, output.real)
    factor = output.multipliers.astype(np.int64), output.shifts.astype(np.int64)
    return multiply(total, *factor)


def outputs(
    *, merged: bool = False, once: bool = False, doubled: bool = False
) -> list[IntegerOutput]:
    """Factors of one kind: right shifts, left shifts, none, and all of them at once."""
    rng = np.random.default_rng([merged, once, doubled])
    ranges = [(-24, -1)] if merged else [(-31, -1), (0, 1), (1, 9), (-31, 9), (-4, 1)]
    made: list[IntegerOutput] = []
    ranges = [(-22, -1), (-3, -1), (-1, 0)] if doubled else ranges
    zero_points = (-127 if doubled else -128, -1, 0, 127)
    for (low, high), zero_point in product(ranges, zero_points):
        multipliers = rng.integers(2**30, 2**31, COLUMNS, np.int64)
        multipliers[:4] = 2**30, 2**31 - 1, 2**30 + 1, 2**31 - 1
        shifts = rng.integers(low, high, COLUMNS)
        shifts[:2] = low, max(high - 1, low)
        limits = (zero_point, 127) if merged else (-128, 100)
        real = multipliers * 2.0 ** (shifts - 31)
        real[4:8] = 0.5, 0.25, 0.75, 0.125
        made.append(
            IntegerOutput(
                multipliers.astype(np.int32),
                shifts.astype(np.int32),
                zero_point,
                *limits,
                real if once else None,
                2**30 - 1 if doubled else 2**31,
            )
        )
    assert all(output.is_merged == merged for output in made)
    assert all(output.is_doubled == doubled for output in made)
    return made


KINDS = {
    "merged": outputs(merged=True),
    "doubled": outputs(doubled=True),
    "real": outputs(once=True),
    "double": outputs(),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TARGETS)
def test_factors_per_column(name: str, kind: str) -> None:
    jobs = [job(TARGETS[name], output, i) for i, output in enumerate(KINDS[kind])]
    check_compiled(name, jobs)
    if name == "sse2":
        check_interpreted(jobs[::3])


@pytest.mark.parametrize("kind", KINDS)
def test_factors_from_few_bytes(kind: str) -> None:
    short = [replace(output, saves_bytes=True) for output in KINDS[kind]]
    kinds = (CompactFactors, CompactRealFactors)
    for output in short:
        assert isinstance(output.factors([NOTHING] * len(output.constants())), kinds)
        width = 9 if output.real is not None else 6
        assert sum(x.nbytes for x in output.constants()) == width * COLUMNS
    jobs = [job(TARGETS["scalar"], output, i) for i, output in enumerate(short)]
    check_compiled("scalar", jobs)
    check_interpreted([job(NEON, output, i) for i, output in enumerate(short)][::3])


def test_zero_points_beyond_a_byte_are_kept_whole() -> None:
    output = replace(KINDS["double"][0], zero_point=128, saves_bytes=True)
    assert output.constants()[2].dtype == np.int32


def test_factors_too_small_to_hold_give_the_zero_point() -> None:
    zeros = np.zeros(COLUMNS, np.int32)
    output = IntegerOutput(zeros, zeros, -7, -128, 127)
    check_compiled("sse2", [job(TARGETS["sse2"], output, 0)])


def test_one_shift_does_where_the_sign_is_idle() -> None:
    (output, *_) = KINDS["merged"]
    nest = Nest("n", TARGETS["avx2"])
    assert isinstance(output.factors([nest.pointer()] * 4), MergedFactors)
    signed = IntegerOutput(output.multipliers, output.shifts, 0, -128, 127)
    assert not signed.is_merged


def test_sums_without_room_are_not_doubled() -> None:
    (output, *_) = KINDS["doubled"]
    nest = Nest("n", TARGETS["avx2"])
    assert isinstance(output.factors([nest.pointer()] * 3), DoubledFactors)
    assert not replace(output, reach=2**30).is_doubled
    assert not replace(output, zero_point=128).is_doubled
    assert not replace(output, shifts=output.shifts - 30).is_doubled


@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_one_factor_for_all_lanes(lanes: int) -> None:
    """What element-wise operators use; int32 comes out."""
    jobs: list[Job] = []
    for shift, multiplier in product(
        (-31, -30, -9, -1, 0, 1, 7), (2**30, 2**31 - 1, 0)
    ):
        x = sums(16, shift + 40)
        y = multiply(x.astype(np.int64), multiplier, shift).astype(np.int32)
        nest = Nest("scale", TARGETS["avx512"])
        source, result = nest.pointer(), nest.pointer()
        begin, end = nest.integer(), nest.integer()
        with nest.loop(end, start=begin) as loop:
            value = nest.load(I32.of(lanes), source, loop.index * lanes)
            factor = uniform_factor(nest, multiplier, shift, lanes)
            nest.store(scale(nest, value, factor), result, loop.index * lanes)
        step = Step(nest.finish(), (X, Y), x.size // lanes, (1,))
        jobs.append(Job([step], {X: x}, y, f"{multiplier} {shift}"))
    check_compiled("avx512", jobs)
