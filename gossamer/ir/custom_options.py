"""Options of custom operators: FlexBuffers by name, in the types asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from gossamer.errors import FormatError
from gossamer.ir.flexbuffers import decode_map, encode
from gossamer.ir.op import Op, option_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


@dataclass(frozen=True, slots=True)
class CustomOperator(Op):
    """Base of custom operators whose options are a FlexBuffer map, name by field.

    A field without a default must be in the file; what else the file has is ignored.
    Override `from_bytes` and `to_bytes` for options in another form.
    """

    encoded: bytes = field(default=b"", compare=False, repr=False, kw_only=True)
    """The options as the file has them, which may be written in several ways."""

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        fields = {x.name: x.type for x in option_fields(cls) if x.name != "encoded"}
        name = cls.__name__
        found = converted(name, decode_map(data), fields)
        try:
            return cls(**found, encoded=data)
        except TypeError as error:
            raise FormatError(f"{name} lacks an option: {error}") from None

    def to_bytes(self) -> bytes:
        if self.encoded and type(self).from_bytes(self.encoded) == self:
            return self.encoded
        names = (each.name for each in option_fields(self))
        return encode(
            {name: getattr(self, name) for name in names if name != "encoded"}
        )


def converted(
    name: str, values: Mapping[str, Any], hints: Mapping[str, Any]
) -> dict[str, Any]:
    """The options that are asked for, in the types that are asked for.

    Args:
        name: the operator's.
        values: what the file has.
        hints: the annotation of each option that is asked for.

    Raises:
        FormatError: the file has a value of another type.
    """
    return {
        key: _as_hinted(f"option '{key}' of {name}", values[key], hint)
        for key, hint in hints.items()
        if key in values
    }


_KINDS: dict[str, tuple[type[Any], ...]] = {
    "float": (float, int),
    "int": (int,),
    "bool": (bool, int),
    "str": (str,),
    "bytes": (bytes,),
}


def _as_hinted(what: str, value: Any, hint: Any) -> Any:
    """An option in the type that it is annotated with; others stay as they are."""
    text: str = hint.__name__ if isinstance(hint, type) else str(hint)
    outer = text.partition("[")[0].strip()
    if outer == "tuple" and isinstance(value, list):
        return tuple(cast("list[Any]", value))
    if outer not in _KINDS:
        return value
    if not isinstance(value, _KINDS[outer]):
        raise FormatError(f"{what} is {value!r}, not a value of type {outer}")
    return _KINDS[outer][0](value)
