"""Convolutions with borders, strides and dilations, in float, int8 and hybrid form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.kernels.step import Step
from gossamer.kernels.windows import convolution, depthwise_steps
from gossamer.kernels.windows.border import (
    Border,
    copy_with_border,
    float_form,
    pair_form,
    quad_form,
)
from gossamer.kernels.windows.depthwise import Window
from gossamer.nest.build import Nest
from tests.codegen.machines import TARGETS
from tests.kernels.steps import Job, X, Y, check_compiled, check_interpreted
from tests.kernels.test_gemm import scaled, some_output, whole_floats
from tests.kernels.windows import some_windows, taps, window

if TYPE_CHECKING:
    from gossamer.nest.target import Target

LIMITS = ((-math.inf, math.inf), (0.0, 6.0))


def images(shape: Window) -> tuple[int, int, int, int]:
    return shape.images, shape.height, shape.width, shape.channels


def convolved(shape: Window, x: np.ndarray, w: np.ndarray, outside: float):
    """(N, OH, OW, columns) float64; w is (columns, rows, columns, channels)."""
    return sum(
        pixels @ w[:, row, column].T.astype(np.float64)
        for row, column, pixels in taps(shape, x, outside)
    )


def filtered(shape: Window, x: np.ndarray, w: np.ndarray, outside: float):
    """(N, OH, OW, C) float64; w is (1, rows, columns, channels)."""
    return sum(
        pixels * w[0, row, column] for row, column, pixels in taps(shape, x, outside)
    )


def float_job(
    target: Target, shape: Window, *, depthwise: bool, kernels=convolution, columns=0
) -> Job:
    rng = np.random.default_rng(images(shape))
    columns = shape.channels if depthwise else columns or int(rng.integers(1, 40))
    x = whole_floats(rng, *images(shape))
    kernel = (1 if depthwise else columns, *shape.filter, shape.channels)
    w = whole_floats(rng, *kernel)
    bias = whole_floats(rng, columns) if columns % 2 else None
    limits = LIMITS[columns % 3 == 0]
    make, rule = (
        (depthwise_steps.float_depthwise, filtered)
        if depthwise
        else (kernels.float_convolution, convolved)
    )
    total = rule(shape, x, w, 0) + (0 if bias is None else bias)
    y = np.clip(total, *limits).astype(np.float32)
    return Job(make(target, shape, w, bias, limits, X, Y), {X: x}, y, str(shape))


def integer_job(
    target: Target, shape: Window, *, depthwise: bool, kernels=convolution, columns=0
) -> Job:
    rng = np.random.default_rng(images(shape))
    columns = shape.channels if depthwise else columns or int(rng.integers(1, 40))
    x = rng.integers(-128, 128, images(shape)).astype(np.int8)
    kernel = (1 if depthwise else columns, *shape.filter, shape.channels)
    w = rng.integers(-127, 128, kernel).astype(np.int8)
    bias = rng.integers(-9000, 9000, columns).astype(np.int32)
    zero_point = int(rng.integers(-128, 128))
    output = some_output(rng, columns)
    make, rule = (
        (depthwise_steps.integer_depthwise, filtered)
        if depthwise
        else (kernels.integer_convolution, convolved)
    )
    total = rule(shape, x.astype(np.float64) - zero_point, w, 0) + bias
    y = scaled(total.astype(np.int64), output)
    steps = make(target, shape, w, bias, zero_point, output, X, Y)
    return Job(steps, {X: x}, y, str(shape))


def hybrid_job(
    target: Target, shape: Window, *, depthwise: bool, kernels=convolution, columns=0
) -> Job:
    """Every image is quantized by its own range, symmetric or not."""
    rng = np.random.default_rng(images(shape))
    asymmetric = bool(rng.integers(2))
    columns = shape.channels if depthwise else columns or int(rng.integers(1, 40))
    x = rng.normal(size=images(shape)).astype(np.float32)
    x[0] *= rng.integers(2)
    kernel = (1 if depthwise else columns, *shape.filter, shape.channels)
    w = rng.integers(-127, 128, kernel).astype(np.int8)
    scales = rng.uniform(0.01, 0.02, columns).astype(np.float32)
    bias = rng.normal(size=columns).astype(np.float32) if columns % 2 else None
    item_scales, centred = quantized(x, asymmetric=asymmetric)
    make, rule = (
        (depthwise_steps.hybrid_depthwise, filtered)
        if depthwise
        else (kernels.hybrid_convolution, convolved)
    )
    total = rule(shape, centred, w, 0) * scales * item_scales.reshape(-1, 1, 1, 1)
    y = (total + (0 if bias is None else bias)).astype(np.float32)
    steps = make(target, shape, w, scales, bias, LIMITS[0], X, Y, asymmetric=asymmetric)
    return Job(steps, {X: x}, y, str(shape))


def quantized(x: np.ndarray, *, asymmetric: bool) -> tuple[np.ndarray, np.ndarray]:
    """A scale for each item, and its elements as whole numbers around zero."""
    flat = x.reshape(len(x), -1)
    low, high = np.minimum(flat.min(1), 0.0), np.maximum(flat.max(1), 0.0)
    if asymmetric:
        span = high.astype(np.float64) - low
        scale = np.where(span == 0, 1, span / 255)
        ends = np.stack([-128 - low / scale, 127 - high / scale])
        errors = np.stack([128 + abs(low / scale), 127 + abs(high / scale)])
        zero = np.where(errors[0] < errors[1], ends[0], ends[1])
        zero = np.clip(np.trunc(zero + np.copysign(0.5, zero)), -128, 127)
        zero = np.where(span == 0, 0, zero)
    else:
        reach = np.maximum(-low, high)
        scale = np.where(reach == 0, 1, reach / np.float32(127)).astype(np.float32)
        zero = np.zeros(len(x))
    scale = scale.astype(np.float32)
    inverse = (np.float32(1) / scale)[:, None]
    if not asymmetric:
        inverse = (np.float32(127) / np.where(reach == 0, 1, reach))[:, None]
    wide = (flat * inverse.astype(np.float32)).astype(np.float64)
    whole = np.trunc(wide + np.copysign(0.5, wide)) + zero[:, None]
    least = -128 if asymmetric else -127
    return scale, (np.clip(whole, least, 127) - zero[:, None]).reshape(x.shape)


MAKERS = [float_job, integer_job]


@pytest.mark.parametrize("depthwise", [False, True], ids=["full", "depthwise"])
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("name", TARGETS)
def test_compiled(name: str, make, depthwise) -> None:
    target = TARGETS[name]
    channels = 130 if depthwise else 20
    some = some_windows(len(name), 8, channels=channels)
    check_compiled(name, [make(target, shape, depthwise=depthwise) for shape in some])


@pytest.mark.parametrize("depthwise", [False, True], ids=["full", "depthwise"])
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("name", TARGETS)
def test_interpreted(name: str, make, depthwise) -> None:
    """No access leaves its buffer, on any machine."""
    channels = 40 if depthwise else 6
    some = some_windows(50, 6, channels=channels)
    jobs = [make(TARGETS[name], shape, depthwise=depthwise) for shape in some]
    check_interpreted(jobs)


@pytest.mark.parametrize("depthwise", [False, True], ids=["full", "depthwise"])
@pytest.mark.parametrize("name", TARGETS)
def test_dynamic_range(name: str, depthwise) -> None:
    target = TARGETS[name]
    some = some_windows(7 + len(name), 8, channels=20)
    jobs = [hybrid_job(target, shape, depthwise=depthwise) for shape in some]
    check_compiled(name, jobs, 1e-5)
    check_interpreted(jobs[:4], 1e-5)


@pytest.mark.parametrize("channels", range(1, 131, 5))
def test_depthwise_of_every_number_of_channels(channels: int) -> None:
    """Interpreted on the machine whose groups of channels vary most."""
    shape = window((1, 3, 3, channels), (3, 3), (2, 2))
    jobs = [make(TARGETS["vnni"], shape, depthwise=True) for make in MAKERS]
    check_interpreted(jobs)


@pytest.mark.parametrize(
    "form", [float_form(), quad_form(-9), quad_form(127), pair_form(-128)], ids=str
)
@pytest.mark.parametrize("name", TARGETS)
def test_border(name: str, form) -> None:
    """The image in its new form, and real zeros around it."""
    jobs: list[Job] = []
    for sides in ((1, 1, 1, 1), (0, 2, 0, 0), (0, 0, 3, 0), (2, 0, 0, 5)):
        shape = Border(2, 3, 4, 5, *sides)
        rng = np.random.default_rng(sides)
        size = (shape.images, shape.height, shape.width, shape.channels)
        pads = ((0, 0), sides[:2], sides[2:], (0, 0))
        nest = Nest("border", TARGETS[name])
        copy_with_border(nest, shape, form, nest.pointer(), nest.pointer())
        step = Step(nest.finish(), (X, Y), shape.images * shape.rows, (1,))
        if form.source.is_float:
            x = rng.normal(size=size).astype(np.float32)
            y = np.pad(x, pads)
        else:
            x = rng.integers(-128, 128, size).astype(np.int8)
            wide = x.astype(np.int16)
            y = (
                np.pad((wide ^ -128).astype(np.int8), pads, constant_values=form.zero)
                if form.flip
                else np.pad(wide - form.subtract, pads)
            )
        jobs.append(Job([step], {X: x}, y, f"{sides}"))
    check_interpreted(jobs)
    check_compiled(name, jobs)


@pytest.mark.parametrize("channels", [58, 126])
@pytest.mark.parametrize("name", ["amx", "vnni"])
def test_edges_in_one_loop_end_with_the_row(name: str, channels: int) -> None:
    """Tiles of four do not fit 9 columns, of which hardly any is far from an edge."""
    shape = Window(1, 8, 9, channels, 3, 9, (4, 3), (3, 1), (1, 1), (1, 1))
    job = integer_job(TARGETS[name], shape, depthwise=True)
    check_compiled(name, [job])
    check_interpreted([job])
