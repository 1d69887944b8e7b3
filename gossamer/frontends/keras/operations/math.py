"""Rules of the arithmetic of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.keras.framework import dtype_of, to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
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
    "Maximum": Maximum(),
    "Minimum": Minimum(),
    "Multiply": Mul(),
    "Power": Pow(),
    "Subtract": Sub(),
    "TrueDivide": Div(),
}
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
    "Round": Round(),
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
    left = call.argument("x1", call.dtype)
    right = call.argument("x2", call.dtype)
    return call.emit(_BINARY[_name(call)], left, right)


@operation(*_COMPARISONS)
def _comparison(call: Call) -> RuleResult:
    dtype = _common_dtype(call.arguments["x1"], call.arguments["x2"])
    left, right = call.argument("x1", dtype), call.argument("x2", dtype)
    return call.emit(_COMPARISONS[_name(call)], left, right)


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
    if _name(call) == "Round" and getattr(call.operation, "decimals", 0):
        raise Unsupported("it rounds to decimals", "Scale, round and scale back.")
    return call.emit(_UNARY[_name(call)], call.cast(call.x, call.dtype))


@operation("Reciprocal")
def _reciprocal(call: Call) -> RuleResult:
    one = call.constant("one", np.float32(1))
    return call.emit(Div(), one, call.real(call.x))


@operation("Clip")
def _clip(call: Call) -> RuleResult:
    low = call.constant(
        "x_min", to_numpy(call.operation.x_min).astype(call.dtype.numpy)
    )
    high = call.constant(
        "x_max", to_numpy(call.operation.x_max).astype(call.dtype.numpy)
    )
    above = call.emit(Maximum(), call.cast(call.x, call.dtype), low)
    return call.emit(Minimum(), above, high)


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
