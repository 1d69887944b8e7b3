"""Rules of the arithmetic of JAX: sums, products, powers, rounding, types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts.arithmetic import computed_in, remainder
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.bitcast import Bitcast
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.pow import Pow
from gossamer.ops.unary import Abs, Ceil, Floor, Neg, Round, Sign, Square

if TYPE_CHECKING:
    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_BINARY: dict[str, Op] = {
    "add": Add(),
    "add_any": Add(),
    "div": Div(),
    "max": Maximum(),
    "min": Minimum(),
    "mul": Mul(),
    "pow": Pow(),
    "sub": Sub(),
}
_UNARY: dict[str, Op] = {
    "abs": Abs(),
    "ceil": Ceil(),
    "floor": Floor(),
    "neg": Neg(),
    "sign": Sign(),
    "square": Square(),
}
_FLOAT_ONLY = frozenset({"sign", "square", "ceil", "floor"})


@primitive(*_BINARY)
def _binary(call: Call) -> RuleResult:
    for index in (0, 1):
        if _does_nothing(call, index):
            return call.loose(1 - index)
    inside = computed_in(call.dtype)
    left, right = call.loose(0, inside), call.loose(1, inside)
    return call.cast(call.emit(_BINARY[call.step.name], left, right), call.dtype)


_NEUTRAL = {"add": 0.0, "div": 1.0, "max": -np.inf, "min": np.inf, "mul": 1.0}


def _does_nothing(call: Call, index: int) -> bool:
    """Whether an operand leaves the other as it is, such as -inf in max(x, -inf)."""
    name = call.step.name
    if not call.dtype.is_float or call.is_known(1 - index):
        return False
    number = call.number(index)
    if number is None or number != _NEUTRAL.get(name):
        return False
    return name != "div" or index == 1


@primitive(*_UNARY)
def _unary(call: Call) -> RuleResult:
    name, dtype = call.step.name, call.dtype
    inside = computed_in(dtype)
    if name in _FLOAT_ONLY and not dtype.is_float:
        if name == "square":
            x = call.loose(0, inside)
            return call.cast(call.emit(Mul(), x, x), dtype)
        inside = DType.FLOAT32
    return call.cast(call.emit(_UNARY[name], call.loose(0, inside)), dtype)


@primitive("integer_pow")
def _integer_pow(call: Call) -> RuleResult:
    power = int(call.params["y"])
    x = call.loose(0, computed_in(call.dtype))
    y = _power(call, x, abs(power))
    if power < 0:
        y = call.emit(Div(), call.scalar("one", 1.0), y)
    return call.cast(y, call.dtype)


def _power(call: Call, x: Tensor, power: int) -> Tensor:
    """`x` to a whole power by squaring; to zero, ones of the shape of x."""
    if power == 0:
        zero = call.constant("zero", np.zeros((), x.dtype.numpy))
        one = call.constant("one", np.ones((), x.dtype.numpy))
        return call.emit(Add(), call.emit(Mul(), x, zero), one)
    result, square = None, x
    while power:
        if power & 1:
            result = square if result is None else call.emit(Mul(), result, square)
        power >>= 1
        if power:
            square = _squared(call, square)
    assert result is not None
    return result


def _squared(call: Call, x: Tensor) -> Tensor:
    return call.emit(Square(), x) if x.dtype.is_float else call.emit(Mul(), x, x)


@primitive("rem")
def _remainder(call: Call) -> RuleResult:
    inside = computed_in(call.dtype)
    pair = call.loose(0, inside), call.loose(1, inside)
    return call.cast(remainder(call, *pair), call.dtype)


@primitive("round")
def _round(call: Call) -> RuleResult:
    x = call.loose(0)
    if int(call.params["rounding_method"]) == 1:
        return call.emit(Round(), x)
    half = call.emit(Add(), call.emit(Abs(), x), call.scalar("half", 0.5))
    return call.emit(Mul(), call.emit(Sign(), x), call.emit(Floor(), half))


@primitive("clamp")
def _clamp(call: Call) -> RuleResult:
    """min(max(x, low), high); the operands are low, x, high."""
    inside = computed_in(call.dtype)
    low, x, high = (call.loose(index, inside) for index in range(3))
    y = call.emit(Minimum(), call.emit(Maximum(), x, low), high)
    return call.cast(y, call.dtype)


@primitive("convert_element_type")
def _convert(call: Call) -> RuleResult:
    return call.cast(call.loose(0), call.dtype)


@primitive("bitcast_convert_type")
def _bitcast(call: Call) -> RuleResult:
    kinds = {str(call.step.operands[0].dtype), str(call.step.results[0].dtype)}
    if kinds & {"float16", "bfloat16", "float64"}:
        raise Unsupported(
            f"it reads the bits of {' as '.join(sorted(kinds))}, and floats are "
            "computed in float32",
            "Compute in float32.",
        )
    return call.emit_as(call.result_shape(), Bitcast(), call.x, dtype=call.dtype)


@primitive(
    "copy",
    "copy_p",
    "device_put",
    "layout_constraint",
    "name",
    "optimization_barrier",
    "pvary",
    "reduce_precision",
    "reshard",
    "sharding_constraint",
    "stop_gradient",
)
def _same(call: Call) -> RuleResult:
    return [call.loose(index) for index in range(len(call.step.results))]


@primitive("debug_callback", "debug_print")
def _nothing(_call: Call) -> RuleResult:
    return []
