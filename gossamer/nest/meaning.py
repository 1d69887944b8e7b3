"""What each operator of the loop language computes, in NumPy.

Scalars are NumPy scalars, vectors arrays of lanes; integers wrap around. A pointer is
(buffer, bytes from its start).
"""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.nest.stmt import SHORT_ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.nest.expr import Kind
    from gossamer.nest.stmt import Instruction

Compute: TypeAlias = "Callable[..., Any]"
_DTYPES: Mapping[str, np.dtype[Any]] = {
    "i1": np.dtype(np.bool_),
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "f16": np.dtype(np.float16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
}
_UNSIGNED: Mapping[Any, np.dtype[Any]] = {
    np.dtype(np.int8): np.dtype(np.uint8),
    np.dtype(np.int16): np.dtype(np.uint16),
    np.dtype(np.int32): np.dtype(np.uint32),
    np.dtype(np.int64): np.dtype(np.uint64),
}


_where: Compute = np.where


def constant_of(number: float, kind: Kind) -> Any:
    """A number as a value of `kind`; integers keep their low bits."""
    dtype = _DTYPES[kind.base]
    if kind.is_float:
        scalar = np.array(number, dtype)[()]
    else:
        low = int(number) & ((1 << 8 * kind.bytes) - 1)
        scalar = np.array(low, np.uint64).astype(dtype)[()]
    return scalar if kind.lanes == 1 else np.full(kind.lanes, scalar)


def computation(instruction: Instruction) -> Compute:
    """What an instruction does with the values of its operands.

    Raises:
        ValueError: there is no such operator.
    """
    op = instruction.op
    if op in _PLAIN:
        return _PLAIN[op]
    if op not in _MADE:
        raise ValueError(f"the loop language has no operator '{op}'")
    return _MADE[op](instruction)


def _without_sign(compute: Compute) -> Compute:
    """The same on operands without a sign; the result keeps the operands' type."""

    def run(left: Any, right: Any) -> Any:
        dtype = _UNSIGNED[left.dtype]
        return compute(left.view(dtype), right.view(dtype)).view(left.dtype)

    return run


def _unsigned_less(left: Any, right: Any) -> Any:
    dtype = _UNSIGNED[left.dtype]
    return left.view(dtype) < right.view(dtype)


def _fused(left: Any, right: Any, addend: Any) -> Any:
    """`left * right + addend` in one rounding.

    The product of two float32 is exact in float64. Their sum there is rounded to odd,
    which the second rounding, to float32, then cannot tell from the exact sum.
    """
    if left.dtype == np.float64:
        exact = left.astype(np.longdouble) * right + addend
        return exact.astype(np.float64)
    product, third = left.astype(np.float64) * right, addend.astype(np.float64)
    total = product + third
    part = total - product
    error = (product - (total - part)) + (third - part)
    is_even = total.view(np.int64) & 1 == 0
    odd = np.nextafter(total, np.copysign(np.inf, error))
    moves = is_even & (error != 0) & np.isfinite(total)
    return _where(moves, odd, total).astype(left.dtype)[()]


def _less(left: Any, right: Any) -> Any:
    return _where(left < right, left, right)[()]


def _greater(left: Any, right: Any) -> Any:
    return _where(left > right, left, right)[()]


def _quads(total: Any, unsigned: Any, signed: Any) -> Any:
    left: Any = unsigned.view(np.uint8).astype(np.int32)
    products: Any = left * signed.view(np.int8)
    return total + products.reshape(-1, 4).sum(axis=1, dtype=np.int32)


def _signed_quads(total: Any, left: Any, right: Any) -> Any:
    products: Any = left.view(np.int8).astype(np.int32) * right.view(np.int8)
    return total + products.reshape(-1, 4).sum(axis=1, dtype=np.int32)


def _short_quads(total: Any, left: Any, right: Any) -> Any:
    """`right` holds pairs of bytes in an order of its own: `SHORT_ORDER`."""
    pairs: Any = np.empty(len(SHORT_ORDER), np.int16)
    pairs[list(SHORT_ORDER)] = right.view(np.int16)
    return _signed_quads(total, left, pairs.view(np.int32))


def _pairs(left: Any, right: Any) -> Any:
    wide: Any = np.atleast_1d(left).view(np.int16).astype(np.int32)
    products = wide * np.atleast_1d(right).view(np.int16)
    sums = products.reshape(-1, 2).sum(axis=1, dtype=np.int32)
    return sums if left.ndim else sums[0]


def _doubled_high(left: Any, right: Any) -> Any:
    product = left.astype(np.int64) * right + (1 << 30)
    return (product >> 31).astype(np.int32)


def _rounded_shift(value: Any, shift: Any) -> Any:
    wide = value.astype(np.int64) * 2 >> -shift.astype(np.int64)
    return ((wide + 1) >> 1).astype(np.int32)


def _narrow(value: Any) -> Any:
    return np.clip(value, -128, 127).astype(np.int8)


def _reciprocal(value: Any) -> Any:
    return (1 / value).astype(value.dtype)


def _inverse_root(value: Any) -> Any:
    return (1 / np.sqrt(value)).astype(value.dtype)


def _nearest(value: Any) -> Any:
    return np.rint(value).astype(np.int32)


def _pack(*vectors: Any) -> Any:
    blocks = [vector.reshape(-1, 4) for vector in vectors]
    return _narrow(np.stack(blocks, axis=1).reshape(-1))


def _look_up(*operands: Any) -> Any:
    *table, index = operands
    entries: Any = np.concatenate(table)
    return entries[index.view(np.uint8)]


def _more_pairs(total: Any, left: Any, right: Any) -> Any:
    return total + _pairs(left, right)


def _offset(pointer: Any, distance: Any) -> Any:
    buffer, start = pointer
    return buffer, start + int(distance)


def _prefetch(pointer: Any, index: Any) -> None:
    """Memory is asked for, not read: any address will do."""
    del pointer, index


def _same(pointer: Any) -> Any:
    return pointer


def _choose(condition: Any, yes: Any, no: Any) -> Any:
    return yes if condition else no


def _ready(name: str) -> Compute:
    return getattr(operator, name)


_PLAIN: Mapping[str, Compute] = {
    "abs": np.abs,
    "add": _ready("add"),
    "and": _ready("and_"),
    "ashr": _ready("rshift"),
    "ceil": np.ceil,
    "count": int,
    "div": _ready("truediv"),
    "dot_pairs": _pairs,
    "dot_pairs_more": _more_pairs,
    "dot_quads": _quads,
    "dot_short_quads": _short_quads,
    "dot_signed_quads": _signed_quads,
    "doubled_high": _doubled_high,
    "eq": _ready("eq"),
    "floor": np.floor,
    "estimate_inverse_root": _inverse_root,
    "estimate_reciprocal": _reciprocal,
    "fma": _fused,
    "ge": _ready("ge"),
    "gt": _ready("gt"),
    "le": _ready("le"),
    "look_up": _look_up,
    "lshr": _without_sign(_ready("rshift")),
    "lt": _ready("lt"),
    "max": _greater,
    "min": _less,
    "mul": _ready("mul"),
    "narrow": _narrow,
    "ne": _ready("ne"),
    "nearest": _nearest,
    "neg": _ready("neg"),
    "offset": _offset,
    "opaque": _same,
    "or": _ready("or_"),
    "pack": _pack,
    "peak": np.max,
    "prefetch": _prefetch,
    "rint": np.rint,
    "rounded_shift": _rounded_shift,
    "shl": _ready("lshift"),
    "smax": np.maximum,
    "smin": np.minimum,
    "sqrt": np.sqrt,
    "sub": _ready("sub"),
    "trunc": np.trunc,
    "udiv": _without_sign(_ready("floordiv")),
    "ult": _unsigned_less,
    "umax": _without_sign(np.maximum),
    "umin": _without_sign(np.minimum),
    "urem": _without_sign(_ready("mod")),
    "xor": _ready("xor"),
}
"""Operators that need to know nothing but the values."""


def _kind(instruction: Instruction) -> Kind:
    assert instruction.result is not None
    return instruction.result.kind


def _select(instruction: Instruction) -> Compute:
    return _where if instruction.operands[0].kind.lanes > 1 else _choose


def _convert(instruction: Instruction) -> Compute:
    kind = _kind(instruction)
    dtype = _DTYPES[kind.base]

    def run(value: Any) -> Any:
        return value.astype(dtype)

    def low_bit(value: Any) -> Any:
        return (value & 1).astype(dtype)

    return low_bit if kind.base == "i1" else run


def _widen(instruction: Instruction) -> Compute:
    source = _DTYPES[instruction.operands[0].kind.base]
    between, dtype = _UNSIGNED.get(source, source), _DTYPES[_kind(instruction).base]

    def run(value: Any) -> Any:
        return value.view(between).astype(dtype)

    return run


def _bits(instruction: Instruction) -> Compute:
    kind = _kind(instruction)
    dtype = _DTYPES[kind.base]

    def run(value: Any) -> Any:
        seen = np.atleast_1d(value).view(dtype)
        return seen if kind.lanes > 1 else seen[0]

    return run


def _splat(instruction: Instruction) -> Compute:
    return partial(np.full, _kind(instruction).lanes)


def _extract(instruction: Instruction) -> Compute:
    return operator.itemgetter(instruction.attribute)


def _shuffle(instruction: Instruction) -> Compute:
    order = np.array(instruction.attribute, np.intp)

    def run(left: Any, right: Any) -> Any:
        both: Any = np.concatenate((left, right))
        return both[order]

    return run


def _sum(instruction: Instruction) -> Compute:
    return partial(np.sum, dtype=_DTYPES[_kind(instruction).base])


def _load(instruction: Instruction) -> Compute:
    kind, valid = _kind(instruction), instruction.attribute
    dtype, lanes = _DTYPES[kind.base], kind.lanes
    count = lanes if valid is None else valid
    assert isinstance(count, int)

    def scalar(pointer: Any, index: Any) -> Any:
        return _view(dtype, 1, pointer, index)[0]

    def vector(pointer: Any, index: Any) -> Any:
        lanes_ = np.zeros(lanes, dtype)
        lanes_[:count] = _view(dtype, count, pointer, index)
        return lanes_

    return scalar if lanes == 1 else vector


def _store(instruction: Instruction) -> Compute:
    kind, valid = instruction.operands[0].kind, instruction.attribute
    dtype = _DTYPES[kind.base]
    count = kind.lanes if valid is None else valid
    assert isinstance(count, int)

    def run(value: Any, pointer: Any, index: Any) -> None:
        view = _view(dtype, count, pointer, index)
        view[:] = value if valid is None else value[:count]

    return run


def _local(instruction: Instruction) -> Compute:
    nbytes = instruction.attribute
    assert isinstance(nbytes, int)
    return lambda: (np.full(nbytes, 0xA5, np.uint8), 0)


def _view(dtype: np.dtype[Any], count: int, pointer: Any, index: Any) -> Any:
    """`count` elements of the memory at `pointer`, from element `index` on."""
    buffer, start = pointer
    first = start + int(index) * dtype.itemsize
    last = first + count * dtype.itemsize
    if first < 0 or last > len(buffer):
        raise IndexError(
            f"bytes {first} to {last} of a buffer of {len(buffer)} are accessed"
        )
    return buffer[first:last].view(dtype)


_MADE: Mapping[str, Callable[[Instruction], Compute]] = {
    "bits": _bits,
    "convert": _convert,
    "extract": _extract,
    "load": _load,
    "local": _local,
    "select": _select,
    "shuffle": _shuffle,
    "splat": _splat,
    "store": _store,
    "sum": _sum,
    "unsigned": _widen,
}
"""Operators that depend on kinds or on the attribute."""
