from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import (
    StablehloAdd,
    StablehloAnd,
    StablehloMaximum,
    StablehloMinimum,
    StablehloMultiply,
    StablehloShiftLeft,
)
from tests.ops.contract import (
    OPTIMIZED,
    Case,
    Feed,
    check,
    compiled_agrees,
    prepare,
    round_trip,
    types_agree,
)
from tests.ops.inputs import refused, tensor
from tests.ops.values import integers, scale

NUMBERS = (StablehloAdd, StablehloMultiply, StablehloMaximum, StablehloMinimum)
SHAPES = ((), (1,), (7,), (3, 5), (2, 1, 3, 1, 2), (0, 3))
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")


def values(dtype, shape, seed):
    """The whole range of integers; floats that do not overflow in float16."""
    rng = np.random.default_rng([seed, *shape])
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype.startswith("float"):
        return np.asarray(rng.uniform(-30, 30, shape), dtype)
    if dtype == "uint64":
        return rng.integers(0, 2**64, shape, np.uint64)
    return integers(dtype, *shape, seed=seed)


def pair(dtype, shape):
    return tuple(Feed(values(dtype, shape, seed)) for seed in (1, 2))


SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0], np.float32)

CASES = [
    *(
        Case(op(), pair(dtype, shape))
        for op in NUMBERS
        for dtype in (*INTEGERS, *FLOATS, "bool")
        for shape in SHAPES
    ),
    *(
        Case(StablehloAnd(), pair(dtype, shape), judge=OPTIMIZED)
        for dtype in (*INTEGERS, "bool")
        for shape in SHAPES
    ),
    *(
        Case(op(), (Feed(np.repeat(SPECIAL, 7)), Feed(np.tile(SPECIAL, 7))))
        for op in NUMBERS
    ),
    *(
        Case(
            op(),
            (Feed(integers(dtype, 9), scale(0.5, 3)), Feed(integers(dtype, 9, seed=1))),
            scale(0.25, 1),
            name="quantized-as-stored",
        )
        for op in NUMBERS
        for dtype in ("int8", "uint8", "int16", "int32", "int64")
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_shift_left(dtype, shape):
    """LiteRT 2.3.0 has no such operator, though its sources do: NumPy judges."""
    bits = np.iinfo(dtype).bits
    x = integers(dtype, *shape)
    by = np.asarray(np.arange(x.size).reshape(shape) % bits, dtype)
    run = prepare(Case(StablehloShiftLeft(), (Feed(x), Feed(by))))
    for stage in types_agree, round_trip, compiled_agrees:
        stage(run)
    np.testing.assert_array_equal(run.values[run.node.output], np.left_shift(x, by))


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_all_bits_moved_out_leave_zero(dtype):
    """LiteRT leaves this to the processor; the definition gives 0."""
    bits = np.iinfo(dtype).bits
    by = np.array([0, bits - 1, bits, bits + 1, 127, -1, -bits], dtype)
    (found,) = StablehloShiftLeft().reference(np.full(by.shape, 3, dtype), by)
    assert found.tolist() == [3, np.iinfo(dtype).min, 0, 0, 0, 0, 0]


def test_compiled_shifts_keep_to_the_definition():
    by = np.array([0, 31, 32, 33, 127, -1, -32, 64], np.int32)
    case = Case(StablehloShiftLeft(), (Feed(np.full(8, 3, np.int32)), Feed(by)))
    compiled_agrees(prepare(case))


@pytest.mark.parametrize("op", [*NUMBERS, StablehloAnd, StablehloShiftLeft])
def test_what_is_refused(op):
    x = tensor((2, 3), DType.INT32)
    refused(op(), x, tensor((3,), DType.INT32), match="shapes")
    refused(op(), x, tensor((2, 1), DType.INT32), match="sizes 3 and 1 differ")
    refused(op(), x, tensor((2, 3), DType.INT8), match="must be alike")
    refused(op(), x, match="1 inputs are given")
    strings = tensor((2,), DType.STRING)
    refused(op(), strings, strings, match="no kernel for string")


def test_free_sizes_take_the_others():
    op = StablehloAdd()
    (made,) = op.infer(tensor((-1, 3)), tensor((2, -1)))
    assert made.shape == (2, 3)


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT16, DType.INT64])
def test_shift_takes_small_integers_only(dtype):
    refused(StablehloShiftLeft(), *[tensor((2,), dtype)] * 2, match="no kernel")


def test_bits_of_floats_are_refused():
    refused(StablehloAnd(), tensor((2,)), tensor((2,)), match="no kernel for float32")
