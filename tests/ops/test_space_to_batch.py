"""SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ops import BatchToSpaceNd, SpaceToBatchNd
from tests.ops.contract import Case, Constant, check_compiled
from tests.ops.inputs import constant, feed, ints, kinds, refused, shapes, tensor


def pairs(*values):
    return Constant(np.array(values, np.int32))


CASES = [
    case
    for dtype, q in kinds("float32", "int8", "uint8", "int32", "int64")
    for case in (
        Case(
            SpaceToBatchNd(),
            (feed(dtype, (1, 4, 6, 3), q), ints(2, 3), pairs((0, 0), (0, 0))),
            q,
        ),
        Case(
            SpaceToBatchNd(),
            (feed(dtype, (2, 3, 5, 1), q), ints(2, 2), pairs((1, 0), (1, 2))),
            q,
        ),
        Case(SpaceToBatchNd(), (feed(dtype, (2, 5, 3), q), ints(2), pairs((1, 2))), q),
        Case(
            SpaceToBatchNd(),
            (feed(dtype, (1, 1, 1, 1), q), ints(1, 1), pairs((0, 0), (0, 0))),
            q,
        ),
        Case(
            SpaceToBatchNd(),
            (feed(dtype, (1, 7, 2, 2), q), ints(3, 1), pairs((2, 0), (0, 0))),
            q,
        ),
        Case(
            BatchToSpaceNd(),
            (feed(dtype, (8, 2, 3, 2), q), ints(2, 2), pairs((0, 1), (1, 1))),
            q,
        ),
        Case(
            BatchToSpaceNd(),
            (feed(dtype, (6, 2, 3, 1), q), ints(3, 2), pairs((0, 0), (0, 0))),
            q,
        ),
        Case(BatchToSpaceNd(), (feed(dtype, (4, 3, 2), q), ints(2), pairs((1, 2))), q),
        Case(
            BatchToSpaceNd(),
            (feed(dtype, (1, 1, 1, 1), q), ints(1, 1), pairs((0, 0), (0, 0))),
            q,
        ),
        Case(
            BatchToSpaceNd(),
            (feed(dtype, (3, 1, 5, 1), q), ints(1, 3), pairs((0, 0), (2, 0))),
            q,
        ),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


def test_free_sizes():
    block, border = constant([2, 2]), constant([[0, 0], [1, 1]])
    x = tensor((-1, 4, 6, 3))
    assert shapes(SpaceToBatchNd(), x, block, border) == [(-1, 2, 4, 3)]
    assert shapes(BatchToSpaceNd(), x, block, border) == [(-1, 8, 10, 3)]


@pytest.mark.parametrize("op", [SpaceToBatchNd(), BatchToSpaceNd()])
@pytest.mark.parametrize(
    ("block", "border"),
    [
        ([0, 1], [[0, 0], [0, 0]]),
        ([3, 1], [[0, 0], [0, 0]]),
        ([2, 2], [[-1, 0], [0, 0]]),
        ([2], [[0, 0], [0, 0]]),
        ([2, 2, 2, 2], [[0, 0]] * 4),
        ([2, 2], [0, 0]),
        ([], []),
    ],
)
def test_refuses(op, block, border):
    refused(op, tensor((4, 4, 4, 1)), constant(block), constant(border))


def test_refuses_crops_beyond_the_image():
    block, crops = constant([2, 2]), constant([[5, 4], [0, 0]])
    refused(BatchToSpaceNd(), tensor((4, 4, 4, 1)), block, crops, match="crops")
