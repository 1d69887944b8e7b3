"""Arithmetic that is known while a nest is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.nest.expr import Value


def fold_binary(op: str, left: Value, right: Value) -> Value | int | None:
    """The result where it is known or one of the operands; None otherwise.

    Only for whole numbers: float arithmetic is never reordered or dropped.
    """
    if left.kind.is_float:
        return None
    one, two = left.constant, right.constant
    if one is not None and two is not None:
        return _whole(op, int(one), int(two))
    if two is not None:
        return _with_constant(op, left, int(two))
    if one is not None and op in ("add", "mul"):
        return _with_constant(op, right, int(one))
    return None


def _with_constant(op: str, value: Value, number: int) -> Value | int | None:
    if number == 0:
        if op in ("add", "sub", "or", "xor", "shl", "ashr", "lshr"):
            return value
        return 0 if op in ("mul", "and") else None
    if number == 1 and op in ("mul", "udiv"):
        return value
    return None


def _whole(op: str, one: int, two: int) -> int | None:
    match op:
        case "add":
            return one + two
        case "sub":
            return one - two
        case "mul":
            return one * two
        case "udiv":
            return one // two if two else None
        case "urem":
            return one % two if two else None
        case "smin":
            return min(one, two)
        case "smax":
            return max(one, two)
        case _:
            return None
