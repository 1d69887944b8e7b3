from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.tiles import plan as tile_plan
from gossamer.ops import Conv2D
from tests.codegen.machines import RUNNABLE
from tests.ops.contract import (
    Case,
    Constant,
    Feed,
    check,
    compiled_agrees_on,
    prepare,
)
from tests.ops.values import bias, feed, floats, integers, scale, weights


def plain(x: tuple[int, ...], kernel: tuple[int, ...], op: Conv2D) -> Case:
    inputs = (
        Feed(floats(*x)),
        Constant(floats(*kernel)),
        Constant(floats(kernel[0])),
    )
    return Case(op, inputs, name=f"{x}-{kernel}-{op!r}")


def fixed(
    x: tuple[int, ...],
    kernel: tuple[int, ...],
    op: Conv2D,
    zero_points: tuple[int, int] = (-7, 4),
    out_scale: float = 0.5,
    axis: int | None = 0,
) -> Case:
    given = weights(kernel, axis)
    inputs = (
        feed(np.int8, x, scale(0.02, zero_points[0])),
        given,
        bias(0.02, given, kernel[0], np.int32),
    )
    return Case(op, inputs, scale(out_scale, zero_points[1]))


def hybrid(x: tuple[int, ...], kernel: tuple[int, ...], axis: int | None) -> Case:
    inputs = (Feed(floats(*x)), weights(kernel, axis), Constant(floats(kernel[0])))
    return Case(Conv2D("same", 2, 2, "relu"), inputs)


FLOAT = [
    plain((2, 7, 9, 3), (5, kernel, kernel, 3), Conv2D(padding, sw, sh, "none", dw, dh))
    for padding, kernel, (sw, sh, dw, dh) in product(
        ("same", "valid"), (1, 2, 3), ((1, 1, 1, 1), (2, 3, 1, 1), (1, 1, 2, 3))
    )
] + [
    plain((1, 1, 1, 1), (1, 1, 1, 1), Conv2D("valid", 1, 1)),
    plain((1, 5, 1, 8), (4, 3, 3, 8), Conv2D("same", 2, 2, "relu")),
    plain((1, 6, 5, 6), (4, 3, 3, 3), Conv2D("same", 1, 1)),
    plain((1, 6, 5, 6), (12, 3, 3, 1), Conv2D("valid", 2, 1)),
    *(
        plain((1, 6, 6, 2), (3, 3, 3, 2), Conv2D("same", 1, 1, activation))
        for activation in ("relu", "relu6", "relu_n1_to_1")
    ),
]

INTEGER = [
    fixed((2, 9, 7, 8), (16, 3, 3, 8), Conv2D("same", 1, 1)),
    fixed((1, 9, 7, 8), (16, 3, 3, 8), Conv2D("same", 2, 2, "relu")),
    fixed(
        (1, 9, 7, 8), (16, 3, 2, 8), Conv2D("valid", 1, 2, "relu6", 2, 1), (127, -99)
    ),
    fixed((1, 16, 16, 32), (64, 1, 1, 32), Conv2D("valid", 1, 1), (-128, -128)),
    fixed((1, 6, 6, 8), (8, 3, 3, 4), Conv2D("same", 1, 1)),
    fixed((1, 6, 6, 4), (8, 1, 1, 4), Conv2D("same", 1, 1), out_scale=0.0001),
    fixed((1, 6, 6, 4), (8, 3, 3, 4), Conv2D("same", 1, 1), axis=None),
    fixed((1, 6, 6, 4), (8, 3, 3, 4), Conv2D("same", 1, 1, "relu_n1_to_1")),
    Case(
        Conv2D("same", 1, 1),
        (
            feed(np.int16, (1, 7, 7, 8), scale(0.0002)),
            given := weights((16, 3, 3, 8), 0),
            bias(0.0002, given, 16, np.int64),
        ),
        scale(0.001),
    ),
    Case(
        Conv2D("same", 1, 1, quantized_bias_type=DType.INT32),
        (
            feed(np.int16, (1, 7, 7, 8), scale(0.0002)),
            given,
            bias(0.0002, given, 16, np.int32),
        ),
        scale(0.001),
        name="bias32",
    ),
    Case(
        Conv2D("same", 1, 1),
        (
            feed(np.uint8, (1, 7, 7, 8), scale(0.02, 100)),
            Constant(integers(np.uint8, 16, 3, 3, 8), scale(0.02, 130)),
            Constant(np.arange(16, dtype=np.int32) * 300, scale(0.0004)),
        ),
        scale(0.3, 3),
    ),
]

HYBRID = [
    hybrid((3, 9, 9, 8), (16, 3, 3, 8), 0),
    hybrid((1, 5, 4, 3), (7, 1, 1, 3), 0),
    hybrid((3, 9, 9, 8), (16, 3, 3, 8), None),
    Case(
        Conv2D("valid", 1, 1),
        (
            Feed(np.clip(floats(4, 30, 30, 16, reach=9), 0, 6)),
            weights((8, 1, 1, 16), 0),
            Constant(floats(8)),
        ),
        name="clamped",
    ),
]


@pytest.mark.parametrize("case", FLOAT + INTEGER + HYBRID, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", FLOAT + INTEGER + HYBRID, ids=str)
def test_on_the_matrix_unit(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the shapes that the rule gives to the vector unit."""
    for name in vars(tile_plan):
        if name.startswith(("_FEWEST_COLUMNS", "_FEWEST_SPLIT", "_LEAST")):
            monkeypatch.setattr(tile_plan, name, 0)
    if "amx" in RUNNABLE:
        compiled_agrees_on(prepare(case), RUNNABLE["amx"])


def test_an_input_of_zeros_gives_the_bias_in_dynamic_range() -> None:
    inputs = (
        Feed(np.zeros((1, 4, 4, 2), np.float32)),
        weights((3, 1, 1, 2), 0),
        Constant(np.array([1, -2, 3], np.float32)),
    )
    run = prepare(Case(Conv2D("same", 1, 1), inputs))
    (y,) = (run.values[tensor] for tensor in run.node.outputs)
    assert (y == [1, -2, 3]).all()


def infer(op: Conv2D, x: tuple[int, ...], kernel: tuple[int, ...]) -> TensorType:
    build = Builder()
    given = build.input("x", TensorType(DType.FLOAT32, x))
    kernel_ = build.constant("w", np.zeros(kernel, np.float32))
    build.node(op, given, kernel_)
    return op.infer(
        build.input("y", TensorType(DType.FLOAT32, tuple(map(abs, x)))), kernel_
    )[0]


def test_free_sizes_stay_free() -> None:
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (-1, -1, 8, 3)))
    kernel = build.constant("w", np.zeros((4, 3, 3, 3), np.float32))
    y = build.node(Conv2D("valid", 1, 1), x, kernel)
    assert y.signature == (-1, -1, 6, 4)


@pytest.mark.parametrize(
    ("op", "x", "kernel", "words"),
    [
        (Conv2D("same", 0, 1), (1, 4, 4, 2), (3, 1, 1, 2), "stride"),
        (Conv2D("same", 1, 1, "none", 0, 1), (1, 4, 4, 2), (3, 1, 1, 2), "dilation"),
        (Conv2D("valid", 1, 1), (1, 2, 4, 2), (3, 3, 3, 2), "does not fit"),
        (Conv2D("same", 1, 1), (1, 4, 4, 5), (3, 3, 3, 2), "multiple"),
        (Conv2D("same", 1, 1), (1, 4, 4, 4), (3, 3, 3, 2), "groups"),
        (Conv2D("same", 1, 1), (4, 4, 2), (3, 3, 3, 2), "rank 3"),
        (Conv2D("same", 1, 1), (1, 4, 4, 2), (3, 3, 3, 0), "depth 0"),
    ],
)
def test_inputs_that_do_not_fit(
    op: Conv2D, x: tuple[int, ...], kernel: tuple[int, ...], words: str
) -> None:
    with pytest.raises(GraphError, match=words):
        infer(op, x, kernel)
