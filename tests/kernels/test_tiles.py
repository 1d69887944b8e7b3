"""Products on the matrix unit: remainders of blocks, panels and chunks; patches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.kernels.tiles import convolution as tile_convolution
from gossamer.kernels.tiles import plan as tile_plan
from gossamer.nest.build import Nest
from gossamer.nest.interpret import interpret
from gossamer.nest.target import Tiles
from gossamer.nest.text import kernel_text
from tests.codegen.machines import TARGETS, Work, as_bytes, compile_and_run
from tests.kernels.steps import Job, X, Y, check_compiled, check_interpreted
from tests.kernels.test_convolution import (
    LIMITS,
    convolved,
    float_job,
    hybrid_job,
    images,
    integer_job,
)
from tests.kernels.test_gemm import dense
from tests.kernels.windows import some_windows, window

if TYPE_CHECKING:
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target

TARGET = TARGETS["amx"]
DENSE = [
    (dense(rows, depth), columns)
    for rows, depth, columns in (
        (8, 40, 16),
        (15, 64, 3),
        (16, 1, 17),
        (17, 65, 33),
        (31, 130, 48),
        (32, 64, 64),
        (33, 63, 100),
        (49, 200, 130),
        (80, 600, 70),
    )
]
PATCHES = [
    (window((1, 9, 7, 3), (3, 3)), 20),
    (window((2, 6, 5, 16), (3, 3), (2, 2)), 40),
    (window((1, 8, 8, 40), (3, 3)), 64),
    (window((1, 9, 8, 5), (2, 3), dilation=(2, 2)), 10),
    (window((3, 5, 5, 70), (1, 1), (2, 2)), 16),
    (window((1, 7, 7, 300), (3, 3)), 33),
    (window((1, 5, 40, 130), (3, 5), same=False), 8),
]


def real_job(target: Target, shape: Window, *, columns: int, **_: object) -> Job:
    """Floats that are no whole numbers, some of them large or tiny."""
    rng = np.random.default_rng(images(shape))
    x = rng.normal(size=images(shape)) * 10.0 ** rng.integers(-6, 3, images(shape))
    x = x.astype(np.float32)
    columns = columns or 20
    w = rng.normal(size=(columns, *shape.filter, shape.channels)).astype(np.float32)
    bias = rng.normal(size=columns).astype(np.float32)
    steps = tile_convolution.float_convolution(target, shape, w, bias, LIMITS[0], X, Y)
    y = (convolved(shape, x, w, 0) + bias).astype(np.float32)
    return Job(steps, {X: x}, y, str(shape))


MAKERS = [(integer_job, 0), (hybrid_job, 1e-5), (float_job, 0), (real_job, 1e-5)]


def job(make, shape, columns: int) -> Job:
    return make(
        TARGET, shape, depthwise=False, kernels=tile_convolution, columns=columns
    )


@pytest.fixture(params=[0, 1], ids=["rows outer", "panels outer"])
def walk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Either way to walk over the product, whatever its size."""
    monkeypatch.setattr(tile_plan, "RESIDENT_BYTES", 0 if request.param else 1 << 40)
    return request.param


@pytest.fixture(params=[0, 1 << 30], ids=["copied ahead", "copied by blocks"])
def local(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Patches in memory of their own, or on the stack."""
    for module in (tile_plan, tile_convolution):
        monkeypatch.setattr(module, "LOCAL_BYTES", request.param)
    return request.param


@pytest.mark.parametrize(("make", "tolerance"), MAKERS)
@pytest.mark.usefixtures("walk")
def test_rows_in_place(make, tolerance: float) -> None:
    jobs = [job(make, *shape) for shape in DENSE]
    check_compiled("amx", jobs, tolerance)
    check_interpreted(jobs[:-1], tolerance)


@pytest.mark.parametrize(("make", "tolerance"), MAKERS)
@pytest.mark.usefixtures("walk", "local")
def test_patches(make, tolerance: float) -> None:
    drawn = [(shape, 0) for shape in some_windows(3, 12, channels=70)]
    jobs = [
        job(make, *shape)
        for shape in (*PATCHES, *drawn)
        if shape[0].images * shape[0].out_height * shape[0].out_width >= 8
    ]
    assert len(jobs) > len(PATCHES)
    check_compiled("amx", jobs, tolerance)
    check_interpreted(jobs[:4], tolerance)


@pytest.mark.parametrize("parts", [2, 3])
def test_more_parts_are_more_exact(parts: int) -> None:
    """Three parts are as good as float32, two are good to 17 bits."""
    target = replace(TARGET, tiles=Tiles(float_parts=parts))
    jobs = [real_job(target, shape, columns=40) for shape, _ in (*DENSE[2:], *PATCHES)]
    tolerance = {2: 1e-5, 3: 1e-6}[parts]
    check_compiled("amx", jobs, tolerance)
    check_interpreted(jobs[:3], tolerance)


def test_only_layers_that_fill_tiles_go_there() -> None:
    large = dense(64, 64)
    assert tile_plan.suits_tiles(TARGET, large, 64)
    assert not tile_plan.suits_tiles(TARGETS["vnni"], large, 64)
    for shape, columns in ((dense(4, 4096), 64), (large, 8), (dense(4096, 16), 64)):
        assert not tile_plan.suits_tiles(TARGET, shape, columns)
        assert not tile_plan.suits_split_tiles(TARGET, shape, columns)
    large = window((1, 512, 512, 256), (7, 7), (2, 2))
    assert not tile_plan.suits_tiles(TARGET, large, 64), "patches of 800 MB"
    whole = replace(TARGET, tiles=Tiles(float_parts=0))
    assert tile_plan.suits_split_tiles(TARGET, dense(128, 64), 64)
    assert not tile_plan.suits_split_tiles(whole, dense(128, 64), 64)


def test_operators_on_tiles_as_text_and_in_both_executions() -> None:
    """C += A B from rows apart, beside other registers that keep what they hold."""
    nest = Nest("tiles", TARGET)
    x, w, y = nest.pointer(), nest.pointer(), nest.pointer()
    nest.integer(), nest.integer()
    place = nest.local(1024)
    nest.tile_load(4, x, 80)
    nest.tile_load(7, w, 64)
    nest.tile_zero(0)
    nest.tile_load(1, w, 0)
    nest.tile_dot(0, 4, 7)
    nest.tile_dot(1, 4, 7)
    nest.tile_store(1, place, 64)
    nest.tile_load(2, place, 64)
    nest.tile_store(0, y, 128)
    nest.tile_store(2, nest.offset(y, 64), 128)
    kernel = nest.finish()
    text = kernel_text(kernel)
    assert "local 1024 bytes" in text
    assert "tile_dot t0, t4, t7" in text
    assert "tile_load t4, %1, 80" in text
    rng = np.random.default_rng(0)
    rows = rng.integers(-128, 128, (16, 80)).astype(np.int8)
    words = rng.integers(-128, 128, (16, 16, 4)).astype(np.int8)
    wide = words.transpose(0, 2, 1).reshape(64, 16).astype(np.int32)
    first = rows[:, :64].astype(np.int32) @ wide
    second = first + words.view(np.int32)[0, :, 0]
    expected = np.concatenate([first, second], axis=1)
    buffers = [as_bytes(rows), as_bytes(words), as_bytes(np.zeros((16, 32), np.int32))]
    interpret(kernel, buffers, 0, 1)
    np.testing.assert_array_equal(buffers[2].view(np.int32), expected.ravel())
    buffers[2][:] = 0
    if compile_and_run("amx", [Work(kernel, buffers, 1)]):
        np.testing.assert_array_equal(buffers[2].view(np.int32), expected.ravel())


@pytest.mark.parametrize("columns", [16, 40, 100])
def test_what_is_not_finite_comes_out_as_in_float32(columns: int) -> None:
    """Infinity, no number, and numbers that bfloat16 would round to infinity."""
    rng = np.random.default_rng(columns)
    shape = dense(70, 48)
    x = rng.normal(size=(70, 48)).astype(np.float32)
    x[3, 5], x[20, 0], x[40, 47], x[41, 1] = np.inf, -np.inf, np.nan, 3.4e38
    w = rng.integers(-2, 3, (columns, 48)).astype(np.float32)
    w[1] = rng.normal(size=48) * 1e-3
    w[2, :] = 0
    w[5, 1], w[5, 7] = 0, -np.inf
    with np.errstate(all="ignore"):
        y = (x.astype(np.float64) @ w.T.astype(np.float64)).astype(np.float32)
    steps = tile_convolution.float_convolution(
        TARGET, shape, w.reshape(columns, 1, 1, 48), None, LIMITS[0], X, Y
    )
    job = Job(steps, {X: x}, y)
    for run in (check_interpreted, check_compiled):
        works = job.works()
        if run is check_interpreted:
            for work in works:
                interpret(work.kernel, work.buffers, 0, work.units)
        elif not compile_and_run("amx", works):
            continue
        found = job.buffers[Y][: y.nbytes].view(np.float32).reshape(y.shape)
        np.testing.assert_allclose(found, y, rtol=1e-4, atol=1e-4)


def test_a_tile_outside_its_buffer_is_refused() -> None:
    nest = Nest("tiles", TARGET)
    x = nest.pointer()
    nest.integer(), nest.integer()
    nest.tile_load(0, x, 64)
    with pytest.raises(IndexError, match="buffer of 1000"):
        interpret(nest.finish(), [np.zeros(1000, np.uint8)], 0, 1)
