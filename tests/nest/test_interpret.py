"""The interpreter: bounds, and what is not to be seen in compiled code."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I8, I32, I64
from gossamer.nest.interpret import interpret
from gossamer.nest.stmt import SHORT_ORDER, Instruction, Kernel
from tests.codegen.machines import TARGETS

TARGET = TARGETS["vnni"]


def nest_of(pointers: int):
    nest = Nest("kernel", TARGET)
    made = [nest.pointer() for _ in range(pointers)]
    return nest, made, nest.integer(), nest.integer()


def test_the_example_of_the_builder() -> None:
    nest, (x, y), begin, end = nest_of(2)
    with nest.loop(end * 16, start=begin, step=16) as i:
        nest.store(nest.load(F32.of(16), x, i.index) * 2.0, y, i.index)
    source = np.arange(48, dtype=np.float32)
    result = np.zeros(48 * 4, np.uint8)
    interpret(nest.finish(), [source.view(np.uint8), result], 0, 3)
    np.testing.assert_array_equal(result.view(np.float32), source * 2)


@pytest.mark.parametrize("index", [-1, 4])
@pytest.mark.parametrize("access", ["load", "store"])
def test_an_access_outside_the_buffer_is_refused(index: int, access: str) -> None:
    nest, (x,), *_ = nest_of(1)
    if access == "load":
        nest.load(F32, x, index)
    else:
        nest.store(nest.constant(1, F32), x, index)
    with pytest.raises(IndexError, match="buffer of 16"):
        interpret(nest.finish(), [np.zeros(16, np.uint8)], 0, 1)


def test_the_bounds_are_those_of_the_buffer_the_pointer_came_from() -> None:
    nest, (x, _), *_ = nest_of(2)
    nest.load(I8, nest.offset(x, 8), -8)
    far = nest.offset(nest.offset(x, 20, F32), -20, F32)
    nest.load(F32.of(4), far)
    interpret(nest.finish(), [np.zeros(16, np.uint8)] * 2, 0, 1)
    nest.load(F32.of(4), far, 1)
    with pytest.raises(IndexError):
        interpret(nest.finish(), [np.zeros(16, np.uint8)] * 2, 0, 1)


def test_lanes_that_are_not_valid_may_lie_outside() -> None:
    nest, (x, y), *_ = nest_of(2)
    nest.store(nest.load(F32.of(16), x, 0, 3), y, 0, 2)
    source = np.array([1, 2, 3], np.float32)
    result = np.zeros(8, np.uint8)
    interpret(nest.finish(), [source.view(np.uint8), result], 0, 1)
    assert result.view(np.float32).tolist() == [1, 2]


def test_a_prefetch_may_lie_anywhere() -> None:
    nest, (x,), *_ = nest_of(1)
    nest.prefetch(x, 1 << 40)
    interpret(nest.finish(), [np.zeros(1, np.uint8)], 0, 1)


def test_buffers_must_fit_the_parameters() -> None:
    nest, *_ = nest_of(2)
    with pytest.raises(ValueError, match="1 buffers; expected 2"):
        interpret(nest.finish(), [np.zeros(1, np.uint8)], 0, 1)


def test_an_unknown_operator_is_refused() -> None:
    nest, (x,), *_ = nest_of(1)
    kernel = nest.finish()
    value = nest.constant(1, I64)
    strange = Kernel(
        "k", kernel.parameters, (Instruction("hocus", x, (value,)),), TARGET
    )
    with pytest.raises(ValueError, match="no operator 'hocus'"):
        interpret(strange, [np.zeros(1, np.uint8)], 0, 1)


def lanes(value, dtype=np.int32) -> np.ndarray:
    """One row of results of an expression over constants in memory."""
    nest = value.nest
    size = value.kind.lanes * value.kind.bytes
    return interpreted(nest, value, size).view(dtype)


def interpreted(nest, value, size):
    y = nest._parameters[0]
    nest.store(value, y)
    out = np.zeros(size, np.uint8)
    buffers = [out, *nest.inputs] if hasattr(nest, "inputs") else [out]
    interpret(nest.finish(), buffers, 0, 1)
    return out


class Loaded(Nest):
    """A nest with its inputs at hand; the first pointer is the result."""

    def __init__(self, *arrays: np.ndarray) -> None:
        super().__init__("loaded", TARGET)
        self.pointer()
        self.inputs = [array.view(np.uint8) for array in arrays]
        self.values = [self.pointer() for _ in arrays]
        self.integer(), self.integer()

    def vectors(self, kind):
        return [self.load(kind, pointer) for pointer in self.values]


def test_dot_quads_adds_four_products_of_unsigned_and_signed_bytes() -> None:
    total = np.array([1, -1, 0, 2**31 - 1], np.int32)
    left = np.array([[255, 255, 255, 255], [1, 2, 3, 4], [0] * 4, [1, 0, 0, 0]], "u1")
    right = np.array([[-128] * 4, [1, -1, 1, -1], [5] * 4, [1, 0, 0, 0]], "i1")
    nest = Loaded(total, left.ravel(), right.ravel())
    value = nest.dot_quads(*nest.vectors(I32.of(4)))
    assert lanes(value).tolist() == [1 - 4 * 255 * 128, -3, 0, -(2**31)]


def test_signed_bytes_are_multiplied_by_fours() -> None:
    total = np.array([1, -1, 0, 2**31 - 1], np.int32)
    left = np.array([[-128] * 4, [1, 2, 3, 4], [0] * 4, [1, 0, 0, 0]], "i1")
    right = np.array([[-128] * 4, [1, -1, 1, -1], [5] * 4, [1, 0, 0, 0]], "i1")
    nest = Loaded(total, left.ravel(), right.ravel())
    operands = nest.vectors(I32.of(4))
    value = nest.apply("dot_signed_quads", I32.of(4), *operands)
    assert lanes(value).tolist() == [1 + 4 * 2**14, -3, 0, -(2**31)]


def test_short_quads_are_quads_of_pairs_in_their_order() -> None:
    rng = np.random.default_rng(2)
    left = np.tile(rng.integers(-128, 128, 4), 4).astype(np.int8)
    right = rng.integers(-127, 128, 16).astype(np.int8)
    ordered = right.view(np.int16)[list(SHORT_ORDER)]
    nest = Loaded(np.arange(4, dtype=np.int32), left, ordered)
    operands = nest.vectors(I32.of(4))
    value = nest.apply("dot_short_quads", I32.of(4), *operands)
    products = left.astype(np.int64) * right
    wanted = products.reshape(4, 4).sum(axis=1) + np.arange(4)
    assert lanes(value).tolist() == wanted.tolist()


def test_dot_pairs_wraps_like_the_instruction() -> None:
    left = np.array([-32768, -32768, 3, 4], np.int16)
    right = np.array([-32768, -32768, 5, -6], np.int16)
    nest = Loaded(left, right)
    value = nest.dot_pairs(*nest.vectors(I32.of(2)))
    assert lanes(value).tolist() == [-(2**31), -9]


def test_more_pairs_come_onto_a_total() -> None:
    left = np.array([1, 2, 3, 4], np.int16)
    right = np.array([5, 6, 7, -8], np.int16)
    nest = Loaded(np.array([100, -100], np.int32), left, right)
    value = nest.apply("dot_pairs_more", I32.of(2), *nest.vectors(I32.of(2)))
    assert lanes(value).tolist() == [117, -111]


def test_pack_saturates_and_orders_by_blocks_of_sixteen_bytes() -> None:
    vectors = [np.arange(8, dtype=np.int32) + 10 * i for i in range(4)]
    vectors[3][7] = 1000
    vectors[0][0] = -(2**31)
    nest = Loaded(*vectors)
    found = lanes(nest.pack(nest.vectors(I32.of(8))), np.int8).tolist()
    assert found[:16] == [-128, 1, 2, 3, *range(10, 14), *range(20, 24), *range(30, 34)]
    assert found[28:] == [34, 35, 36, 127]


def test_fma_rounds_once() -> None:
    """a * b is 1 + 2**-11 + 2**-24, whose last bit one more rounding would lose."""
    a = np.array([1 + 2**-12], np.float32)
    nest = Loaded(a, a, -np.array([1 + 2**-11], np.float32))
    assert lanes(nest.fma(*nest.vectors(F32)), np.float32).tolist() == [2**-24]


def test_fma_is_not_misled_by_the_rounding_of_double() -> None:
    """The exact sum lies just beside a midpoint; float64 rounds it onto it."""
    rng = np.random.default_rng(5)
    a, b = (rng.integers(2**23, 2**24, 4000).astype(np.float32) for _ in range(2))
    c = (rng.choice([1, -1], 4000) * 2.0 ** rng.integers(-8, 12, 4000)).astype("f4")
    exact = [
        int(x) * int(y) * 256 + int(z * 256) for x, y, z in zip(a, b, c, strict=True)
    ]
    nest = Loaded(a, b, c)
    found = lanes(nest.fma(*nest.vectors(F32.of(4000))), np.float32)
    assert [int(value * 256.0) for value in found.astype(object)] == [
        nearest(number) for number in exact
    ]


def nearest(number: int) -> int:
    """A whole number rounded to 24 bits, ties to even."""
    shift = max(abs(number).bit_length() - 24, 0)
    if not shift:
        return number
    size = abs(number)
    whole, rest = size >> shift, size & ((1 << shift) - 1)
    half = 1 << (shift - 1)
    whole += rest > half or (rest == half and whole & 1)
    return (whole << shift) * (1 if number > 0 else -1)


def test_integers_wrap_around() -> None:
    most = np.array([127, -128], np.int8)
    nest = Loaded(most)
    (value,) = nest.vectors(I8.of(2))
    assert lanes(value + 1, np.int8).tolist() == [-128, -127]
    nest = Loaded(np.array([2**31 - 1], np.int32))
    (value,) = nest.vectors(I32)
    assert lanes(value * value).tolist() == [1]
