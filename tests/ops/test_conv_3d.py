from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import Conv3D, Conv3DTranspose
from tests.ops.contract import (
    MACHINES,
    Case,
    Constant,
    Feed,
    check,
    compiled_agrees_on,
    prepare,
)
from tests.ops.values import floats


def conv(
    x: tuple[int, ...], kernel: tuple[int, ...], op: Conv3D, *, has_bias: bool = True
) -> Case:
    added = (Constant(floats(kernel[4])),) if has_bias else ()
    inputs = (Feed(floats(*x)), Constant(floats(*kernel)), *added)
    return Case(op, inputs, name=f"{x}-{kernel}-{op!r}")


def transposed(
    y: tuple[int, ...],
    kernel: tuple[int, ...],
    x: tuple[int, ...],
    op: Conv3DTranspose,
    *,
    has_bias: bool = True,
) -> Case:
    added = (Constant(floats(kernel[3])),) if has_bias else ()
    sizes = Constant(np.array(y, np.int32))
    inputs = (sizes, Constant(floats(*kernel)), Feed(floats(*x)), *added)
    return Case(op, inputs, name=f"{y}-{kernel}-{op!r}")


CASES = [
    conv((1, 4, 5, 6, 3), (2, 3, 3, 3, 5), Conv3D("same", 1, 1, 1)),
    conv((2, 5, 6, 4, 3), (3, 2, 2, 3, 17), Conv3D("same", 2, 1, 3, "relu")),
    conv((2, 4, 6, 7, 2), (2, 3, 4, 2, 4), Conv3D("valid", 1, 2, 1, "relu6")),
    conv((1, 7, 7, 7, 2), (2, 2, 2, 2, 3), Conv3D("same", 1, 1, 1, "none", 2, 3, 2)),
    conv((1, 7, 6, 7, 2), (2, 2, 3, 2, 3), Conv3D("valid", 2, 1, 1, "none", 3, 1, 2)),
    conv((1, 1, 1, 1, 1), (1, 1, 1, 1, 1), Conv3D("valid", 1, 1, 1), has_bias=False),
    conv((3, 2, 3, 4, 8), (1, 1, 1, 8, 16), Conv3D("same", 1, 1, 1)),
    conv((0, 2, 3, 4, 2), (1, 2, 1, 2, 3), Conv3D("same", 1, 1, 1)),
    transposed(
        (1, 4, 6, 8, 3),
        (2, 3, 3, 3, 2),
        (1, 2, 3, 4, 2),
        Conv3DTranspose("same", 2, 2, 2),
    ),
    transposed(
        (2, 5, 4, 9, 5),
        (3, 2, 4, 5, 3),
        (2, 3, 4, 3, 3),
        Conv3DTranspose("same", 2, 3, 1, "relu"),
    ),
    transposed(
        (1, 6, 7, 8, 2),
        (2, 3, 2, 2, 4),
        (1, 3, 3, 7, 4),
        Conv3DTranspose("valid", 2, 1, 2),
        has_bias=False,
    ),
    transposed(
        (1, 5, 6, 7, 2),
        (2, 2, 2, 2, 3),
        (1, 3, 3, 5, 3),
        Conv3DTranspose("valid", 1, 1, 2, "none", 2, 2, 1),
    ),
    transposed(
        (1, 1, 1, 1, 1),
        (1, 1, 1, 1, 1),
        (1, 1, 1, 1, 1),
        Conv3DTranspose("same", 1, 1, 1, "relu6"),
    ),
    transposed(
        (2, 3, 5, 4, 3),
        (1, 1, 1, 3, 2),
        (2, 2, 3, 2, 2),
        Conv3DTranspose("same", 2, 2, 2),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_kernel_computes_it(case: Case) -> None:
    run = prepare(case)
    if run.values[run.node.output].size:
        for target in MACHINES:
            assert compiled_agrees_on(run, target)


@pytest.mark.parametrize(
    ("x", "kernel", "op", "words"),
    [
        ((1, 4, 4, 4, 2), (1, 1, 1, 3, 2), Conv3D("same", 1, 1, 1), "channels"),
        ((1, 4, 4, 4, 2), (1, 1, 1, 2, 2), Conv3D("same", 0, 1, 1), "stride"),
        ((1, 4, 4, 2), (1, 1, 1, 2, 2), Conv3D("same", 1, 1, 1), "rank 4"),
        ((1, 4, 2, 4, 2), (1, 3, 1, 2, 2), Conv3D("valid", 1, 1, 1), "not fit"),
        (
            (1, 4, 4, 4, 2),
            (1, 1, 1, 2, 2),
            Conv3D("same", 1, 1, 1, "none", 1, 0, 1),
            "dilation",
        ),
    ],
)
def test_inputs_that_do_not_fit(
    x: tuple[int, ...], kernel: tuple[int, ...], op: Conv3D, words: str
) -> None:
    with pytest.raises(GraphError, match=words):
        prepare(conv(x, kernel, op))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ((1, 4, 4, 4, 4), "output shape"),
        ((2, 4, 4, 4, 3), "output shape"),
        ((1, 4, -4, 4, 3), "output shape"),
        ((1, 4, 6, 4, 3), "takes"),
        ((1, 1 << 10, 1 << 11, 1 << 11, 3), "large"),
    ],
)
def test_output_shapes_that_do_not_fit(y: tuple[int, ...], words: str) -> None:
    op = Conv3DTranspose("same", 2, 2, 2)
    with pytest.raises(GraphError, match=words):
        prepare(transposed(y, (2, 2, 2, 3, 2), (1, 2, 2, 2, 2), op))


@pytest.mark.parametrize(
    "case",
    [
        conv(
            (1, 2, 2, 3, 1),
            (1, 1, 2, 1, 1),
            Conv3D("same", 1, 1, 1, "none", 1, 1 << 13, 1),
        ),
        transposed(
            (1, 1, 1, 700, 1),
            (1, 1, 2, 1, 1),
            (1, 1, 1, 1, 1),
            Conv3DTranspose("same", 1, 1 << 30, 1),
        ),
    ],
    ids=str,
)
def test_numbers_too_large_for_kernels_run_through_the_meaning(case: Case) -> None:
    check(case)
    run = prepare(case)
    assert not any(compiled_agrees_on(run, target) for target in MACHINES)
