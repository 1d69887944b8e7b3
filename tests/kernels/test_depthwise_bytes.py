"""Depthwise filters that stay int8: every shape, few bytes, short loops."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gossamer.deploy.devices import device
from gossamer.kernels.arithmetic.integer_output import IntegerOutput
from gossamer.kernels.step import Constant
from gossamer.kernels.windows.depthwise_steps import integer_depthwise
from gossamer.nest.interpret import interpret
from tests.codegen.machines import ARM, TARGETS
from tests.kernels.spills import assembly_of
from tests.kernels.steps import SLACK, Job, X, Y, check_interpreted
from tests.kernels.test_convolution import filtered, images, integer_job
from tests.kernels.test_gemm import scaled, some_output
from tests.kernels.windows import some_windows, window

CHANNELS = 96
COLUMN_BYTES = 10
"""A bias and a multiplier of four bytes, a shift and a zero point of one."""


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ARM)
def test_windows(name, seed):
    some = some_windows(seed, 6, channels=40)
    check_interpreted([integer_job(ARM[name], s, depthwise=True) for s in some])


@pytest.mark.parametrize("name", ARM)
def test_every_number_of_channels(name):
    """Lanes that are left over read neither filters nor columns behind their end."""
    shapes = [window((1, 3, 3, count), (3, 3), (2, 2)) for count in range(1, 14)]
    for shape in shapes:
        job = integer_job(ARM[name], shape, depthwise=True)
        for work in job.works():
            exact = [buffer[: buffer.size - SLACK] for buffer in work.buffers]
            interpret(work.kernel, exact, 0, work.units)
        job.check()


@pytest.mark.parametrize("name", [*ARM, "scalar"])
def test_least_bytes_by_least_bytes(name):
    """The farthest sums of a large filter are exact, at its edges as well."""
    shape, rng = window((1, 6, 6, 5), (5, 5)), np.random.default_rng(0)
    x = np.full(images(shape), -128, np.int8)
    w = np.full((1, 5, 5, 5), -128, np.int8)
    bias, output = np.zeros(5, np.int32), some_output(rng, 5)
    total = filtered(shape, x.astype(np.float64) - 127, w, 0).astype(np.int64)
    target = {**ARM, **TARGETS}[name]
    steps = integer_depthwise(target, shape, w, bias, 127, output, X, Y)
    check_interpreted([Job(steps, {X: x}, scaled(total, output))])


def layer(target):
    """The step of a filter of 3x3 over 14x14 pixels, requantized by saved bytes."""
    shape = window((1, 14, 14, CHANNELS), (3, 3))
    ones, kernel = np.ones(CHANNELS, np.int32), np.ones((1, 3, 3, CHANNELS), np.int8)
    output = IntegerOutput(
        ones << 30, -5 * ones, -3, -128, 127, saves_bytes=target.keeps_bytes
    )
    (step,) = integer_depthwise(target, shape, kernel, ones, -7, output, X, Y)
    return step


KEEPING = ("linux-aarch64", "linux-armv7", "linux-riscv64", "cortex-m4", "riscv32")


def constant_bytes(target):
    """Bytes of the filters and of what is known of columns, without the zeros."""
    _, *given = [x for x in layer(target).arguments if isinstance(x, Constant)]
    return sum(x.data.nbytes for x in given)


@pytest.mark.parametrize("name", KEEPING)
def test_a_channel_is_its_weights_and_ten_bytes(name):
    assert constant_bytes(device(name).on(None)) == CHANNELS * (9 + COLUMN_BYTES)


WORDS = {"neon": "smlal", "sdot": "smlal", "armv7": "vmlal.s16"}


@pytest.mark.parametrize("name", ARM)
def test_filters_are_multiplied_as_int16(name):
    """One instruction widens, multiplies and adds; nothing becomes a float."""
    assembly = assembly_of(ARM[name], layer(ARM[name]).kernel)
    assert f"\t{WORDS[name]}" in assembly
    assert not re.search(r"\t(scvtf|vcvt|v?mla[\t.]i?32)", assembly)


@pytest.mark.parametrize("name", ["neon", "sdot"])
def test_sums_stay_in_registers(name):
    """Of tiles of 2x7 pixels hardly any sum or weight goes by way of the stack."""
    blocks = re.split(r"\n\.LBB\w+:", assembly_of(ARM[name], layer(ARM[name]).kernel))
    loops = [each for each in blocks if "\tsmlal" in each]
    assert loops
    for block in loops:
        spills = re.findall(r"\t(?:str|stp|ldr|ldp)\t[qdv]\d.*\[sp", block)
        assert len(spills) <= block.count("\tsmlal") // 16
