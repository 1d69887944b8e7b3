"""What plain SSE2 lacks: the substitutes agree with NumPy on every kind of value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.codegen import plain
from gossamer.deploy.devices import DEVICES
from gossamer.nest.build import Nest
from gossamer.nest.expr import F16, F32, F64, Kind
from tests.codegen.machines import TARGETS, Work, as_bytes, compile_and_run

if TYPE_CHECKING:
    from gossamer.nest.stmt import Kernel

SSE2 = TARGETS["sse2"]


def unary(op: str, source: Kind, result: Kind) -> Kernel:
    nest = Nest("unary", SSE2)
    x, y = nest.pointer(), nest.pointer()
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as loop:
        value = nest.load(source.of(4), x, loop.index * 4)
        made = (
            nest.convert(value, result.of(4))
            if op == "convert"
            else nest.unary(op, value)
        )
        nest.store(made, y, loop.index * 4)
    return nest.finish()


def ran(kernel: Kernel, values: np.ndarray, dtype: type) -> np.ndarray:
    y = as_bytes(np.zeros(values.size, dtype))
    compile_and_run("sse2", [Work(kernel, [as_bytes(values), y], values.size // 4)])
    return y.view(dtype)


def test_only_old_machines_need_substitutes() -> None:
    assert not plain.rounds(SSE2, F32)
    assert not plain.halves(SSE2)
    assert plain.rounds(TARGETS["avx2"], F32)
    assert plain.halves(TARGETS["avx2"])


@pytest.mark.parametrize(
    ("device", "single", "double", "half"),
    [
        ("linux-aarch64", True, True, True),
        ("linux-armv7", False, False, False),
        ("linux-riscv64", True, True, False),
        ("cortex-m4", False, False, False),
        ("cortex-m7", True, True, False),
        ("cortex-m33", True, False, False),
    ],
)
def test_other_machines_do_what_they_have(device, single, double, half) -> None:
    target = DEVICES[device].target
    assert plain.rounds(target, F32) == single
    assert plain.rounds(target, F64) == double
    assert plain.halves(target) == half


def test_every_half_float_widens_exactly() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    wide = ran(unary("convert", F16, F32), halves, np.float32)
    with np.errstate(invalid="ignore"):
        expected = halves.astype(np.float32)
    number = ~np.isnan(expected)
    assert (np.isnan(wide) == ~number).all()
    assert (wide[number].view(np.int32) == expected[number].view(np.int32)).all()


def test_floats_narrow_to_the_nearest_half() -> None:
    """Each half float, the midpoints between them, and what lies just beside."""
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
    halves = halves[np.isfinite(halves)]
    middle = (halves[1:] + halves[:-1]) / 2
    beyond = [65519.9, 65520, 65536, 1e30, np.inf, -np.inf, np.nan, 1e-45, -1e-8]
    values = np.concatenate(
        [
            halves,
            middle,
            np.nextafter(middle, np.float32(np.inf)),
            np.nextafter(middle, np.float32(-np.inf)),
            np.array(beyond, np.float32),
        ]
    )
    values = np.resize(values, -(-values.size // 4) * 4)
    small = ran(unary("convert", F32, F16), values, np.float16)
    with np.errstate(over="ignore", under="ignore"):
        expected = values.astype(np.float16)
    number = ~np.isnan(expected)
    assert (np.isnan(small) == ~number).all()
    assert (small[number].view(np.int16) == expected[number].view(np.int16)).all()


@pytest.mark.parametrize("op", ["rint", "floor", "ceil", "trunc"])
@pytest.mark.parametrize("kind", [F32, F64], ids=str)
def test_rounding_keeps_signs_and_large_numbers(op: str, kind: Kind) -> None:
    dtype = np.float32 if kind is F32 else np.float64
    whole = np.array([0, 1, 2, 3, 7, 2**22, 2**23 - 1, 2**23, 2**24, 2**52], dtype)
    near = np.concatenate([whole, whole + dtype(0.5), whole - dtype(0.5)])
    near = np.concatenate([near, np.nextafter(near, dtype(np.inf))])
    values = np.concatenate([near, -near, np.array([np.inf, -np.inf, 1e30, np.nan])])
    values = np.resize(values, -(-values.size // 4) * 4).astype(dtype)
    found = ran(unary(op, kind, kind), values, dtype)
    expected = getattr(np, op)(values)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))
