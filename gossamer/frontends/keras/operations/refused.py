"""Operations of `keras.ops` that have no operators, with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from gossamer.frontends.keras.registry import operation
from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an operation cannot be expressed, and what the user can do."""

    reason: str
    remedy: str


REFUSED: dict[str, Refusal] = {}
"""By class name."""


def _refuse(name: str, refusal: Refusal) -> None:
    def rule(_call: Call) -> NoReturn:
        raise Unsupported(refusal.reason, refusal.remedy)

    rule.__doc__ = refusal.reason
    operation(name, kind="refused")(rule)


for _name, _refusal in REFUSED.items():
    _refuse(_name, _refusal)
