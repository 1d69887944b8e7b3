"""PAD, PADV2, MIRROR_PAD."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import MirrorPad, Pad, PadV2
from tests.ops.contract import Case, Constant, check_compiled, prepare
from tests.ops.inputs import INT8, KINDS, constant, feed, refused, shapes, tensor


def widths(*pairs, dtype=np.int32):
    return Constant(np.array(pairs, dtype))


CASES = [
    case
    for dtype, q in KINDS
    for case in (
        Case(
            Pad(),
            (feed(dtype, (1, 3, 2, 2), q), widths((0, 0), (1, 2), (2, 0), (0, 0))),
            q,
        ),
        Case(Pad(), (feed(dtype, (3,), q), widths((1, 2), dtype=np.int64)), q),
        Case(Pad(), (feed(dtype, (3, 1), q), widths((0, 0), (0, 0))), q),
        Case(Pad(), (feed(dtype, (1, 1, 5), q), widths((1, 0), (0, 1), (3, 3))), q),
        Case(
            Pad(),
            (
                feed(dtype, (2, 1, 3, 1, 2), q),
                widths((0, 1), (1, 0), (0, 0), (2, 1), (0, 3)),
            ),
            q,
        ),
        Case(MirrorPad(), (feed(dtype, (3, 4), q), widths((1, 2), (3, 0))), q),
        Case(MirrorPad(), (feed(dtype, (5,), q), widths((4, 4))), q),
        Case(
            MirrorPad("symmetric"), (feed(dtype, (3, 4), q), widths((1, 3), (4, 0))), q
        ),
        Case(
            MirrorPad("symmetric"),
            (feed(dtype, (1, 3, 1), q), widths((1, 1), (0, 2), (0, 0))),
            q,
        ),
        Case(
            MirrorPad(),
            (feed(dtype, (2, 3, 1, 2), q), widths((0, 0), (2, 1), (0, 0), (1, 1))),
            q,
        ),
    )
]
CASES += [
    case
    for dtype, q in KINDS
    if dtype is not DType.BOOL
    for case in (
        Case(
            PadV2(),
            (
                feed(dtype, (3, 2), q),
                widths((1, 2), (0, 1)),
                Constant(np.array([7], dtype.numpy), q),
            ),
            q,
        ),
        Case(
            PadV2(),
            (
                feed(dtype, (3,), q),
                widths((1, 2)),
                Constant(np.array(5, dtype.numpy), q),
            ),
            q,
        ),
        Case(
            PadV2(),
            (
                feed(dtype, (1, 1, 3), q),
                widths((0, 0), (1, 1), (1, 1)),
                Constant(np.array([1], dtype.numpy), q),
            ),
            q,
        ),
        *(
            Case(
                PadV2(),
                (
                    feed(dtype, shape, q),
                    widths((1, 0), (0, 3)),
                    Constant(np.array([2], dtype.numpy), q),
                ),
                q,
            )
            for shape in ((0, 3), (5, 37))
        ),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    border = constant([[0, 0], [1, 1], [2, 0]])
    assert shapes(Pad(), tensor((-1, 3, 4)), border) == [(-1, 5, 6)]
    assert shapes(Pad(), tensor((2, 3)), tensor((2, 2), DType.INT32)) == [(-1, -1)]


def test_quantized_border_is_the_zero_point():
    x = feed(DType.INT8, (2,), INT8)
    padded = Case(Pad(), (x, widths((1, 1))), INT8)
    run = prepare(padded)
    assert run.values[run.node.output].tolist() == [3, *x.array.tolist(), 3]


@pytest.mark.parametrize("op", [Pad(), MirrorPad()])
@pytest.mark.parametrize(
    "border", [[[-1, 0]], [[0, 0], [0, 0]], [0, 0], [[2**31 - 1, 2**31 - 1]]]
)
def test_refuses_borders(op, border):
    refused(op, tensor((3,)), constant(border))


def test_refuses():
    refused(MirrorPad("wrap"), tensor((3,)), constant([[1, 1]]), match="wrap")
    refused(MirrorPad(), tensor((3,)), constant([[3, 0]]), match="mirrored")
    refused(PadV2(), tensor((3,)), constant([[1, 1]]), constant([1]), match="alike")
