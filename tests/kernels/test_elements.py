"""Pooling, reductions, softmax, copies and broadcasts against NumPy."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.kernels.arithmetic.integers import INT8
from gossamer.kernels.arithmetic.math import exp, logistic, tanh
from gossamer.kernels.elements.element import Element
from gossamer.kernels.elements.elementwise import (
    BLOCK,
    Source,
    block_units,
    broadcast,
    each_block,
    each_element,
    each_vector,
)
from gossamer.kernels.movement.move import Box, element_kind, move, strides_of
from gossamer.kernels.rows.reduce import folding, reduce
from gossamer.kernels.rows.reduce_arithmetic import FloatSum, Joined, ScaledSum
from gossamer.kernels.rows.softmax_float import float_softmax
from gossamer.kernels.step import Step
from gossamer.kernels.windows.pool import (
    FloatMaximum,
    FloatMean,
    IntegerMaximum,
    IntegerMean,
    pool,
)
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32
from gossamer.nest.interpret import interpret
from tests.codegen.machines import TARGETS, compile_and_run
from tests.kernels.steps import Job, X, Y, check_compiled, check_interpreted
from tests.kernels.windows import some_windows, taps

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

MACHINES = pytest.mark.parametrize("name", TARGETS)
OTHER = object()
"""A second input."""


def step(nest: Nest, units: int, *arguments: object) -> Step:
    return Step(nest.finish(), arguments, units, (len(arguments) - 1,))


def check(name: str, jobs: list[Job], tolerance: float = 0) -> None:
    check_interpreted(jobs[::3], tolerance)
    check_compiled(name, jobs, tolerance)


def pooled(target: Target, shape: Window) -> list[Job]:
    """The four kinds of pooling over one window."""
    rng = np.random.default_rng([shape.height, shape.width, shape.channels])
    size = (shape.images, shape.height, shape.width, shape.channels)
    floats = rng.integers(-40, 40, size).astype(np.float32)
    bytes_ = rng.integers(-128, 128, size).astype(np.int8)
    counts = sum(cells for _, _, cells in taps(shape, np.ones(size), 0))
    total = sum(cells for _, _, cells in taps(shape, bytes_, 0))
    mean = np.trunc((total + np.sign(total) * (counts // 2)) / counts)
    most = np.max([cells for _, _, cells in taps(shape, floats, -np.inf)], axis=0)
    top = np.max([cells for _, _, cells in taps(shape, bytes_, -np.inf)], axis=0)
    average = sum(cells for _, _, cells in taps(shape, floats, 0)) / counts
    unbounded, lanes = (-math.inf, math.inf), target.lanes
    work = (
        (FloatMaximum(unbounded, lanes), floats, most.astype(np.float32)),
        (FloatMean((0, 6), lanes), floats, average.clip(0, 6).astype(np.float32)),
        (IntegerMaximum(INT8, -128, 90, 4 * lanes), bytes_, top.clip(-128, 90)),
        (IntegerMean(INT8, -9, 127, lanes), bytes_, mean.clip(-9, 127)),
    )
    jobs: list[Job] = []
    for arithmetic, x, y in work:
        nest = Nest("pool", target)
        pool(nest, shape, arithmetic, nest.pointer(), nest.pointer())
        units = shape.images * shape.out_height
        name = f"{arithmetic} {shape}"
        jobs.append(Job([step(nest, units, X, Y)], {X: x}, y.astype(x.dtype), name))
    return jobs


@MACHINES
def test_pool(name: str) -> None:
    some = some_windows(len(name), 10, channels=40, dilated=False)
    jobs = [job for shape in some for job in pooled(TARGETS[name], shape)]
    check(name, jobs, 1e-6)


@MACHINES
def test_reduce(name: str) -> None:
    jobs: list[Job] = []
    for sizes in ((3, 5, 1), (2, 7, 19), (1, 49, 33), (4, 1, 6), (5, 300, 1)):
        rng = np.random.default_rng(sizes)
        x = rng.integers(-99, 99, sizes).astype(np.float32)
        small = rng.integers(-128, 128, sizes).astype(np.int8)
        total = (small.astype(np.int64) + 3).sum(1)
        halved = np.floor(total / 2 + 0.5) + 5  # halves up, then no right shift
        work = (
            (FloatSum(), x, x.sum(1)),
            (FloatSum(4.0), x, x.sum(1) / 4),
            (Joined("max", -1e30, F32), x, x.max(1)),
            (Joined("min", 1e30, F32), x, x.min(1)),
            (
                ScaledSum(INT8, -3 * sizes[1], 1 << 30, 0, 5),
                small,
                halved.clip(-128, 127),
            ),
        )
        for arithmetic, given, y in work:
            nest = Nest("reduce", TARGETS[name])
            shape = folding(sizes, (1,))
            reduce(nest, shape, arithmetic, nest.pointer(), nest.pointer())
            made = [step(nest, shape.units, X, Y)]
            described = f"{arithmetic} {sizes}"
            jobs.append(Job(made, {X: given}, y.astype(given.dtype), described))
    check(name, jobs)


@MACHINES
def test_float_softmax(name: str) -> None:
    jobs: list[Job] = []
    for rows, columns, beta in ((3, 1, 1.0), (2, 10, 1.0), (1, 67, 0.3), (4, 32, 2.0)):
        x = np.random.default_rng(columns).normal(size=(rows, columns)) * 20
        x = x.astype(np.float32)
        x[0, 0] = 300.0
        powers = np.exp(beta * (x - x.max(1, keepdims=True)).astype(np.float64))
        y = (powers / powers.sum(1, keepdims=True)).astype(np.float32)
        nest = Nest("softmax", TARGETS[name])
        float_softmax(nest, columns, beta, nest.pointer(), nest.pointer())
        jobs.append(Job([step(nest, rows, X, Y)], {X: x}, y, f"{rows}x{columns}"))
    check(name, jobs, 1e-6)


def applied(name: str, function: Callable[[Nest, Value], Value], x: np.ndarray) -> Job:
    """A job whose result is only looked at, by relative error."""
    nest = Nest("curve", TARGETS[name])
    source, result = nest.pointer(), nest.pointer()

    def element(index, group):
        y = function(nest, group.load(nest, F32, source, index))
        group.store(nest, y, result, index)

    each_block(nest, x.size, TARGETS[name].lanes, element)
    return Job([step(nest, block_units(x.size), X, Y)], {X: x}, np.zeros_like(x))


@pytest.mark.parametrize(
    ("function", "real"),
    [(exp, np.exp), (logistic, lambda x: 1 / (1 + np.exp(-x))), (tanh, np.tanh)],
    ids=["exp", "logistic", "tanh"],
)
@MACHINES
def test_functions_of_one_float(
    name: str, function: Callable[[Nest, Value], Value], real
) -> None:
    """exp is compared by its own size; the others lie within -1 and 1."""
    x = np.linspace(-80, 80, 4096 * 4, dtype=np.float32)
    job = applied(name, function, x)
    if compile_and_run(name, job.works()):
        found = job.buffers[Y][: x.nbytes].view(np.float32)
        exact = real(x.astype(np.float64))
        size = np.abs(exact) if function is exp else 1
        assert (np.abs(found - exact) / size).max() < 3e-7


def test_exp_stays_finite_and_is_exact_at_zero() -> None:
    x = np.array([0, -0.0, 1000, -1000, np.inf, -np.inf, 1, -1], np.float32)
    job = applied("sse2", exp, x)
    assert compile_and_run("sse2", job.works())
    found = job.buffers[Y][: x.nbytes].view(np.float32)
    assert found[0] == found[1] == 1.0
    assert np.isfinite(found).all()


def moves() -> list[tuple[np.ndarray, Box, np.ndarray]]:
    """Input, box and expected output: transposed, sliced, reversed, repeated."""
    draw = random.Random(3)
    found: list[tuple[np.ndarray, Box, np.ndarray]] = []
    for dtype in (np.int8, np.float16, np.int32, np.int64):
        for rank in (1, 2, 3, 4):
            shape = tuple(draw.randint(1, 6) for _ in range(rank))
            x = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
            order = draw.sample(range(rank), rank)
            turned = x.transpose(order)
            cut = tuple(
                slice(None, None, draw.choice([1, 1, 2, -1])) for _ in range(rank)
            )
            views = (x, turned, x[cut], np.broadcast_to(x, (3, *shape)))
            for view in views:
                steps = tuple(stride // x.itemsize for stride in view.strides)
                start = view.__array_interface__["data"][0] - x.ctypes.data
                box = Box(
                    view.shape, start // x.itemsize, steps, 0, strides_of(view.shape)
                )
                found.append((x, box, np.ascontiguousarray(view)))
    return found


@MACHINES
def test_move(name: str) -> None:
    jobs: list[Job] = []
    for x, box, y in moves():
        kind = element_kind(x.itemsize)
        assert kind is not None
        nest = Nest("move", TARGETS[name])
        source, result = nest.pointer(), nest.pointer()
        units = move(nest, box.merged(), kind, (source, result))
        jobs.append(Job([step(nest, units, X, Y)], {X: x}, y, f"{x.shape} {box}"))
    check(name, jobs)


SHAPES = [
    ((2, 3), (2, 3)),
    ((4, 1, 5), (3, 5)),
    ((7,), (1,)),
    ((1,), (7,)),
    ((), (2, 2)),
    ((2, 3, 1), (2, 1, 9)),
    ((1, 1), (1, 1)),
    ((5, 1), (1, 33)),
    ((2, 1, 3, 1, 4), (1, 6, 1, 2, 4)),
    ((3, 4, 1), (3, 4, 16)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_broadcast_merges_what_it_can(left, right) -> None:
    loops = broadcast(left, right)
    size = int(np.prod(np.broadcast_shapes(left, right)))
    assert int(np.prod(loops.sizes)) == size
    if left == right:
        assert len(loops.sizes) == 1


@MACHINES
def test_broadcast(name: str) -> None:
    """A left operand minus a right one, whatever their shapes."""
    jobs: list[Job] = []
    for left, right in SHAPES:
        rng = np.random.default_rng(len(jobs))
        a = rng.integers(-99, 99, left).astype(np.float32)
        b = rng.integers(-99, 99, right).astype(np.float32)
        loops = broadcast(left, right)
        nest = Nest("minus", TARGETS[name])
        sources = [Source(nest.pointer(), Element(F32, F32)) for _ in range(2)]
        to = nest.pointer()

        def element(values, index, group, *, nest=nest, to=to):
            group.store(nest, values[0] - values[1], to, index)

        each_element(nest, loops, TARGETS[name].lanes, sources, element)
        made = [step(nest, loops.units, X, OTHER, Y)]
        y = np.asarray(a - b, np.float32)
        jobs.append(Job(made, {X: a, OTHER: b}, y, f"{left} {right}"))
    check(name, jobs)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 63, 130, BLOCK, BLOCK + 1, 2 * BLOCK])
@pytest.mark.parametrize("name", ["avx2", "avx512"])
def test_each_block_touches_every_element_once(name: str, count: int) -> None:
    x = np.arange(count, dtype=np.float32)
    nest = Nest("add", TARGETS[name])
    source, result = nest.pointer(), nest.pointer()

    def element(index, group):
        old = group.load(nest, F32, result, index)
        group.store(nest, old + group.load(nest, F32, source, index), result, index)

    each_block(nest, count, TARGETS[name].lanes, element)
    made = Job([step(nest, block_units(count), X, Y)], {X: x}, x)
    works = made.works()
    made.buffers[Y][: x.nbytes] = 0
    for unit in range(works[0].units):
        interpret(works[0].kernel, works[0].buffers, unit, unit + 1)
    made.check()


@pytest.mark.parametrize("unroll", [1, 2, 4])
def test_each_vector_covers_every_count(unroll: int) -> None:
    for count in range(40):
        nest = Nest("cover", TARGETS["avx2"])
        seen: list[int] = []

        def note(index, group, seen=seen):
            seen.append(group.valid)

        each_vector(nest, count, 8, note, unroll=unroll)
        looped = count // (8 * unroll) * 8 * unroll
        inside = unroll * 8 if looped else 0
        assert sum(seen) - inside + looped == count
