from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ops import AveragePool2D, L2Pool2D, MaxPool2D
from tests.ops.contract import Case, Feed, check_compiled, prepare
from tests.ops.values import feed, floats, scale

SHAPES = [
    ((1, 1), (1, 1)),
    ((2, 2), (2, 2)),
    ((1, 2), (3, 3)),
    ((3, 1), (2, 5)),
]
KINDS = (AveragePool2D, MaxPool2D)

FLOAT = [
    Case(
        kind(padding, *strides, *sizes, activation),
        (Feed(floats(2, 7, 9, 3, reach=4)),),
        name=f"{padding}-{strides}-{sizes}-{activation}",
    )
    for kind, padding, (strides, sizes), activation in product(
        (*KINDS, L2Pool2D), ("same", "valid"), SHAPES, ("none", "relu_n1_to_1")
    )
]

INTEGER = [
    Case(
        kind(padding, *strides, *sizes, activation),
        (feed(dtype, (1, 9, 7, 4), scale(0.03, zero_point)),),
        scale(0.03, zero_point),
        name=f"{padding}-{strides}-{sizes}-{activation}-{zero_point}",
    )
    for kind, padding, (strides, sizes), activation, (dtype, zero_point) in product(
        KINDS,
        ("same", "valid"),
        SHAPES,
        ("none", "relu6"),
        ((np.int8, -128), (np.int8, 45), (np.uint8, 90), (np.int16, 0)),
    )
]


EDGES = [
    Case(kind("same", 1, 1, 3, 3), (given,), q, name=f"{given.array.shape}")
    for kind in KINDS
    for shape in ((1, 1, 1, 1), (3, 2, 1, 37), (1, 1, 5, 130))
    for given, q in (
        (Feed(floats(*shape)), None),
        (feed(np.int8, shape, scale(0.03, 7)), scale(0.03, 7)),
        (feed(np.uint8, shape, scale(0.03, 7)), scale(0.03, 7)),
        (feed(np.int16, shape, scale(0.03)), scale(0.03)),
    )
]


@pytest.mark.parametrize("case", FLOAT + INTEGER + EDGES, ids=str)
def test_contract(case: Case) -> None:
    check_compiled(case)


@pytest.mark.parametrize("kind", [AveragePool2D, MaxPool2D, L2Pool2D])
def test_windows_that_cannot_move(kind: type[AveragePool2D]) -> None:
    x = Feed(floats(1, 4, 4, 2))
    with pytest.raises(GraphError, match="stride"):
        prepare(Case(kind("same", 0, 1, 2, 2), (x,)))
    with pytest.raises(GraphError, match="kernel"):
        prepare(Case(kind("same", 1, 1, 0, 2), (x,)))
    with pytest.raises(GraphError, match="does not fit"):
        prepare(Case(kind("valid", 1, 1, 5, 2), (x,)))
    with pytest.raises(GraphError, match="rank 3"):
        prepare(Case(kind("valid", 1, 1, 5, 2), (Feed(floats(4, 4, 2)),)))
