"""Products whose weights stay encoded in flash: as on any machine, in fewer bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.lowering.lower import lower
from gossamer.lowering.program import PlacedStep
from gossamer.lowering.specialize import specialize
from gossamer.ops import Conv2D, FullyConnected
from tests.codegen.machines import TARGETS
from tests.ops.contract import Case, Constant, Feed, compiled_agrees_on, prepare
from tests.ops.values import bias, feed, floats, scale, weights

if TYPE_CHECKING:
    from gossamer.nest.target import Target

FLASH = replace(TARGETS["scalar"], saves_flash=True)
KINDS = ("palette", "sparse", "both", "wide", "own", "own both")
BYTES = tuple(kind for kind in KINDS if kind != "wide")


def shrunk(array: np.ndarray, kind: str) -> np.ndarray:
    """Weights of 15 values, or with four fifths of zeros, or both, or of 200 values.

    With "own", columns have 15 values each, and not the same.
    """
    rng = np.random.default_rng(array.shape)
    steps = {"wide": 200, "sparse": 1 << 20}.get(kind, 15)
    reach = np.abs(array).max() / (steps // 2)
    made = np.round(array / reach) * reach
    if "own" in kind:
        share = 0.5 + 0.5 * rng.random(len(array))
        made = made * share.reshape(-1, *[1] * (array.ndim - 1))
    if kind == "sparse" or "both" in kind:
        made[rng.random(array.shape) < 0.8] = 0
    return made.astype(array.dtype)


def dense(kind: str, rows: int, depth: int, columns: int) -> Case:
    matrix = shrunk(floats(columns, depth), kind)
    inputs = (Feed(floats(rows, depth)), Constant(matrix), Constant(floats(columns)))
    return Case(FullyConnected("relu"), inputs, name=f"{kind}-{rows}x{depth}x{columns}")


def integer_dense(kind: str, rows: int, depth: int, columns: int) -> Case:
    given = weights((columns, depth), None)
    small = replace(given, array=shrunk(given.array, kind))
    x = feed(np.int8, (rows, depth), scale(0.02, -7))
    inputs = (x, small, bias(0.02, given, columns, np.int32))
    name = f"{kind}-{rows}x{depth}x{columns}"
    return Case(FullyConnected("relu"), inputs, scale(0.05, 4), name=name)


def convolution(
    kind: str, dtype: type, side: int, filter_: int, stride: int, apart: int = 1
) -> Case:
    depth, columns = 13, 9
    op = Conv2D("same", stride, stride, "relu6", apart, apart)
    shape, form = (2, side, side, depth), (columns, filter_, filter_, depth)
    name = f"{kind}-{np.dtype(dtype).name}-{side}-{filter_}-{stride}-{apart}"
    if dtype is np.float32:
        matrix = shrunk(floats(*form), kind)
        inputs = (Feed(floats(*shape)), Constant(matrix), Constant(floats(columns)))
        return Case(op, inputs, name=name)
    given = weights(form, 0)
    small = replace(given, array=shrunk(given.array, kind))
    x = feed(np.int8, shape, scale(0.02, -7))
    inputs = (x, small, bias(0.02, given, columns, np.int32))
    return Case(op, inputs, scale(0.05, 4), name=name)


CASES = [
    *(dense(kind, 1, 301, 40) for kind in KINDS),
    *(dense(kind, 11, 77, 30) for kind in KINDS),
    *(integer_dense(kind, 1, 301, 40) for kind in BYTES),
    *(integer_dense(kind, 6, 90, 35) for kind in BYTES),
    *(convolution(kind, np.float32, 9, 3, 1) for kind in KINDS),
    *(convolution(kind, np.int8, 9, 5, 1) for kind in BYTES),
    convolution("palette", np.int8, 10, 5, 2),
    convolution("both", np.int8, 10, 5, 2),
    convolution("both", np.float32, 7, 3, 2),
    *(convolution(kind, np.int8, 9, 5, 1, 2) for kind in BYTES),
    *(convolution(kind, np.float32, 9, 3, 1, 3) for kind in KINDS),
]


def lowered(case: Case, target: Target) -> list[PlacedStep]:
    run = prepare(case)
    fixed, _ = specialize(run.model.main, {t: t.shape for t in run.feeds})
    actions = lower(fixed, target).actions
    return [each for each in actions if isinstance(each, PlacedStep)]


def constant_bytes(case: Case, target: Target) -> int:
    run = prepare(case)
    fixed, _ = specialize(run.model.main, {t: t.shape for t in run.feeds})
    return len(lower(fixed, target).constants)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_answers_are_those_of_other_machines(case: Case) -> None:
    assert compiled_agrees_on(prepare(case), FLASH)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_constants_are_smaller(case: Case) -> None:
    assert any("weights as" in step.note for step in lowered(case, FLASH))
    assert constant_bytes(case, FLASH) < 0.85 * constant_bytes(case, TARGETS["scalar"])


def test_weights_that_are_no_smaller_stay_as_they_are() -> None:
    inputs = (Feed(floats(1, 300)), Constant(floats(20, 300)), Constant(floats(20)))
    case = Case(FullyConnected("none"), inputs, name="plain")
    assert not any("weights as" in step.note for step in lowered(case, FLASH))
    assert compiled_agrees_on(prepare(case), FLASH)
