"""Constant arrays as the bytes of a buffer and back.

Elements of 2 and 4 bits are packed, the first in the lowest bits of a byte. A buffer
of strings is a count, count + 1 offsets from the start of the buffer, and the bytes;
all numbers are int32.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import FormatError, GraphError
from gossamer.ir.types import Array, DType

if TYPE_CHECKING:
    from gossamer.ir.types import TensorType

_SIGNED = frozenset({DType.INT2, DType.INT4})


def stored_bytes(dtype: DType, count: int) -> int:
    """How many bytes `count` elements take in a buffer."""
    return (count * dtype.bits + 7) // 8


def copied_bytes(dtype: DType, data: memoryview) -> int:
    """How many bytes of `data` decoding copies; 0 where the array is a view."""
    if dtype.bits < 8 or len(data) % dtype.numpy.itemsize:
        return len(data)
    aligned = np.frombuffer(data, dtype.numpy).flags.aligned
    return 0 if aligned and dtype is not DType.BOOL else len(data)


def decode(name: str, type_: TensorType, data: memoryview) -> Array:
    """The array of the tensor `name` that `data` holds; a view where it can be one.

    Raises:
        FormatError: `data` is not of the size that shape and type ask for.
    """
    if type_.dtype is DType.STRING:
        return _decode_strings(name, type_, data)
    _require_elements(name, type_)
    needed = stored_bytes(type_.dtype, type_.size)
    if min(type_.shape, default=0) < 0 or needed != len(data):
        raise FormatError(
            f"tensor '{name}' of shape {list(type_.shape)} and type "
            f"{type_.dtype.title} needs {needed} bytes, its buffer holds {len(data)}"
        )
    return decode_flat(type_.dtype, data, type_.size).reshape(type_.shape)


def decode_sparse(name: str, type_: TensorType, data: memoryview) -> Array:
    """The stored values of a sparse tensor, flat."""
    _require_elements(name, type_)
    count = len(data) * 8 // type_.dtype.bits
    if stored_bytes(type_.dtype, count) != len(data):
        raise FormatError(
            f"the sparse tensor '{name}' has a buffer of {len(data)} bytes, which is "
            f"no whole number of {type_.dtype.title} elements"
        )
    return decode_flat(type_.dtype, data, count)


def decode_flat(dtype: DType, data: memoryview, count: int) -> Array:
    """`count` elements of a type with a fixed size, as a flat array."""
    if dtype.bits < 8:
        return _unpack(dtype, data, count)
    if dtype is DType.BOOL:
        octets = np.frombuffer(data, np.uint8)
        whole = not octets.size or octets.max() <= 1
        return octets.view(np.bool_) if whole else octets != 0
    array = np.frombuffer(data, dtype.numpy)
    return array if array.flags.aligned else array.copy()


def encode(name: str, dtype: DType, array: Array) -> memoryview:
    """The bytes that hold `array` in a buffer.

    Raises:
        GraphError: the array is not one that holds elements of `dtype`.
    """
    if dtype is DType.STRING:
        return memoryview(_encode_strings(name, array))
    if dtype.bits == 0 or array.dtype != dtype.numpy:
        raise GraphError(
            f"the constant '{name}' is of type {dtype.title}, which an array of "
            f"{array.dtype} cannot hold"
        )
    flat = np.ascontiguousarray(array).reshape(-1)
    if dtype.bits < 8:
        flat = _pack(name, dtype, flat)
    return memoryview(flat.view(np.uint8).data)


def _require_elements(name: str, type_: TensorType) -> None:
    if type_.dtype.bits == 0:
        raise FormatError(
            f"tensor '{name}' of type {type_.dtype.title} has a buffer; elements of "
            "this type exist only while a model runs"
        )


def _unpack(dtype: DType, data: memoryview, count: int) -> Array:
    octets = np.frombuffer(data, np.uint8)
    per_byte = 8 // dtype.bits
    parts = np.empty((octets.size, per_byte), np.uint8)
    for place in range(per_byte):
        parts[:, place] = octets >> (place * dtype.bits)
    if dtype not in _SIGNED:
        parts &= (1 << dtype.bits) - 1
        return parts.reshape(-1)[:count]
    shift = 8 - dtype.bits
    parts <<= shift
    signed = parts.view(np.int8)
    signed >>= shift
    return signed.reshape(-1)[:count]


def _pack(name: str, dtype: DType, flat: Array) -> Array:
    half = 1 << (dtype.bits - 1)
    low, high = (-half, half - 1) if dtype in _SIGNED else (0, 2 * half - 1)
    if flat.size and (flat.min() < low or flat.max() > high):
        raise GraphError(
            f"the constant '{name}' of type {dtype.title} holds values from "
            f"{flat.min()} to {flat.max()}; they must lie from {low} to {high}"
        )
    per_byte = 8 // dtype.bits
    parts = np.zeros((-(-flat.size // per_byte), per_byte), np.uint8)
    parts.reshape(-1)[: flat.size] = flat.view(np.uint8) & (2 * half - 1)
    shifts = np.arange(per_byte, dtype=np.uint8) * np.uint8(dtype.bits)
    return np.bitwise_or.reduce(parts << shifts, axis=1).astype(np.uint8)


def _decode_strings(name: str, type_: TensorType, data: memoryview) -> Array:
    count = int.from_bytes(data[:4], "little", signed=True) if len(data) >= 4 else -1
    if count < 0 or 4 * (count + 2) > len(data):
        raise FormatError(
            f"the string tensor '{name}' has a buffer of {len(data)} bytes, too small "
            f"for the {count} strings it is said to hold"
        )
    if min(type_.shape, default=0) < 0 or type_.size != count:
        raise FormatError(
            f"the string tensor '{name}' of shape {list(type_.shape)} has a buffer "
            f"of {count} strings"
        )
    offsets = np.frombuffer(data, "<i4", count + 1, 4).astype(np.int64)
    ordered = bool(np.all(np.diff(offsets) >= 0))
    if not ordered or offsets[0] < 4 * (count + 2) or offsets[-1] > len(data):
        raise FormatError(
            f"the string tensor '{name}' has offsets that do not rise from the end of "
            f"the offsets to the end of the buffer, byte {len(data)}"
        )
    array = np.empty(count, np.object_)
    bounds = offsets.tolist()
    array[:] = [bytes(data[a:b]) for a, b in pairwise(bounds)]
    return array.reshape(type_.shape)


def _encode_strings(name: str, array: Array) -> bytes:
    strings: list[bytes] = []
    for value in array.reshape(-1).tolist():
        if not isinstance(value, bytes | str):
            raise GraphError(
                f"the string constant '{name}' holds a {type(value).__name__}; "
                "elements must be bytes or str"
            )
        strings.append(value.encode() if isinstance(value, str) else value)
    start = 4 * (len(strings) + 2)
    lengths = np.array([0, *(len(value) for value in strings)], np.int64)
    offsets = start + np.cumsum(lengths)
    head = np.array([len(strings), *offsets], "<i4").tobytes()
    return head + b"".join(strings)
