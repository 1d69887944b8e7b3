"""Functions of floats against NumPy's of double precision, over the whole range."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.kernels.arithmetic import angles, division, estimate, logarithm, math
from gossamer.kernels.elements.elementwise import block_units, each_block
from gossamer.nest.build import Nest
from gossamer.nest.expr import F32
from tests.codegen.machines import RUNNABLE, TARGETS, Work, as_bytes, compile_and_run

MACHINES = pytest.mark.parametrize("name", RUNNABLE)
SPECIAL = np.array(
    [0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 0.5, -0.5, 2, -3, 1e-45, 1e38, 2.5],
    np.float32,
)


LEAST_NORMAL = 2.0**-126


def any_floats(seed: int) -> np.ndarray:
    """Floats of every size, and many near 0."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 1 << 32, 1 << 15, dtype=np.uint32)
    near = rng.uniform(-100, 100, 1 << 13).astype(np.float32)
    return np.concatenate([bits.view(np.float32), near])


def computed(name: str, function, *inputs: np.ndarray) -> np.ndarray:
    """What a kernel of `function` gives."""
    target = TARGETS[name]
    nest = Nest("function", target)
    pointers = [nest.pointer() for _ in inputs]
    result = nest.pointer()

    def element(index, group):
        values = [group.load(nest, F32, pointer, index) for pointer in pointers]
        group.store(nest, function(nest, *values), result, index)

    count = inputs[0].size
    each_block(nest, count, target.lanes, element)
    buffers = [as_bytes(x) for x in (*inputs, np.zeros_like(inputs[0]))]
    assert compile_and_run(name, [Work(nest.finish(), buffers, block_units(count))])
    return buffers[-1].view(np.float32)


def compare(found: np.ndarray, exact: np.ndarray, places: float) -> None:
    """Within `places` units in the last place; ends and NaN as they should be."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
    regular = np.isfinite(rounded)
    np.testing.assert_array_equal(found[~regular], rounded[~regular])
    unit = np.maximum(np.spacing(np.abs(rounded[regular])), 1e-44).astype(np.float64)
    error = np.abs(found[regular] - exact[regular]) / unit
    assert error.max() <= places


@pytest.mark.parametrize(
    ("function", "real", "places"),
    [
        (math.full_exp, np.exp, 2),
        (logarithm.log, np.log, 2),
        (angles.sin, np.sin, 4),
        (angles.cos, np.cos, 4),
        (math.elu, lambda x: np.where(x < 0, np.expm1(x), x), 3),
    ],
    ids=["exp", "log", "sin", "cos", "elu"],
)
@MACHINES
def test_one_number(name: str, function, real, places: float) -> None:
    x = np.concatenate([any_floats(1), SPECIAL])
    with np.errstate(all="ignore"):
        exact = real(x.astype(np.float64))
    compare(computed(name, function, x), exact, places)


@pytest.mark.parametrize(
    ("function", "real", "error"),
    [
        (math.logistic, lambda x: 1 / (1 + np.exp(-x)), 1.1e-7),
        (math.tanh, np.tanh, 2.2e-7),
    ],
    ids=["logistic", "tanh"],
)
@MACHINES
def test_one_number_to_a_share(name: str, function, real, error: float) -> None:
    """These end at 0, 1 or -1, so that their errors count as they are."""
    x = np.concatenate([any_floats(2), np.linspace(-9, 9, 9001, dtype="f"), SPECIAL])
    with np.errstate(all="ignore"):
        exact = real(x.astype(np.float64))
    found = computed(name, function, x)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(x))
    assert np.nanmax(np.abs(found - exact)) <= error


@pytest.mark.parametrize(
    ("function", "real", "places"),
    [
        (estimate.root, np.sqrt, 1),
        (estimate.inverse_root, lambda x: 1 / np.sqrt(x), 2),
    ],
    ids=["root", "inverse_root"],
)
@MACHINES
def test_roots(name: str, function, real, places: float) -> None:
    x = np.concatenate([any_floats(1), SPECIAL])
    x = x[(np.abs(x) >= LEAST_NORMAL) | (x == 0) | np.isnan(x)]
    with np.errstate(all="ignore"):
        exact = real(x.astype(np.float64))
    compare(computed(name, function, x), exact, places)


@MACHINES
def test_roots_of_the_smallest_numbers(name: str) -> None:
    x = np.array([1, 2, 1000, 1 << 22], np.uint32).view(np.float32)
    exact = np.sqrt(x.astype(np.float64))
    found = computed(name, estimate.root, x)
    assert np.abs(found / exact - 1).max() < 2.0**-13


@MACHINES
def test_reciprocals(name: str) -> None:
    x = any_floats(5)
    x = x[(np.abs(x) >= LEAST_NORMAL) & (np.abs(x) <= 2.0**126)]
    compare(computed(name, estimate.reciprocal, x), 1 / x.astype(np.float64), 1)


@pytest.mark.parametrize(
    ("function", "real", "places"),
    [
        (logarithm.power, np.power, 1),
        (angles.atan2, np.arctan2, 1),
        (division.floor_remainder, np.mod, 1),
    ],
    ids=["power", "atan2", "remainder"],
)
@MACHINES
def test_two_numbers(name: str, function, real, places: float) -> None:
    x, y = any_floats(2), any_floats(3)
    whole = np.random.default_rng(4).integers(-5, 6, x.size).astype(np.float32)
    ends = [each.ravel() for each in np.meshgrid(SPECIAL, SPECIAL)]
    for left, right in ((x, y), (x, whole), ends):
        with np.errstate(all="ignore"):
            exact = real(left.astype(np.float64), right.astype(np.float64))
        compare(computed(name, function, left, right), exact, places)
