from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import FormatError, GraphError
from gossamer.flatbuffer.constants import (
    decode,
    decode_sparse,
    encode,
    stored_bytes,
)
from gossamer.ir.types import DType, TensorType

FIXED = [dtype for dtype in DType if dtype.bits]


@pytest.mark.parametrize("dtype", FIXED, ids=lambda dtype: dtype.title)
def test_every_type_comes_back_bit_for_bit(dtype):
    rng = np.random.default_rng(1)
    array = rng.integers(0, 2, (3, 5)).astype(dtype.numpy)
    data = encode("x", dtype, array)
    assert len(data) == stored_bytes(dtype, 15)
    back = decode("x", TensorType(dtype, (3, 5)), data)
    assert back.dtype == dtype.numpy
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("dtype", "values", "packed"),
    [
        (DType.INT4, [1, -1, 7, -8, 3], [0xF1, 0x87, 0x03]),
        (DType.UINT4, [1, 15, 7, 8, 3], [0xF1, 0x87, 0x03]),
        (DType.INT2, [1, -1, -2, 0, 1], [0b00101101, 0b01]),
    ],
    ids=["int4", "uint4", "int2"],
)
def test_narrow_types_are_packed_lowest_bits_first(dtype, values, packed):
    array = np.array(values, dtype.numpy)
    assert list(encode("x", dtype, array)) == packed
    back = decode("x", TensorType(dtype, (5,)), memoryview(bytes(packed)))
    assert back.tolist() == values


def test_a_value_too_wide_for_its_type_is_refused():
    with pytest.raises(GraphError, match=r"'x' of type int4 .* 0 to 9; .* -8 to 7"):
        encode("x", DType.INT4, np.array([0, 9], np.int8))


def test_strings_are_a_count_offsets_and_bytes():
    array = np.array([b"ab", b"", b"c"], np.object_)
    expected = np.array([3, 20, 22, 22, 23], "<i4").tobytes() + b"abc"
    assert bytes(encode("x", DType.STRING, array)) == expected
    back = decode("x", TensorType(DType.STRING, (3,)), memoryview(expected))
    assert back.tolist() == [b"ab", b"", b"c"]


def strings(*numbers: int, text: bytes = b"abc") -> memoryview:
    return memoryview(np.array(numbers, "<i4").tobytes() + text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (memoryview(b"\1"), "1 bytes, too small for the -1 strings"),
        (strings(-5, 0), "too small for the -5 strings"),
        (strings(2**30, 0), "too small for the 1073741824 strings"),
        (strings(1, 12, 15), r"of shape \[2\] has a buffer of 1 strings"),
        (strings(2, 16, 19, 17), "offsets that do not rise"),
        (strings(2, 16, 17, 99), "offsets that do not rise"),
        (strings(2, 0, 17, 19), "offsets that do not rise"),
    ],
)
def test_strings_that_lie_are_refused(data, message):
    with pytest.raises(FormatError, match=message):
        decode("x", TensorType(DType.STRING, (2,)), data)


def test_the_size_must_be_that_of_shape_and_type():
    message = (
        r"tensor 'x' of shape \[2, 3\] and type float32 needs 24 bytes, its buffer "
        "holds 20"
    )
    with pytest.raises(FormatError, match=message):
        decode("x", TensorType(DType.FLOAT32, (2, 3)), memoryview(bytes(20)))


def test_two_negative_sizes_do_not_make_a_positive_one():
    with pytest.raises(FormatError, match=r"shape \[-2, -3\]"):
        decode("x", TensorType(DType.INT8, (-2, -3)), memoryview(bytes(6)))


def test_an_aligned_constant_is_a_view_and_another_a_copy():
    data = np.arange(5, dtype=np.float32).tobytes()
    whole = decode("x", TensorType(DType.FLOAT32, (5,)), memoryview(data))
    assert np.shares_memory(whole, np.frombuffer(data, np.uint8))
    shifted = memoryview(b"\0" + data)[1:]
    copied = decode("x", TensorType(DType.FLOAT32, (5,)), shifted)
    assert copied.flags.aligned
    assert copied.tolist() == [0, 1, 2, 3, 4]


def test_a_byte_that_is_no_boolean_counts_as_true():
    back = decode("x", TensorType(DType.BOOL, (3,)), memoryview(b"\0\1\7"))
    assert back.tolist() == [False, True, True]


def test_sparse_values_are_counted_by_their_bytes():
    type_ = TensorType(DType.FLOAT32, (100, 100))
    assert decode_sparse("x", type_, memoryview(bytes(12))).shape == (3,)
    with pytest.raises(FormatError, match="'x' has a buffer of 13 bytes, which is no"):
        decode_sparse("x", type_, memoryview(bytes(13)))


def test_resources_at_run_time_have_no_bytes():
    with pytest.raises(FormatError, match="'x' of type variant has a buffer"):
        decode("x", TensorType(DType.VARIANT, (1,)), memoryview(bytes(4)))


def test_an_array_of_another_type_is_refused():
    with pytest.raises(GraphError, match=r"'x' is of type int8, .* array of float32"):
        encode("x", DType.INT8, np.zeros(1, np.float32))
