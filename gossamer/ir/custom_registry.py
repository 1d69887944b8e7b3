"""Custom operators: those outside the schema, which files know by a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, dataclass_transform

from gossamer.ir.op import CUSTOM_CODE, Custom, Op, OpClass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Declared(Protocol):
    """What makes a custom operator of the options in a file: its class, as a rule."""

    def from_bytes(self, data: bytes, /) -> Op:
        """The operator with these options; see `Op.from_bytes`."""
        ...


_custom: dict[str, Declared] = {}
_of_users: set[str] = set()


@dataclass_transform(frozen_default=True)
def custom_operator(name: str) -> Callable[[type[OpClass]], type[OpClass]]:
    """Declare a class as the operator that files call `name`, outside the schema.

    `from_bytes` and `to_bytes` read and write its options; where other bytes may mean
    the same options, the class keeps the bytes.
    """

    def declare(cls: type[OpClass]) -> type[OpClass]:
        return declare_custom(name, cls)

    return declare


DeclaredAny = TypeVar("DeclaredAny", bound="type[Op] | Declared")


def declare_custom(
    name: str, meaning: DeclaredAny, *, replace: bool = False
) -> DeclaredAny:
    """Declare a class, or what makes operators in its place, as a custom operator.

    With `replace` it is a user's, which comes before one that Gossamer has.
    """
    if name in _custom and not replace and name not in _of_users:
        raise ValueError(f"the custom operator {name} is declared twice")
    made: Any = meaning
    if isinstance(meaning, type):
        made = dataclass(frozen=True, slots=True)(meaning)
        for attribute, value in (
            ("name", name),
            ("code", CUSTOM_CODE),
            ("options", None),
        ):
            setattr(made, attribute, value)
    if replace:
        _of_users.add(name)
    if replace or name not in _of_users:
        _custom[name] = made
    return made


def custom_of_users() -> frozenset[str]:
    """The names of the custom operators that users declared for this process."""
    return frozenset(_of_users)


def registered_custom() -> Mapping[str, Declared]:
    """Every declared custom operator by name."""
    return _custom


def custom_of(
    name: str, data: bytes, declared: Mapping[str, Declared] | None = None
) -> Op:
    """The custom operator `name` with its options; `Custom` where none is declared.

    `declared` are operators that come before those that everyone has.

    Raises:
        FormatError: the bytes are not the declared operator's options.
    """
    found = (declared or {}).get(name) or _custom.get(name)
    return Custom(name, data) if found is None else found.from_bytes(data)
