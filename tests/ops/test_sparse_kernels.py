"""Products that skip zeros: where they are picked, and that they are right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.lowering.lower import lower
from gossamer.lowering.program import PlacedStep
from gossamer.lowering.specialize import specialize
from gossamer.ops import Conv2D, FullyConnected
from tests.codegen.machines import RUNNABLE, TARGETS
from tests.ops.contract import Case, Constant, Feed, check, compiled_agrees_on, prepare
from tests.ops.values import bias, feed, floats, scale, weights

if TYPE_CHECKING:
    from gossamer.nest.target import Target


def kept(columns: int, depth: int, share: float, block: int) -> np.ndarray:
    """Which weights are not zero: blocks of `block` along the depth."""
    rng = np.random.default_rng([columns, depth, block])
    chosen = rng.random((columns, -(-depth // block))) < share
    return np.repeat(chosen, block, axis=1)[:, :depth]


def dense(rows: int, depth: int, columns: int, share: float) -> Case:
    matrix = floats(columns, depth) * kept(columns, depth, share, 1)
    inputs = (Feed(floats(rows, depth)), Constant(matrix), Constant(floats(columns)))
    return Case(FullyConnected("relu"), inputs, name=f"{rows}x{depth}x{columns}")


def pointwise(kind: str, side: int, depth: int, columns: int, share: float) -> Case:
    shape = (1, side, side, depth)
    given = weights((columns, 1, 1, depth), 0)
    mask = kept(columns, depth, share, 4).reshape(columns, 1, 1, depth)
    op, name = Conv2D("same", 1, 1, "relu6"), f"{kind}-{side}-{depth}-{columns}"
    if kind == "float":
        matrix = floats(columns, 1, 1, depth) * mask
        inputs = (Feed(floats(*shape)), Constant(matrix), Constant(floats(columns)))
        return Case(op, inputs, name=name)
    sparse = replace(given, array=np.asarray(given.array * mask, np.int8))
    if kind == "dynamic":
        inputs = (Feed(floats(*shape)), sparse, Constant(floats(columns)))
        return Case(op, inputs, name=name)
    x = feed(np.int8, shape, scale(0.02, -7))
    inputs = (x, sparse, bias(0.02, given, columns, np.int32))
    return Case(op, inputs, scale(0.05, 4), name=name)


CASES = [
    dense(100, 80, 70, 0.1),
    dense(64, 64, 64, 0.05),
    dense(63, 257, 130, 0.2),
    dense(300, 128, 65, 0.0),
    dense(128, 600, 40, 0.1),
    dense(131, 301, 37, 0.05),
    dense(1, 600, 1030, 0.05),
    dense(3, 600, 1030, 0.05),
    dense(9, 257, 130, 0.05),
    dense(15, 80, 70, 0.05),
    pointwise("float", 3, 256, 300, 0.1),
    pointwise("float", 9, 96, 80, 0.1),
    pointwise("int8", 12, 256, 120, 0.1),
    pointwise("int8", 3, 2048, 700, 0.05),
    pointwise("int8", 17, 259, 99, 0.05),
    pointwise("int8", 9, 1101, 40, 0.05),
    pointwise("dynamic", 12, 256, 120, 0.1),
    pointwise("dynamic", 9, 1100, 40, 0.05),
]


def kernels(case: Case, target: Target) -> list[str]:
    run = prepare(case)
    fixed, _ = specialize(run.model.main, {t: t.shape for t in run.feeds})
    actions = lower(fixed, target).actions
    steps = [each for each in actions if isinstance(each, PlacedStep)]
    return [step.kernel.name for step in steps]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_zeros_are_skipped(case: Case) -> None:
    assert any(name.startswith("sparse") for name in kernels(case, TARGETS["vnni"]))
    if "avx512" in RUNNABLE:
        assert compiled_agrees_on(prepare(case), RUNNABLE["avx512"])


@pytest.mark.parametrize(
    "case",
    [
        dense(100, 80, 70, 0.35),
        dense(8, 256, 256, 0.25),
        dense(1, 256, 256, 0.1),
        dense(100, 12, 70, 0.05),
        dense(300, 24, 17, 0.2),
    ],
    ids=str,
)
def test_dense_kernels_stay_where_they_are_as_fast(case: Case) -> None:
    assert not any(name.startswith("sparse") for name in kernels(case, TARGETS["vnni"]))
    check(case)


@pytest.mark.parametrize(
    "case",
    [
        dense(49, 256, 256, 0.25),
        dense(196, 512, 512, 0.28),
        pointwise("int8", 12, 256, 120, 0.1),
    ],
    ids=str,
)
def test_the_matrix_unit_keeps_what_it_does_as_fast(case: Case) -> None:
    assert not any(name.startswith("sparse") for name in kernels(case, TARGETS["amx"]))


def test_few_weights_are_faster_than_the_matrix_unit() -> None:
    names = kernels(dense(196, 512, 512, 0.1), TARGETS["amx"])
    assert any(name.startswith("sparse") for name in names)


def test_zeros_with_a_sign_are_zeros() -> None:
    case = dense(100, 80, 70, 0.1)
    matrix = case.inputs[1]
    assert isinstance(matrix, Constant)
    signed = np.where(matrix.array == 0, np.float32(-0.0), matrix.array)
    check(replace(case, inputs=(case.inputs[0], Constant(signed), case.inputs[2])))
