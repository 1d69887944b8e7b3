"""Every instruction: what is interpreted and what is compiled agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.nest.build import Nest
from gossamer.nest.expr import F16, F32, F64, I8, I16, I32, I64, Kind, Value
from gossamer.nest.interpret import interpret
from gossamer.nest.target import Dot, Target
from tests.codegen.machines import TARGETS, Work, as_bytes, compile_and_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.types import Array

    Emit = Callable[[Nest, list[Value]], Value]

INTEGERS = (I8, I16, I32, I64)
DTYPES = {
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "f16": np.float16,
    "f32": np.float32,
    "f64": np.float64,
}


@dataclass(frozen=True)
class Trial:
    """An expression over inputs of given kinds, computed `ROUNDS` times."""

    name: str
    kinds: tuple[Kind, ...]
    emit: Emit
    values: Callable[[Kind, int], Array] | None = None

    def __str__(self) -> str:
        return f"{self.name}-{'-'.join(map(str, self.kinds))}"


ROUNDS = 12
WHOLE = ("add", "sub", "mul", "and", "or", "xor", "smin", "smax", "umin", "umax")
ORDERS = ("eq", "ne", "lt", "le", "gt", "ge")


def values_of(kind: Kind, seed: int) -> Array:
    """Random values with the extremes first: rows of (lanes,)."""
    rng = np.random.default_rng([seed, kind.lanes, kind.bytes])
    shape = (ROUNDS, kind.lanes)
    dtype = DTYPES[kind.base]
    if kind.is_float:
        drawn = (rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4, shape)).astype(
            dtype
        )
        special = [0.0, -0.0, 0.5, -0.5, 1.5, -2.5, np.inf, -np.inf]
    else:
        limits = np.iinfo(dtype)
        drawn = rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
        special = [0, -1, 1, limits.min, limits.max, limits.min + 1]
    rows = min(len(special), ROUNDS)
    drawn[:rows, seed % kind.lanes] = np.roll(special, seed)[:rows]
    return drawn


def small(kind: Kind, seed: int) -> Array:
    """Whole numbers that every sum of them holds exactly, in any order."""
    rng = np.random.default_rng([seed, kind.lanes])
    return rng.integers(-99, 100, (ROUNDS, kind.lanes)).astype(DTYPES[kind.base])


def counts(kind: Kind, seed: int) -> Array:
    """Left operands of every kind; shift counts that are less than the width."""
    if seed == 0:
        return values_of(kind, seed)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, kind.bytes * 8, (ROUNDS, kind.lanes))
    return drawn.astype(DTYPES[kind.base])


def divisors(kind: Kind, seed: int) -> Array:
    drawn = values_of(kind, seed)
    return drawn if seed == 0 else np.where(drawn == 0, 3, drawn).astype(drawn.dtype)


def within_int32(kind: Kind, seed: int) -> Array:
    """Floats whose whole part an int32 holds; halves among them."""
    rng = np.random.default_rng(seed)
    reach = 2000.0 if kind.base == "f16" else 2.0e9
    drawn = rng.uniform(-reach, reach, (ROUNDS, kind.lanes))
    drawn[: ROUNDS // 2] = np.round(drawn[: ROUNDS // 2] / reach * 20) / 2
    return drawn.astype(DTYPES[kind.base])


def binary(op: str) -> Emit:
    return lambda nest, v: nest.binary(op, v[0], v[1])


def unary(op: str) -> Emit:
    return lambda nest, v: nest.unary(op, v[0])


def compared(op: str) -> Emit:
    def emit(nest: Nest, v: list[Value]) -> Value:
        return nest.convert(nest.compare(op, v[0], v[1]), I32.of(v[0].kind.lanes))

    return emit


VECTORS = [name for name, target in TARGETS.items() if target.lanes > 1]


def widths(target: Target) -> tuple[int, ...]:
    return tuple(dict.fromkeys((1, max(target.lanes // 2, 1), target.lanes)))


def arithmetic(lanes: int) -> list[Trial]:
    trials: list[Trial] = []
    for element in INTEGERS:
        kind = element.of(lanes)
        trials += [Trial(op, (kind, kind), binary(op)) for op in WHOLE]
        trials += [
            Trial(op, (kind, kind), binary(op), counts)
            for op in ("shl", "ashr", "lshr")
        ]
        trials += [Trial(op, (kind, kind), compared(op)) for op in (*ORDERS, "ult")]
        trials += [Trial(op, (kind,), unary(op)) for op in ("neg", "abs")]
    trials += [Trial(op, (I64, I64), binary(op), divisors) for op in ("udiv", "urem")]
    for element in (F32, F64):
        kind = element.of(lanes)
        trials += [
            Trial(op, (kind, kind), binary(op))
            for op in ["add", "sub", "mul", "div", "min", "max"]
        ]
        trials += [Trial(op, (kind, kind), compared(op)) for op in ORDERS]
        trials += [
            Trial(op, (kind,), unary(op))
            for op in ["neg", "abs", "sqrt", "floor", "ceil", "trunc", "rint"]
        ]
    return trials


def conversions(lanes: int) -> list[Trial]:
    pairs = [(a, b) for a in INTEGERS for b in INTEGERS if a != b]
    pairs += [(a, b) for a in INTEGERS for b in (F32, F64)]
    pairs += [(F32, F64), (F64, F32), (F16, F32), (F32, F16)]
    trials = [
        Trial(
            f"to_{b}",
            (a.of(lanes),),
            lambda nest, v, b=b: nest.convert(v[0], b.of(lanes)),
        )
        for a, b in pairs
    ]
    trials += [
        Trial(
            f"cut_{b}",
            (a.of(lanes),),
            lambda nest, v, b=b: nest.convert(v[0], b.of(lanes)),
            within_int32,
        )
        for a in (F32, F64)
        for b in (I32, I64)
    ]
    trials += [
        Trial(
            f"zeros_{b}",
            (a.of(lanes),),
            lambda nest, v, b=b: nest.unsigned(v[0], b.of(lanes)),
        )
        for a in INTEGERS
        for b in INTEGERS
        if b.bytes > a.bytes
    ]
    return trials


def lanewise(lanes: int) -> list[Trial]:
    """Instructions that move bits, choose, or fold lanes."""
    f32, i32 = F32.of(lanes), I32.of(lanes)

    def chosen(nest: Nest, v: list[Value]) -> Value:
        return nest.select(nest.compare("lt", v[0], v[1]), v[2], v[3])

    trials = [
        Trial("bits", (f32,), lambda nest, v: nest.bits(v[0], i32)),
        Trial("select", (f32, f32, i32, i32), chosen),
        Trial("select", (I64.of(lanes), I64.of(lanes), f32, f32), chosen),
        Trial("select_whole", (I32, I32, f32, f32), chosen),
        Trial("fma", (f32, f32, f32), lambda nest, v: nest.fma(*v), small),
        Trial("nearest", (f32,), lambda nest, v: nest.nearest(v[0]), small),
        Trial("narrow", (i32,), lambda nest, v: nest.narrow(v[0])),
        Trial("splat", (F32,), lambda nest, v: nest.splat(v[0], lanes)),
        Trial("sum", (f32,), lambda nest, v: nest.sum(v[0]), small),
        Trial("sum", (i32,), lambda nest, v: nest.sum(v[0])),
        Trial("peak", (f32,), lambda nest, v: nest.peak(v[0])),
        Trial("peak", (i32,), lambda nest, v: nest.peak(v[0])),
        Trial("number", (f32,), lambda nest, v: v[0] * 0.1 + 2.5),
        Trial("number", (I8.of(lanes),), lambda nest, v: v[0] ^ -128),
    ]
    if lanes == 1:
        return trials
    order = [*range(lanes - 1, -1, -1), *range(lanes, 2 * lanes)]
    return [
        *trials,
        Trial("bits", (I64.of(lanes // 2),), lambda nest, v: nest.bits(v[0], i32)),
        Trial("extract", (f32,), lambda nest, v: nest.extract(v[0], lanes - 1)),
        Trial("shuffle", (i32, i32), lambda nest, v: nest.shuffle(v[0], v[1], order)),
        Trial("dot_pairs", (i32, i32), lambda nest, v: nest.dot_pairs(v[0], v[1])),
    ]


def by_machine(target: Target) -> list[Trial]:
    """Instructions for whole vectors of one machine."""
    kind = I32.of(target.lanes)
    trials = [Trial("pack", (kind,) * 4, lambda nest, v: nest.pack(v))]
    if target.looks_up_bytes:
        trials.append(
            Trial(
                "look_up", (I8.of(64),) * 5, lambda nest, v: nest.look_up(v[:4], v[4])
            )
        )
    if target.dot is Dot.UNSIGNED_QUADS:
        trials += [
            Trial("dot_quads", (I32.of(lanes),) * 3, lambda nest, v: nest.dot_quads(*v))
            for lanes in (4, 8, 16)
        ]
    return trials


def built(trial: Trial, target: Target) -> tuple[Work, Kind]:
    """The kernel that computes a trial round by round, and its result's kind."""
    nest = Nest("trial", target)
    pointers = [nest.pointer() for _ in trial.kinds]
    output = nest.pointer()
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as loop:
        values = [
            nest.load(kind, pointer, loop.index * kind.lanes)
            for kind, pointer in zip(trial.kinds, pointers, strict=True)
        ]
        result = trial.emit(nest, values)
        nest.store(result, output, loop.index * result.kind.lanes)
    make = trial.values or values_of
    inputs = [as_bytes(make(kind, seed)) for seed, kind in enumerate(trial.kinds)]
    kind = result.kind
    memory = as_bytes(np.zeros(ROUNDS * kind.lanes * kind.bytes, np.uint8))
    return Work(nest.finish(), [*inputs, memory], ROUNDS), kind


def check(name: str, trials: list[Trial]) -> None:
    works = [built(trial, TARGETS[name]) for trial in trials]
    expected: list[Array] = []
    for work, _ in works:
        buffers = [buffer.copy() for buffer in work.buffers]
        interpret(work.kernel, buffers, 0, work.units)
        expected.append(buffers[-1])
    if not compile_and_run(name, [work for work, _ in works]):
        return
    for trial, (work, kind), wanted in zip(trials, works, expected, strict=True):
        dtype = DTYPES[kind.base]
        np.testing.assert_array_equal(
            work.buffers[-1].view(dtype), wanted.view(dtype), err_msg=str(trial)
        )


@pytest.mark.parametrize("name", TARGETS)
def test_arithmetic(name: str) -> None:
    for lanes in widths(TARGETS[name]):
        check(name, arithmetic(lanes))


@pytest.mark.parametrize("name", TARGETS)
def test_conversions(name: str) -> None:
    for lanes in widths(TARGETS[name]):
        check(name, conversions(lanes))


@pytest.mark.parametrize("name", VECTORS)
def test_lanes(name: str) -> None:
    trials = by_machine(TARGETS[name])
    for lanes in widths(TARGETS[name]):
        trials += lanewise(lanes)
    check(name, trials)


@pytest.mark.parametrize("name", VECTORS)
def test_masked_loads_and_stores_touch_valid_lanes_only(name: str) -> None:
    """`valid` lanes are copied to the next place; what is around stays."""
    target = TARGETS[name]
    works: list[Work] = []
    for element, lanes in ((F32, target.lanes), (I8, target.vector_bytes)):
        for valid in sorted({1, lanes // 2 + 1, lanes - 1}):
            nest = Nest("masked", target)
            x, y = nest.pointer(), nest.pointer()
            nest.integer(), nest.integer()
            value = nest.load(element.of(lanes), x, 1, valid)
            nest.store(value, y, 2, valid)
            nest.store(value, y, lanes + 3)
            source = as_bytes(
                np.arange(1, (valid + 1) * element.bytes + 1, dtype=np.uint8)
            )
            target_ = as_bytes(np.full((2 * lanes + 3) * element.bytes, 7, np.uint8))
            works.append(Work(nest.finish(), [source, target_], 1))
    expected = [[b.copy() for b in work.buffers] for work in works]
    for work, buffers in zip(works, expected, strict=True):
        interpret(work.kernel, buffers, 0, 1)
        assert (buffers[1] == 0).any(), "lanes that are not valid are read as zeros"
        assert (buffers[1] == 7).any(), "what lies around is left alone"
    if compile_and_run(name, works):
        for work, buffers in zip(works, expected, strict=True):
            np.testing.assert_array_equal(work.buffers[1], buffers[1])


@pytest.mark.parametrize("name", TARGETS)
def test_narrowed_lanes_are_stored_by_their_narrow_size(name: str) -> None:
    """A conversion that ends in a masked store writes no more than the valid lanes."""
    target = TARGETS[name]
    trials = [
        (wide.of(lanes), narrow.of(lanes), valid)
        for wide, narrow in ((I32, I8), (I32, I16), (I64, I32), (I16, I8), (F64, F32))
        for lanes in {4, target.lanes}
        for valid in range(1, lanes)
    ]
    works: list[Work] = []
    for wide, narrow, valid in trials:
        nest = Nest("narrowed", target)
        x, y, z = nest.pointer(), nest.pointer(), nest.pointer()
        nest.integer(), nest.integer()
        value = nest.load(wide, x)
        if (wide.base, narrow.base) == ("i32", "i8"):
            nest.store(nest.narrow(value), z, 0, valid)
        nest.store(nest.convert(value, narrow), y, 0, valid)
        source = as_bytes(np.arange(1, wide.lanes + 1).astype(DTYPES[wide.base]))
        results = [as_bytes(np.full(narrow.lanes * narrow.bytes, 7, np.uint8))] * 2
        works.append(Work(nest.finish(), [source, *(r.copy() for r in results)], 1))
    if compile_and_run(name, works):
        for (_, narrow, valid), work in zip(trials, works, strict=True):
            found = work.buffers[1]
            dtype = DTYPES[narrow.base]
            assert found.view(dtype)[:valid].tolist() == list(range(1, valid + 1))
            assert (found[valid * narrow.bytes :] == 7).all(), f"{narrow} {valid}"
            assert (work.buffers[2][valid:] == 7).all(), f"narrow {narrow} {valid}"
