"""Rules of the arithmetic of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.keras.framework import dtype_of, to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts.arithmetic import number_in, remainder
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.compare import (
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    NotEqual,
)
from gossamer.ops.floor_div import FloorDiv, FloorMod
from gossamer.ops.logical import LogicalAnd, LogicalNot, LogicalOr
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.pow import Pow
from gossamer.ops.select import SelectV2
from gossamer.ops.unary import (
    Abs,
    Ceil,
    Cos,
    Exp,
    Floor,
    Log,
    Neg,
    Round,
    Rsqrt,
    Sign,
    Sin,
    Sqrt,
    Square,
)

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.op import Op

_BINARY: dict[str, Op] = {
    "Add": Add(),
    "Divide": Div(),
    "FloorDivide": FloorDiv(),
    "Maximum": Maximum(),
    "Minimum": Minimum(),
    "Mod": FloorMod(),
    "Multiply": Mul(),
    "Power": Pow(),
    "Subtract": Sub(),
    "TrueDivide": Div(),
}
_WHOLE = frozenset({"Abs", "Absolute", "Negative", "Sign", "Square"})
_COMPARISONS: dict[str, Op] = {
    "Equal": Equal(),
    "Greater": Greater(),
    "GreaterEqual": GreaterEqual(),
    "Less": Less(),
    "LessEqual": LessEqual(),
    "NotEqual": NotEqual(),
}
_LOGICAL: dict[str, Op] = {"LogicalAnd": LogicalAnd(), "LogicalOr": LogicalOr()}
_UNARY: dict[str, Op] = {
    "Absolute": Abs(),
    "Abs": Abs(),
    "Ceil": Ceil(),
    "Cos": Cos(),
    "Exp": Exp(),
    "Floor": Floor(),
    "Log": Log(),
    "Negative": Neg(),
    "Rsqrt": Rsqrt(),
    "Sign": Sign(),
    "Sin": Sin(),
    "Sqrt": Sqrt(),
    "Square": Square(),
}


def _name(call: Call) -> str:
    return type(call.operation).__name__


@operation(*_BINARY)
def _binary(call: Call) -> RuleResult:
    left, right = _both(call)
    return call.cast(call.emit(_BINARY[_name(call)], left, right), call.dtype)


def _both(call: Call) -> tuple[Tensor, Tensor]:
    inside = number_in(call.dtype)
    return call.argument("x1", inside), call.argument("x2", inside)


@operation("Fmod")
def _remainder(call: Call) -> RuleResult:
    return call.cast(remainder(call, *_both(call)), call.dtype)


@operation(*_COMPARISONS)
def _comparison(call: Call) -> RuleResult:
    """One operator; LiteRT takes small whole numbers for quantized ones."""
    name = _name(call)
    dtype = _common_dtype(call.arguments["x1"], call.arguments["x2"])
    if dtype is not DType.BOOL or name not in ("Equal", "NotEqual"):
        dtype = number_in(dtype)
    left, right = call.argument("x1", dtype), call.argument("x2", dtype)
    return call.emit(_COMPARISONS[name], left, right)


def _common_dtype(left: Any, right: Any) -> DType:
    """A float if either side is; else the tensor's own type."""
    types = [
        x.dtype if isinstance(x, Tensor) else DType.of_numpy(to_numpy(x).dtype)
        for x in (left, right)
    ]
    if any(dtype.is_float for dtype in types):
        return DType.FLOAT32
    return types[0] if isinstance(left, Tensor) else types[1]


@operation(*_LOGICAL)
def _logical(call: Call) -> RuleResult:
    left = call.argument("x1", DType.BOOL)
    right = call.argument("x2", DType.BOOL)
    return call.emit(_LOGICAL[_name(call)], left, right)


@operation("LogicalNot")
def _not(call: Call) -> RuleResult:
    return call.emit(LogicalNot(), call.cast(call.x, DType.BOOL))


@operation(*_UNARY)
def _unary(call: Call) -> RuleResult:
    """One operator; of whole numbers where there are kernels for them."""
    name, dtype = _name(call), call.dtype
    if name in _WHOLE and not dtype.is_float:
        return _of_whole(call, name)
    return call.emit(_UNARY[name], call.cast(call.x, dtype))


def _of_whole(call: Call, name: str) -> Tensor:
    x = call.cast(call.x, number_in(call.dtype))
    if name == "Square":
        return call.cast(call.emit(Mul(), x, x), call.dtype)
    op = _UNARY[name]
    made = call.emit(op, call.real(x) if name == "Sign" else x)
    return call.cast(made, call.dtype)


@operation("Round")
def _round(call: Call) -> RuleResult:
    """ROUND; to decimals between two products, as NumPy does."""
    x = call.cast(call.x, call.dtype)
    decimals = int(getattr(call.operation, "decimals", 0))
    if not x.dtype.is_float and decimals >= 0:
        return x
    y = call.real(x)
    if not decimals:
        return call.emit(Round(), y)
    factor = call.scalar("factor", 10.0 ** abs(decimals))
    pair = (Mul(), Div()) if decimals > 0 else (Div(), Mul())
    whole = call.emit(Round(), call.emit(pair[0], y, factor))
    return call.cast(call.emit(pair[1], whole, factor), call.dtype)


@operation("Reciprocal")
def _reciprocal(call: Call) -> RuleResult:
    one = call.constant("one", np.float32(1))
    return call.emit(Div(), one, call.real(call.x))


@operation("Clip")
def _clip(call: Call) -> RuleResult:
    """MAXIMUM and MINIMUM, where there is a bound."""
    inside = number_in(call.dtype)
    y = call.cast(call.x, inside)
    for name, op in (("x_min", Maximum()), ("x_max", Minimum())):
        bound: Any = getattr(call.operation, name)
        if bound is None:
            continue
        limit = to_numpy(bound).astype(inside.numpy)
        y = call.emit(op, y, call.constant(name, limit))
    return call.cast(y, call.dtype)


@operation("Where")
def _where(call: Call) -> RuleResult:
    if call.arguments.get("x1") is None or call.arguments.get("x2") is None:
        raise Unsupported(
            "it asks for the indices of what is true, and their number is not known",
            "Give both values: keras.ops.where(condition, x, y).",
        )
    condition = call.argument("condition", DType.BOOL)
    chosen = call.argument("x1", call.dtype), call.argument("x2", call.dtype)
    return call.emit(SelectV2(), condition, *chosen)


@operation("Cast", "SaturateCast")
def _cast(call: Call) -> RuleResult:
    return call.cast(call.x, dtype_of(call.operation.dtype))
