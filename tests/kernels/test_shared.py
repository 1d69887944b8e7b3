"""Products whose sizes lie in memory: every shape, one kernel, nothing on the stack."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gossamer.kernels.arithmetic.integer_output import IntegerOutput
from gossamer.kernels.windows import convolution
from gossamer.nest.text import kernel_text
from tests.codegen.machines import ARM
from tests.kernels import test_gemm
from tests.kernels.spills import assembly_of
from tests.kernels.steps import Job, X, Y, check_interpreted
from tests.kernels.test_convolution import convolved, hybrid_job, integer_job
from tests.kernels.test_gemm import dense, scaled, walk
from tests.kernels.windows import some_windows, window

__all__ = ["walk"]

COLUMNS = (1, 3, 4, 7, 12, 16, 21, 24, 40)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("name", ARM)
def test_dense_layers_of_every_number_of_rows(name, columns, walk):
    del walk
    shapes = [(rows, columns, depth) for rows in (1, 2, 3, 5, 9) for depth in (3, 37)]
    check_interpreted([test_gemm.integer_job(ARM[name], *shape) for shape in shapes])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ARM)
def test_windows(name, seed, walk):
    del walk
    some = some_windows(seed, 6, channels=9)
    jobs = [integer_job(ARM[name], shape, depthwise=False) for shape in some]
    check_interpreted(jobs)


@pytest.mark.parametrize("name", ARM)
def test_dynamic_range(name):
    """Items of int8, whose zero point sums of weights make up for."""
    some = some_windows(3, 8, channels=9)
    jobs = [hybrid_job(ARM[name], shape, depthwise=False) for shape in some]
    check_interpreted(jobs, 1e-5)


@pytest.mark.parametrize("name", ARM)
def test_least_bytes_by_least_bytes(name):
    """Two products of -128 squared do not fit int16."""
    shape, rng = dense(5, 16), np.random.default_rng(0)
    x = np.full((1, 5, 1, 16), -128, np.int8).reshape(
        shape.images, shape.height, shape.width, shape.channels
    )
    w = np.full((8, 1, 1, 16), -128, np.int8)
    bias = np.zeros(8, np.int32)
    output = test_gemm.some_output(rng, 8)
    total = convolved(shape, x.astype(np.float64), w, 0).astype(np.int64)
    steps = convolution.integer_convolution(ARM[name], shape, w, bias, 0, output, X, Y)
    check_interpreted([Job(steps, {X: x}, scaled(total, output))])


def product(target, shape, columns):
    weights = np.zeros((columns, *shape.filter, shape.channels), np.int8)
    factor = np.full(columns, 1 << 30, np.int32)
    output = IntegerOutput(factor, np.full(columns, -5, np.int32), -3, -128, 127)
    bias = np.zeros(columns, np.int32)
    steps = convolution.integer_convolution(
        target, shape, weights, bias, -7, output, X, Y
    )
    return steps[-1].kernel


@pytest.mark.parametrize("name", ARM)
def test_layers_of_other_sizes_share_a_kernel(name):
    kernels = [
        product(ARM[name], dense(49, 96), 160),
        product(ARM[name], dense(196, 20), 64),
        product(ARM[name], dense(7, 384), 400),
    ]
    assert len({kernel_text(kernel) for kernel in kernels}) == 1
    filters = [
        product(ARM[name], window((1, 16, 16, 32), (3, 3)), 64),
        product(ARM[name], window((1, 9, 30, 3), (5, 3), (2, 2)), 16),
    ]
    assert len({kernel_text(kernel) for kernel in filters}) == 1


LOOPS = {"neon": ("sadalp", 64), "sdot": ("sdot", 64), "armv7": ("vpadal", 16)}
SHAPES = {"pointwise": dense(64, 256), "3x3": window((1, 16, 16, 32), (3, 3))}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ARM)
def test_sums_stay_in_registers(name, shape):
    """The loop over four words of a row has its products, and hardly any spill."""
    assembly = assembly_of(ARM[name], product(ARM[name], SHAPES[shape], 64))
    word, count = LOOPS[name]
    blocks = re.split(r"\n\.LBB\w+:", assembly)
    (block,) = [each for each in blocks if each.count(f"\t{word}") == count]
    assert not re.search(r"\t(str|stp|ldr|ldp)\t[qdv]\d.*\[sp", block)
    assert len(re.findall(r"\tv(?:ld|st)mia\tlr", block)) <= count // 8
    if name == "sdot":
        assert len(re.findall(r"\tsdot\t.*\.4b\[\d\]", block)) == count
