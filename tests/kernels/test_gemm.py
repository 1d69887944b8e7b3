"""Matrix products: every remainder of tiles, panels and words."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.ir.arithmetic import multiply, multiply_real
from gossamer.kernels.arithmetic.integer_output import IntegerOutput
from gossamer.kernels.windows import convolution
from gossamer.kernels.windows.depthwise import Window
from tests.codegen.machines import TARGETS
from tests.kernels.steps import Job, X, Y, check_compiled, check_interpreted

if TYPE_CHECKING:
    from gossamer.nest.target import Target

UNBOUNDED = (-math.inf, math.inf)


def dense(rows: int, depth: int) -> Window:
    """A matrix as one image of one column."""
    return Window(1, rows, 1, depth, rows, 1, (1, 1), (1, 1), (1, 1), (0, 0))


def whole_floats(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Small whole numbers, whose sums are exact in any order."""
    return rng.integers(-8, 9, shape).astype(np.float32)


def float_job(target: Target, rows: int, columns: int, depth: int) -> Job:
    rng = np.random.default_rng([rows, columns, depth])
    x, w = whole_floats(rng, rows, depth), whole_floats(rng, columns, depth)
    bias = whole_floats(rng, columns) if columns % 3 else None
    limits = (0.0, 6.0) if rows % 2 else UNBOUNDED
    steps = convolution.float_convolution(
        target,
        dense(rows, depth),
        w.reshape(columns, 1, 1, depth),
        bias,
        limits,
        X,
        Y,
    )
    y = np.clip(x @ w.T + (0 if bias is None else bias), *limits)
    return Job(steps, {X: x}, y, f"float {rows}x{depth}x{columns}")


def some_output(rng: np.random.Generator, columns: int) -> IntegerOutput:
    """One of the three kinds of factors, its columns all different."""
    once, merged = bool(rng.integers(2)), bool(rng.integers(2))
    zero_point = int(rng.integers(-60, 60))
    shifts = rng.integers(-9, -3, columns) if merged else rng.integers(-8, 3, columns)
    multipliers = rng.integers(1 << 30, (1 << 31) - 1, columns, np.int64)
    return IntegerOutput(
        multipliers.astype(np.int32),
        shifts.astype(np.int32),
        zero_point,
        zero_point if merged else -128,
        127 if rng.integers(2) else 90,
        multipliers * 2.0 ** (shifts - 31) if once else None,
    )


def scaled(total: np.ndarray, output: IntegerOutput) -> np.ndarray:
    if output.real is not None:
        y = multiply_real(total, output.real)
    else:
        factor = output.multipliers.astype(np.int64), output.shifts.astype(np.int64)
        y = multiply(total, *factor)
    return np.clip(y + output.zero_point, output.low, output.high).astype(np.int8)


def integer_job(target: Target, rows: int, columns: int, depth: int) -> Job:
    rng = np.random.default_rng([rows, columns, depth])
    x = rng.integers(-128, 128, (rows, depth)).astype(np.int8)
    w = rng.integers(-127, 128, (columns, depth)).astype(np.int8)
    bias = rng.integers(-9000, 9000, columns).astype(np.int32)
    zero_point = int(rng.integers(-128, 128))
    output = some_output(rng, columns)
    steps = convolution.integer_convolution(
        target,
        dense(rows, depth),
        w.reshape(columns, 1, 1, depth),
        bias,
        zero_point,
        output,
        X,
        Y,
    )
    total = (x.astype(np.int64) - zero_point) @ w.T.astype(np.int64) + bias
    return Job(steps, {X: x}, scaled(total, output), f"int8 {rows}x{depth}x{columns}")


def shapes(seed: int) -> list[tuple[int, int, int]]:
    """Every number of rows up to 30, with columns up to 70 and depths up to 20."""
    draw = random.Random(seed)
    return [
        (rows, draw.randint(1, 70), draw.randint(1, 20)) for rows in range(1, 31)
    ] + [(rows, 64, 16) for rows in (1, 7)]


@pytest.fixture(params=[0, 1], ids=["rows outer", "panels outer"])
def walk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Either way to walk over the product, whatever its size."""
    resident = 0 if request.param else 1 << 40
    monkeypatch.setattr(convolution, "RESIDENT_BYTES", resident)
    return request.param


@pytest.mark.parametrize(("make", "step"), [(float_job, 2), (integer_job, 4)])
@pytest.mark.parametrize("name", TARGETS)
def test_compiled(name: str, make, step: int, walk: int) -> None:
    drawn = shapes(2 * len(name) + walk)[walk::step]
    check_compiled(name, [make(TARGETS[name], *shape) for shape in drawn])


@pytest.mark.parametrize("make", [float_job, integer_job])
@pytest.mark.parametrize("name", TARGETS)
def test_interpreted(name: str, make, walk: int) -> None:
    """No access leaves its buffer, on any machine."""
    drawn = [*shapes(7 + walk)[:8:2], *shapes(9)[11 + walk : 30 : 6]]
    check_interpreted([make(TARGETS[name], *shape) for shape in drawn])


@pytest.mark.parametrize("name", TARGETS)
def test_long_inner_dimensions(name: str) -> None:
    """More words than are unrolled, and what is left over of four at a time."""
    shapes_ = [(1, 40, 61), (3, 17, 130), (9, 33, 999), (2, 5, 52)]
    jobs = [
        make(TARGETS[name], *shape)
        for make in (float_job, integer_job)
        for shape in shapes_
    ]
    check_compiled(name, jobs)
