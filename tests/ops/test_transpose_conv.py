from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import TransposeConv
from tests.ops.contract import Case, Constant, Feed, check, prepare
from tests.ops.values import bias, feed, floats, scale, weights


def sizes(*shape: int) -> Constant:
    return Constant(np.array(shape, np.int32))


def plain(
    y: tuple[int, ...], kernel: tuple[int, ...], x: tuple[int, ...], op: TransposeConv
) -> Case:
    inputs = (sizes(*y), Constant(floats(*kernel)), Feed(floats(*x)))
    return Case(op, inputs, name=f"{y}-{kernel}-{op.padding}")


def fixed(
    y: tuple[int, ...],
    kernel: tuple[int, ...],
    x: tuple[int, ...],
    op: TransposeConv,
    dtype: type[np.integer] = np.int8,
) -> Case:
    given = weights(kernel, 0)
    is_wide = dtype == np.int16
    step = 0.0002 if is_wide else 0.02
    inputs = (
        sizes(*y),
        given,
        feed(dtype, x, scale(step, 0 if is_wide else -7)),
        bias(step, given, kernel[0], np.int64 if is_wide else np.int32),
    )
    output = scale(0.001, 0) if is_wide else scale(0.4, 9)
    return Case(op, inputs, output)


CASES = [
    plain((1, 8, 8, 3), (3, 3, 3, 2), (1, 4, 4, 2), TransposeConv("same", 2, 2)),
    plain((2, 7, 9, 3), (3, 2, 4, 5), (2, 4, 3, 5), TransposeConv("same", 3, 2)),
    plain((1, 9, 9, 3), (3, 3, 3, 2), (1, 4, 4, 2), TransposeConv("valid", 2, 2)),
    plain((1, 10, 10, 1), (1, 2, 2, 2), (1, 5, 5, 2), TransposeConv("valid", 2, 2)),
    plain((1, 4, 4, 2), (2, 1, 1, 3), (1, 4, 4, 3), TransposeConv("same", 1, 1)),
    plain((1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1), TransposeConv("valid", 1, 1)),
    Case(
        TransposeConv("same", 2, 2, "relu"),
        (
            sizes(1, 8, 8, 3),
            Constant(floats(3, 3, 3, 2)),
            Feed(floats(1, 4, 4, 2)),
            Constant(floats(3)),
        ),
    ),
    fixed((1, 15, 16, 8), (8, 3, 3, 6), (1, 8, 8, 6), TransposeConv("same", 2, 2)),
    fixed((2, 9, 9, 4), (4, 3, 3, 6), (2, 4, 4, 6), TransposeConv("valid", 2, 2)),
    fixed((1, 6, 6, 4), (4, 2, 2, 3), (1, 6, 6, 3), TransposeConv("same", 1, 1)),
    fixed(
        (1, 6, 6, 4), (4, 2, 2, 3), (1, 6, 6, 3), TransposeConv("same", 1, 1, "relu6")
    ),
    fixed(
        (1, 9, 9, 4), (4, 3, 3, 6), (1, 4, 4, 6), TransposeConv("valid", 2, 2), np.int16
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("y", "x", "op", "words"),
    [
        ((1, 8, 8, 4), (1, 4, 4, 2), TransposeConv("same", 2, 2), "output shape"),
        ((1, -8, 8, 3), (1, 4, 4, 2), TransposeConv("same", 2, 2), "output shape"),
        ((1, 1 << 20, 1 << 20, 3), (1, 4, 4, 2), TransposeConv("same", 2, 2), "large"),
        ((1, 8, 8, 3), (1, 4, 4, 1), TransposeConv("same", 2, 2), "channels"),
        ((1, 8, 8, 3), (1, 4, 4, 2), TransposeConv("same", 0, 2), "stride"),
        ((1, 8, 8, 3), (1, 3, 4, 2), TransposeConv("same", 2, 2), "the input has"),
        ((1, 9, 8, 3), (1, 4, 4, 2), TransposeConv("valid", 2, 2), "the input has"),
    ],
)
def test_inputs_that_do_not_fit(
    y: tuple[int, ...], x: tuple[int, ...], op: TransposeConv, words: str
) -> None:
    with pytest.raises(GraphError, match=words):
        prepare(plain(y, (3, 3, 3, 2), x, op))
