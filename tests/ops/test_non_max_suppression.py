"""NON_MAX_SUPPRESSION_V4, NON_MAX_SUPPRESSION_V5."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import NonMaxSuppressionV4, NonMaxSuppressionV5
from tests.ops.contract import Case, Constant, Feed, check
from tests.ops.inputs import constant, refused, scalar, shapes, tensor


def number(value):
    return Constant(np.array(value, np.float32))


def boxes(count, seed):
    """Boxes that overlap, corners in any order, scores all different."""
    rng = np.random.default_rng([count, seed])
    corner = rng.uniform(0, 4, (count, 2))
    drawn = np.concatenate([corner, corner + rng.uniform(-3, 3, (count, 2))], axis=1)
    scores = rng.permutation(count) / max(count, 1)
    return Feed(drawn.astype(np.float32)), Feed(scores.astype(np.float32))


LIMITS = ((0.5, 0.0), (0.3, 0.4), (0.9, -1.0), (0.0, 0.1))
CASES = [
    Case(
        NonMaxSuppressionV4(),
        (*boxes(count, seed), scalar(most), number(overlap), number(least)),
        name=f"{count} {most} {overlap} {least}",
    )
    for seed, (count, most) in enumerate(((1, 1), (6, 3), (20, 40), (50, 9), (5, 0)))
    for overlap, least in LIMITS
]
CASES += [
    Case(
        NonMaxSuppressionV5(),
        (
            *boxes(count, seed),
            scalar(most),
            number(overlap),
            number(least),
            number(sigma),
        ),
        name=f"{count} {most} {overlap} {least} {sigma}",
    )
    for seed, (count, most) in enumerate(((1, 1), (6, 3), (20, 40), (50, 9)))
    for overlap, least in LIMITS
    for sigma in (0.0, 0.5)
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check(case)


def test_free_sizes_and_refusals():
    given, free = (tensor((4, 4)), tensor((4,))), tensor((), DType.INT32)
    limits = tensor(()), tensor(())
    assert shapes(NonMaxSuppressionV4(), *given, free, *limits) == [(-1,), ()]
    op = NonMaxSuppressionV4()
    refused(op, tensor((4, 5)), tensor((4,)), constant(1), *limits, match="not boxes")
    refused(op, *given, constant(-1), *limits, match="-1 boxes")
    wrong = tensor((4, 4), DType.INT8), tensor((4,))
    refused(op, *wrong, constant(1), *limits, match="int8")
