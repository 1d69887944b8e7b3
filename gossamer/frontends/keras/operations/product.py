"""Rules of the operations of `keras.ops` that sum products."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import as_list, flatten
from gossamer.frontends.parts.arithmetic import multiplied, number_in
from gossamer.frontends.parts.einsum import Operand, einsum
from gossamer.frontends.parts.equation import parsed
from gossamer.frontends.parts.shaping import reshape
from gossamer.ir.graph import Tensor
from gossamer.ops.batch_matmul import BatchMatMul

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.types import DType


def operand(call: Call, value: Any, dtype: DType) -> Any:
    """A tensor in `dtype`, or a constant array; a variable of that type stays itself.

    What stays itself is stored once, however often the model uses it.
    """
    if isinstance(value, Tensor):
        return call.cast(value, dtype)
    array = to_numpy(value)
    is_kept = array.dtype == dtype.numpy and hasattr(value, "shape")
    return value if is_kept else array.astype(dtype.numpy)


def _both(call: Call) -> tuple[Any, Any]:
    dtype = number_in(call.dtype)
    left, right = (operand(call, call.arguments[name], dtype) for name in ("x1", "x2"))
    return left, right


def _rank(value: Any) -> int:
    return value.type.rank if isinstance(value, Tensor) else len(value.shape)


@operation("Einsum")
def _einsum(call: Call) -> RuleResult:
    values = [operand(call, x, call.dtype) for x in as_list(call.arguments["operands"])]
    equation = parsed(call.operation.subscripts, [_rank(x) for x in values])
    sides = [Operand(x, y) for x, y in zip(values, equation.operands, strict=True)]
    return einsum(call, sides, equation.result)


@operation("Matmul")
def _matmul(call: Call) -> RuleResult:
    """A product with a constant matrix is FULLY_CONNECTED, any other BATCH_MATMUL."""
    left, right = _both(call)
    ranks = _rank(left), _rank(right)
    has_rows = isinstance(right, Tensor) or ranks[1] != 2
    if min(ranks) >= 2 and has_rows and call.dtype.is_float:
        return call.emit(BatchMatMul(), *(_tensor(call, x) for x in (left, right)))
    lead = string.ascii_lowercase[2 : max(ranks)]
    first = "k" if ranks[0] == 1 else lead[len(lead) - ranks[0] + 2 :] + "mk"
    second = "k" if ranks[1] == 1 else lead[len(lead) - ranks[1] + 2 :] + "kn"
    rows = "m" if ranks[0] > 1 else ""
    columns = "n" if ranks[1] > 1 else ""
    return _pair(call, left, right, (first, second, lead + rows + columns))


def _tensor(call: Call, value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else call.weight("matrix", value)


def _pair(
    call: Call, left: Any, right: Any, letters: tuple[str, str, str]
) -> RuleResult:
    sides = [Operand(left, letters[0]), Operand(right, letters[1])]
    return call.cast(einsum(call, sides, letters[2]), call.dtype)


def _contracted(
    call: Call, left: Any, right: Any, axes: tuple[list[int], list[int]]
) -> RuleResult:
    """Sum over pairs of axes; the result has the other axes, the left side's first."""
    ranks = _rank(left), _rank(right)
    names = string.ascii_letters
    first = list(names[: ranks[0]])
    second = list(names[ranks[0] : sum(ranks)])
    for one, other in zip(*axes, strict=True):
        second[axis_of(other, ranks[1])] = first[axis_of(one, ranks[0])]
    result = [x for x in (*first, *second) if (x in first) != (x in second)]
    letters = ("".join(first), "".join(second), "".join(result))
    return _pair(call, left, right, letters)


@operation("Dot")
def _dot(call: Call) -> RuleResult:
    """The last axis of one, and the last but one of the other or its only one."""
    left, right = _both(call)
    if not min(_rank(left), _rank(right)):
        return multiplied(call, left, right)
    return _contracted(call, left, right, ([-1], [-2 if _rank(right) > 1 else -1]))


@operation("Inner")
def _inner(call: Call) -> RuleResult:
    left, right = _both(call)
    if not min(_rank(left), _rank(right)):
        return multiplied(call, left, right)
    return _contracted(call, left, right, ([-1], [-1]))


@operation("Tensordot")
def _tensordot(call: Call) -> RuleResult:
    left, right = _both(call)
    axes: Any = call.operation.axes
    if isinstance(axes, int):
        rank = _rank(left)
        pairs = list(range(rank - axes, rank)), list(range(axes))
    else:
        first, second = (flatten(side) for side in axes)
        pairs = [int(axis) for axis in first], [int(axis) for axis in second]
    return _contracted(call, left, right, pairs)


@operation("Vdot")
def _vdot(call: Call) -> RuleResult:
    left, right = (_flat(call, side) for side in _both(call))
    return _contracted(call, left, right, ([0], [0]))


@operation("Outer")
def _outer(call: Call) -> RuleResult:
    left, right = (_flat(call, side) for side in _both(call))
    return _contracted(call, left, right, ([], []))


def _flat(call: Call, value: Any) -> Any:
    if isinstance(value, Tensor):
        return reshape(call, value, (-1,))
    return to_numpy(value).reshape(-1)
