from __future__ import annotations

import struct

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

from gossamer.errors import FormatError, GraphError
from gossamer.ops import Convolution2DTransposeBias
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


def case(
    x: tuple[int, ...],
    kernel: tuple[int, ...],
    padding: str,
    stride: tuple[int, int],
) -> Case:
    """LiteRT knows the operator through its default delegate only."""
    op = Convolution2DTransposeBias(padding, *stride)
    inputs = (Feed(floats(*x)), Constant(floats(*kernel)), Constant(floats(kernel[0])))
    name = f"{x}-{kernel}-{padding}-{stride}"
    return Case(op, inputs, judge=OpResolverType.AUTO, name=name)


CASES = [
    case((1, 8, 8, 16), (1, 2, 2, 16), "same", (2, 2)),
    case((1, 4, 5, 3), (5, 3, 3, 3), "same", (2, 2)),
    case((2, 3, 3, 4), (7, 3, 3, 4), "same", (2, 2)),
    case((1, 3, 4, 4), (17, 2, 3, 4), "same", (3, 1)),
    case((1, 4, 5, 3), (5, 3, 3, 3), "valid", (2, 2)),
    case((1, 5, 4, 2), (3, 4, 2, 2), "valid", (1, 3)),
    case((1, 1, 1, 1), (1, 1, 1, 1), "same", (1, 1)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


def test_strides_beyond_the_kernel_leave_the_bias_between() -> None:
    """LiteRT's delegate refuses these; MediaPipe's own kernel spreads the cells."""
    run = prepare(case((1, 2, 2, 3), (2, 1, 1, 3), "same", (2, 2)))
    x, weights, bias = (run.values[tensor] for tensor in run.model.main.tensors[:3])
    y = run.values[run.node.output]
    assert y.shape == (1, 3, 3, 2)
    expected = np.broadcast_to(bias, y.shape).copy()
    expected[:, ::2, ::2] += x @ weights[:, 0, 0].T
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6)
    for target in MACHINES:
        compiled_agrees_on(run, target)


def test_bytes_that_a_newer_writer_appends_are_kept() -> None:
    data = struct.pack("<4i", 2, 3, 4, 5)
    op = Convolution2DTransposeBias.from_bytes(data)
    assert (op.padding, op.stride_w, op.stride_h) == ("valid", 3, 4)
    assert op.to_bytes() == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes of options; expected at least 12"),
        (bytes(11), "11 bytes"),
        (bytes(12), "padding 0"),
        (struct.pack("<3i", -1, 1, 1), "padding -1"),
    ],
)
def test_options_that_are_not_its_own(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        Convolution2DTransposeBias.from_bytes(data)


@pytest.mark.parametrize(
    ("x", "stride", "words"),
    [
        ((1, 4, 4, 2), (0, 1), "stride"),
        ((1, 4, 4, 2), (1, -1), "stride"),
        ((1, 4, 4, 3), (1, 1), "3 channels"),
        ((4, 4, 2), (1, 1), "rank 3"),
    ],
)
def test_inputs_that_do_not_fit(
    x: tuple[int, ...], stride: tuple[int, int], words: str
) -> None:
    with pytest.raises(GraphError, match=words):
        prepare(case(x, (3, 2, 2, 2), "same", stride))


def test_the_bias_is_required() -> None:
    op = Convolution2DTransposeBias("same", 1, 1)
    inputs = (Feed(np.zeros((1, 2, 2, 1), np.float32)), Constant(floats(1, 1, 1, 1)))
    with pytest.raises(GraphError, match="bias"):
        prepare(Case(op, (*inputs, None)))
