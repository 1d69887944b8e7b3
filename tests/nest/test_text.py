"""Printed kernels, compared with stored texts; see `--update-golden`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gossamer.kernels.arithmetic.requantize import saturate, scale, uniform_factor
from gossamer.kernels.elements.elementwise import each_block
from gossamer.kernels.rows.reduce import folding, reduce
from gossamer.kernels.rows.reduce_arithmetic import FloatSum
from gossamer.kernels.rows.softmax_float import float_softmax
from gossamer.kernels.windows.border import Border, copy_with_border, quad_form
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I8, I32
from gossamer.nest.text import kernel_text
from tests.codegen.machines import TARGETS

if TYPE_CHECKING:
    from gossamer.nest.stmt import Kernel

GOLDEN = Path(__file__).parent / "golden"


def scaling() -> Kernel:
    nest = Nest("scale", TARGETS["avx512"])
    x, y = nest.pointer(), nest.pointer()

    def element(index, group):
        value = group.load(nest, F32, x, index)
        group.store(nest, value * 2.0, y, index)

    each_block(nest, 37, 16, element)
    return nest.finish()


def bordered() -> Kernel:
    nest = Nest("border", TARGETS["vnni"])
    shape = Border(1, 3, 2, 5, 1, 1, 1, 1)
    copy_with_border(nest, shape, quad_form(-3), nest.pointer(), nest.pointer())
    return nest.finish()


def softmax() -> Kernel:
    nest = Nest("softmax", TARGETS["sse2"])
    float_softmax(nest, 6, 1.0, nest.pointer(), nest.pointer())
    return nest.finish()


def mean() -> Kernel:
    nest = Nest("mean", TARGETS["avx2"])
    shape = folding((2, 3, 9), (1,))
    reduce(nest, shape, FloatSum(3.0), nest.pointer(), nest.pointer())
    return nest.finish()


def requantized() -> Kernel:
    nest = Nest("requantize", TARGETS["sse2"])
    x, y = nest.pointer(), nest.pointer()
    nest.integer(), nest.integer()
    factor = uniform_factor(nest, 1 << 30, -3, 4)
    value = scale(nest, nest.load(I32.of(4), x), factor) + 7
    nest.store(saturate(nest, value, -100, 127), y)
    nest.store(nest.load(I8, y), y, 4)
    nest.prefetch(x, 64)
    return nest.finish()


@pytest.mark.parametrize("make", [scaling, bordered, softmax, mean, requantized])
def test_the_text_is_the_stored_one(make, request: pytest.FixtureRequest) -> None:
    text = kernel_text(make())
    path = GOLDEN / f"{make.__name__}.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(text)
    assert text == path.read_text(), "run pytest --update-golden to accept the change"
