"""REVERSE_SEQUENCE."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import ExecutionError
from gossamer.ir.types import DType
from gossamer.ops import ReverseSequence
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import Case, Constant, Feed, check_compiled, prepare
from tests.ops.inputs import feed, kinds, refused, shapes, tensor

PLACES = (
    ((3, 5), 1, 0, (2, 5, 0)),
    ((5, 3), 0, 1, (2, 5, 1)),
    ((2, 4, 33), 1, 0, (4, 3)),
    ((4, 2, 3, 2), 0, 2, (1, 2, 4)),
    ((2, 3, 4, 1), 2, 1, (1, 2, 4)),
    ((1, 1), 1, 0, (1,)),
    ((2, 2, 3, 2, 2), 3, 2, (0, 1, 2)),
)
CASES = [
    Case(
        ReverseSequence(sequence, batch),
        (feed(dtype, shape, q), given(np.array(lengths, kind))),
        q,
        name=f"{shape} {sequence} {batch} {lengths}",
    )
    for dtype, q in kinds("float32", "uint8", "int16", "int32", "int64")
    for shape, sequence, batch, lengths in PLACES
    for kind, given in ((np.int32, Constant), (np.int64, Feed))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case):
    check_compiled(case)


@pytest.mark.parametrize("length", [-1, 6, 2**31 - 1])
def test_lengths_are_checked(length):
    lengths = Feed(np.array([1, 2], np.int32))
    run = prepare(Case(ReverseSequence(1, 0), (feed(DType.FLOAT32, (2, 5)), lengths)))
    executable = NativeExecutable(run.model.main, {})
    executable.view(run.model.main.inputs[1])[...] = (1, length)
    with pytest.raises(ExecutionError, match=f"length {length} is outside"):
        executable.invoke()


def test_free_sizes():
    x, lengths = tensor((-1, 5)), tensor((-1,), DType.INT32)
    assert shapes(ReverseSequence(1, 0), x, lengths) == [(-1, 5)]


def test_refuses():
    x, lengths = tensor((2, 5)), tensor((2,), DType.INT32)
    refused(ReverseSequence(1, 1), x, lengths, match="do not fit")
    refused(ReverseSequence(2, 0), x, lengths, match="do not fit")
    refused(ReverseSequence(-1, 0), x, lengths, match="do not fit")
    refused(ReverseSequence(1, 0), x, tensor((3,), DType.INT32), match="differ")
    refused(ReverseSequence(1, 0), x, tensor((2,)), match="lengths")
