"""Rules of comparisons, logic and choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts import bits
from gossamer.frontends.parts.arithmetic import computed_in
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Mul
from gossamer.ops.compare import (
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    NotEqual,
)
from gossamer.ops.select import SelectV2
from gossamer.ops.unary import Abs

if TYPE_CHECKING:
    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_COMPARISONS: dict[str, Op] = {
    "eq": Equal(),
    "eq_to": Equal(),
    "ge": GreaterEqual(),
    "gt": Greater(),
    "le": LessEqual(),
    "le_to": LessEqual(),
    "lt": Less(),
    "lt_to": Less(),
    "ne": NotEqual(),
}
_LOGICAL = {"and": bits.both, "or": bits.either, "xor": bits.differing}


@primitive(*_COMPARISONS)
def _comparison(call: Call) -> RuleResult:
    inside = computed_in(call.operand_dtype())
    left, right = call.loose(0, inside), call.loose(1, inside)
    return call.emit(_COMPARISONS[call.step.name], left, right)


@primitive(*_LOGICAL)
def _logical(call: Call) -> RuleResult:
    return _LOGICAL[call.step.name](call, call.loose(0), call.loose(1))


@primitive("not")
def _not(call: Call) -> RuleResult:
    return bits.inverted(call, call.loose(0))


@primitive("shift_right_arithmetic", "shift_right_logical")
def _shift_right(call: Call) -> RuleResult:
    is_signed = not call.dtype.title.startswith("u")
    if is_signed == (call.step.name == "shift_right_arithmetic"):
        return bits.shifted_right(call, call.loose(0), call.loose(1))
    raise Unsupported(
        f"'{call.step.name}' of {call.dtype.title} has no operator",
        "Divide by a power of two.",
    )


@primitive("shift_left")
def _shift_left(call: Call) -> RuleResult:
    places = call.known(1)
    if places is None:
        return bits.shifted_left(call, call.loose(0), call.loose(1))
    inside = computed_in(call.dtype)
    factor = call.constant(
        "factor", (1 << places.astype(np.int64)).astype(inside.numpy)
    )
    return call.cast(call.emit(Mul(), call.loose(0, inside), factor), call.dtype)


@primitive("is_finite")
def _is_finite(call: Call) -> RuleResult:
    """|x| < infinity, which is false of what is no number too."""
    size = call.emit(Abs(), call.loose(0))
    return call.emit(Less(), size, call.scalar("infinity", np.inf))


@primitive("select_n")
def _select(call: Call) -> RuleResult:
    """The operand after the first that the first counts to."""
    number = call.number(0)
    if number is not None:
        return call.loose(1 + int(number))
    which = call.loose(0)
    cases = [call.loose(index) for index in range(1, len(call.step.operands))]
    if which.dtype is DType.BOOL and len(cases) == 2:
        return _choice(call, which, cases[1], cases[0])
    chosen = cases[-1]
    for index in range(len(cases) - 2, -1, -1):
        number = call.constant("case", np.array(index, which.dtype.numpy))
        is_here = call.emit(Equal(), which, number)
        chosen = _choice(call, is_here, cases[index], chosen)
    return chosen


def _choice(call: Call, condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    return call.emit(SelectV2(), condition, yes, no)
