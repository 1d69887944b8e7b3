"""Rules of the error function of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts.error_function import erf, erfc

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@operation("Erf")
def _erf(call: Call) -> RuleResult:
    return erf(call, call.real(call.x))


@operation("Erfc")
def _erfc(call: Call) -> RuleResult:
    return erfc(call, call.real(call.x))
