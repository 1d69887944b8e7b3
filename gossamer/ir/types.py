"""Element types and tensor types."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]


class DType(enum.Enum):
    """An element type, with the number it has in the file format.

    `numpy` is the type of the array that holds such elements: types narrower than
    a byte are held one per byte (int4 and int2 in int8, uint4 in uint8) and packed
    only in the file; a string is a `bytes` object. Types that NumPy has not are named
    here, and loaded from `ml_dtypes` when they are first used.
    """

    FLOAT32 = (0, 32, np.float32)
    FLOAT16 = (1, 16, np.float16)
    INT32 = (2, 32, np.int32)
    UINT8 = (3, 8, np.uint8)
    INT64 = (4, 64, np.int64)
    STRING = (5, 0, np.object_)
    BOOL = (6, 8, np.bool_)
    INT16 = (7, 16, np.int16)
    COMPLEX64 = (8, 64, np.complex64)
    INT8 = (9, 8, np.int8)
    FLOAT64 = (10, 64, np.float64)
    COMPLEX128 = (11, 128, np.complex128)
    UINT64 = (12, 64, np.uint64)
    RESOURCE = (13, 32, np.int32)
    VARIANT = (14, 0, np.object_)
    UINT32 = (15, 32, np.uint32)
    UINT16 = (16, 16, np.uint16)
    INT4 = (17, 4, np.int8)
    BFLOAT16 = (18, 16, "bfloat16")
    INT2 = (19, 2, np.int8)
    UINT4 = (20, 4, np.uint8)
    FLOAT8_E4M3FN = (21, 8, "float8_e4m3fn")
    FLOAT8_E5M2 = (22, 8, "float8_e5m2")

    def __init__(self, code: int, bits: int, held: type[Any] | str) -> None:
        self.code = code
        self.bits = bits
        self._held = held

    @cached_property
    def numpy(self) -> np.dtype[Any]:
        if not isinstance(self._held, str):
            return np.dtype(self._held)
        import ml_dtypes  # noqa: PLC0415  (few models have such types)

        return np.dtype(getattr(ml_dtypes, self._held))

    @property
    def is_float(self) -> bool:
        return self in _FLOATS

    @property
    def is_integer(self) -> bool:
        """Whether elements are whole numbers that may carry a quantization."""
        return self in _INTEGERS

    @property
    def title(self) -> str:
        """The lower-case name, as users write it: `float32`."""
        return self.name.lower()

    @staticmethod
    def of_code(code: int) -> DType:
        return _BY_CODE[code]

    @staticmethod
    def of_numpy(dtype: npt.DTypeLike) -> DType:
        """The element type of arrays of `dtype`.

        Raises:
            TypeError: no element type is held in such an array.
        """
        found = _by_numpy().get(np.dtype(dtype))
        if found is None:
            raise TypeError(f"no tensor type holds NumPy's {np.dtype(dtype)}")
        return found


_BY_CODE = {dtype.code: dtype for dtype in DType}
_FLOATS = frozenset(
    {
        DType.FLOAT32,
        DType.FLOAT16,
        DType.BFLOAT16,
        DType.FLOAT64,
        DType.FLOAT8_E4M3FN,
        DType.FLOAT8_E5M2,
    }
)
_INTEGERS = frozenset(
    {
        DType.INT2,
        DType.INT4,
        DType.INT8,
        DType.INT16,
        DType.INT32,
        DType.INT64,
        DType.UINT4,
        DType.UINT8,
        DType.UINT16,
        DType.UINT32,
        DType.UINT64,
    }
)


@cache
def _by_numpy() -> dict[np.dtype[Any], DType]:
    found: dict[np.dtype[Any], DType] = {}
    for dtype in DType:
        if dtype not in (DType.RESOURCE, DType.VARIANT):
            found.setdefault(dtype.numpy, dtype)
    return found


def limits_of(dtype: DType) -> tuple[int, int]:
    """The least and the greatest number of an integer type."""
    if dtype.title.startswith("u"):
        return 0, (1 << dtype.bits) - 1
    return -(1 << (dtype.bits - 1)), (1 << (dtype.bits - 1)) - 1


@dataclass(frozen=True, slots=True)
class TensorType:
    """An element type and a shape; a dimension of -1 is not known yet."""

    dtype: DType
    shape: Shape

    @property
    def is_static(self) -> bool:
        return all(dim >= 0 for dim in self.shape)

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements; only for static shapes."""
        size = 1
        for dim in self.shape:
            size *= dim
        return size

    @property
    def nbytes(self) -> int:
        """Bytes of the array that holds the elements (not of the file)."""
        return self.size * self.dtype.numpy.itemsize

    def __str__(self) -> str:
        dims = "x".join("?" if dim < 0 else str(dim) for dim in self.shape)
        return f"{self.dtype.title}[{dims}]"
