"""Rules of the operations of `keras.ops` on bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts import bits
from gossamer.frontends.parts.arithmetic import number_in
from gossamer.frontends.parts.formula import Formula
from gossamer.frontends.parts.shaping import reshape
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType, TensorType
from gossamer.ops.bitcast import Bitcast
from gossamer.ops.compare import Equal, Less

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor

_BINARY = {
    "BitwiseAnd": bits.both,
    "BitwiseLeftShift": bits.shifted_left,
    "BitwiseOr": bits.either,
    "BitwiseRightShift": bits.shifted_right,
    "BitwiseXor": bits.differing,
    "LeftShift": bits.shifted_left,
    "RightShift": bits.shifted_right,
}
_UNSTORED = ("float16", "bfloat16", "float64")


@operation(*_BINARY)
def _binary(call: Call) -> RuleResult:
    name, dtype = type(call.operation).__name__, call.dtype
    inside = number_in(dtype) if name.endswith("Shift") else dtype
    left, right = call.argument("x", inside), call.argument("y", inside)
    return call.cast(_BINARY[name](call, left, right), dtype)


@operation("BitwiseInvert", "BitwiseNot")
def _invert(call: Call) -> RuleResult:
    return bits.inverted(call, call.x)


@operation("LogicalXor")
def _differ(call: Call) -> RuleResult:
    pair = call.argument("x1", DType.BOOL), call.argument("x2", DType.BOOL)
    return bits.differing(call, *pair)


@operation("Signbit")
def _sign_bit(call: Call) -> RuleResult:
    """BITCAST to a whole number, which also tells -0 from 0."""
    x = call.cast(call.x, number_in(call.x.dtype))
    if x.dtype.is_float:
        x = bits.same_bits(call, x, DType.INT32)
    return call.emit(Less(), x, call.constant("zero", np.zeros((), x.dtype.numpy)))


@operation("Nextafter")
def _next(call: Call) -> RuleResult:
    """One more or less than the bits of x as a whole number; around 0, the least."""
    x, y = (Formula(call, call.argument(name, call.dtype)) for name in ("x1", "x2"))
    is_up = y > x
    away = is_up.of(Equal(), x > 0)
    whole = Formula(call, bits.same_bits(call, x.tensor, DType.INT32))
    one, minus_one = (_number(call, n, np.int32) for n in (1, -1))
    moved = whole + away.choose(one, minus_one)
    result = Formula(call, bits.same_bits(call, moved.tensor, DType.FLOAT32))
    least = float(np.finfo(np.float32).smallest_subnormal)
    below, above = (_number(call, n, np.float32) for n in (-least, least))
    result = x.equals(0).choose(is_up.choose(above, below), result)
    is_there = y.equals(x)
    is_number = y.equals(y)
    return is_number.choose(is_there.choose(y, result), y).tensor


def _number(call: Call, value: float, dtype: type[np.generic]) -> Formula:
    return Formula(call, call.constant("number", np.array(value, dtype)))


@operation("View")
def _view(call: Call) -> RuleResult:
    """BITCAST, which adds or takes a last axis where elements change their size."""
    x, dtype = call.x, call.dtype
    named = call.operation.dtype or dtype.title
    if str(named) in _UNSTORED or dtype is DType.BOOL or x.dtype is DType.BOOL:
        raise Unsupported(
            f"it reads the bits of {x.dtype.title} as {named}",
            "View float32 and whole numbers only; floats are computed in float32.",
        )
    *front, last = dims(x) or (1,)
    if x.dtype.bits >= dtype.bits:
        ratio = x.dtype.bits // dtype.bits
        if ratio == 1:
            return bits.same_bits(call, x, dtype)
        y = _cast(call, x, (*front, last, ratio), dtype)
        return reshape(call, y, (*front, last * ratio if last >= 0 else -1))
    ratio = dtype.bits // x.dtype.bits
    count = last // ratio if last >= 0 else -1
    return _cast(call, reshape(call, x, (*front, count, ratio)), (*front, count), dtype)


def _cast(call: Call, x: Tensor, shape: tuple[int, ...], dtype: DType) -> Tensor:
    types, names = (TensorType(dtype, shape),), (f"{call.path}/bitcast",)
    return call.builder.nodes(Bitcast(), x, names=names, types=types)[0]
