"""Rules of the exponentials, logarithms, roots and angles of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts import elementary
from gossamer.frontends.parts.sizes import spread_together
from gossamer.ops.atan2 import Atan2

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call

_FUNCTIONS = {
    "Arccos": elementary.acos,
    "Arccosh": elementary.acosh,
    "Arcsin": elementary.asin,
    "Arcsinh": elementary.asinh,
    "Arctan": elementary.atan,
    "Arctanh": elementary.atanh,
    "Cbrt": elementary.cube_root,
    "Cosh": elementary.cosh,
    "Exp2": elementary.exp2,
    "Expm1": elementary.expm1,
    "Log10": elementary.log10,
    "Log1p": elementary.log1p,
    "Log2": elementary.log2,
    "Sinh": elementary.sinh,
    "Tan": elementary.tan,
}


@operation(*_FUNCTIONS)
def _function(call: Call) -> RuleResult:
    return _FUNCTIONS[type(call.operation).__name__](call, call.real(call.x))


@operation("Arctan2")
def _angle(call: Call) -> RuleResult:
    pair = [call.argument(name, call.dtype) for name in ("x1", "x2")]
    return call.emit(Atan2(), *spread_together(call, *pair))
