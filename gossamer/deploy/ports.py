"""What a library tells of itself: the tensors that go in and come out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gossamer.errors import UnsupportedError
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Shape

C_TYPES = {
    DType.FLOAT32: "float",
    DType.FLOAT64: "double",
    DType.FLOAT16: "uint16_t",
    DType.BFLOAT16: "uint16_t",
    DType.INT8: "int8_t",
    DType.UINT8: "uint8_t",
    DType.INT16: "int16_t",
    DType.UINT16: "uint16_t",
    DType.INT32: "int32_t",
    DType.UINT32: "uint32_t",
    DType.INT64: "int64_t",
    DType.UINT64: "uint64_t",
    DType.BOOL: "uint8_t",
}
"""Element types in C; 16-bit floats are their bits, a truth value is 0 or 1."""


@dataclass(frozen=True, slots=True)
class Port:
    """A tensor that goes in or comes out.

    Attributes:
        name: the tensor's name in the model.
        key: its name in the model's signature; the same where there is none.
        dtype: such as `float32`.
        shape: its sizes.
        scale: of the quantization; 0 where there is none.
        zero_point: likewise.
    """

    name: str
    key: str
    dtype: str
    shape: Shape
    scale: float
    zero_point: int

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Port:
        """What `asdict` made of one."""
        found["shape"] = tuple(found["shape"])
        return cls(**found)

    @property
    def c_type(self) -> str:
        return C_TYPES[DType[self.dtype.upper()]]

    @property
    def count(self) -> int:
        """Elements."""
        total = 1
        for size in self.shape:
            total *= size
        return total

    @property
    def nbytes(self) -> int:
        return self.count * DType[self.dtype.upper()].numpy.itemsize


@dataclass(frozen=True, slots=True)
class Interface:
    """All that a caller of a library has to know.

    Attributes:
        name: what the functions' names begin with.
        target: the device.
        memory_bytes: of the block of memory that a network needs.
        alignment: of that block, in bytes.
        inputs: in the model's order.
        outputs: in the model's order.
        errors: texts of the codes from 2 on.
    """

    name: str
    target: str
    memory_bytes: int
    alignment: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    errors: tuple[str, ...] = ()

    def as_json(self) -> str:
        """For programs that load a library without its header."""
        return json.dumps({"format": 1, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> Interface:
        """What `as_json` wrote."""
        found: dict[str, Any] = json.loads(text)
        found.pop("format")
        for key in ("inputs", "outputs"):
            found[key] = tuple(Port.from_dict(each) for each in found[key])
        found["errors"] = tuple(found["errors"])
        return cls(**found)


def ports(
    tensors: Sequence[Tensor], shapes: Sequence[Shape], keys: Mapping[str, Tensor]
) -> tuple[Port, ...]:
    """The ports of a graph's inputs or outputs, whose names a signature may give.

    Raises:
        UnsupportedError: C has no type for the elements of one.
    """
    named = {tensor: key for key, tensor in keys.items()}
    return tuple(
        _port(tensor, named.get(tensor, tensor.name), shape)
        for tensor, shape in zip(tensors, shapes, strict=True)
    )


def _port(tensor: Tensor, key: str, shape: Shape) -> Port:
    if tensor.dtype not in C_TYPES:
        raise UnsupportedError(
            f"'{tensor.name}' is of type {tensor.dtype.title}, for which C has no "
            "type; a library takes and gives numbers and truth values"
        )
    quantization = tensor.quantization
    pair = 0.0, 0
    if quantization is not None and quantization.is_set:
        pair = quantization.pair()
    return Port(tensor.name, key, tensor.dtype.title, tuple(shape), *pair)
