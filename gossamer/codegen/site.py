"""An instruction about to be printed: its operands' text, types and the printer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.codegen.llvm import Printer
    from gossamer.nest.expr import Kind, Value

_SCALAR = {"f16": "half", "f32": "float", "f64": "double"}


def type_text(kind: Kind) -> str:
    scalar = _SCALAR.get(kind.base, kind.base)
    return scalar if kind.lanes == 1 else f"<{kind.lanes} x {scalar}>"


def suffix(kind: Kind) -> str:
    return kind.base if kind.lanes == 1 else f"v{kind.lanes}{kind.base}"


def call(
    printer: Printer, result: str, kind: Kind, name: str, arguments: Sequence[str]
) -> None:
    """Print a call of an intrinsic whose arguments are given with their types."""
    types = ", ".join(argument.rsplit(" ", 1)[0] for argument in arguments)
    printer.declare(f"declare {type_text(kind)} @{name}({types})")
    printer.line(f"  {result} = call {type_text(kind)} @{name}({', '.join(arguments)})")


def typed(kind: Kind, texts: Sequence[str]) -> list[str]:
    return [f"{type_text(kind)} {text}" for text in texts]


@dataclass(frozen=True, slots=True)
class Site:
    """An instruction to be printed, with its operands' text."""

    printer: Printer
    result: Value
    operands: Sequence[Value]
    texts: Sequence[str]
    attribute: object
    own: str = ""
    """The result's name, where it is not one of the kernel's values."""

    @property
    def name(self) -> str:
        """The result's name."""
        return self.own or f"%v{self.result.number}"

    def value(self, text: str) -> None:
        """Print the instruction that computes the result."""
        self.printer.line(f"  {self.name} = {text}")
