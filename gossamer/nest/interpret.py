"""Run a kernel in Python, to check what a compiler makes of it.

A scalar is a NumPy scalar, a vector an array of its lanes, a pointer a buffer with a
distance in bytes. Every access is checked against the buffer it starts from. Floats
are computed as written; `fma` rounds once, `sum` adds in an order of its own.
"""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.nest.stmt import If, Instruction, Kernel, Loop, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from gossamer.nest.expr import Kind, Value

    Slots: TypeAlias = list[Any]
    """The values of a kernel by their numbers; constants come behind."""
    Run: TypeAlias = Callable[[Slots], None]
    Compute: TypeAlias = Callable[..., Any]

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
_UNSIGNED = {np.dtype(f"i{size}"): np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


def interpret(
    kernel: Kernel, arguments: Sequence[npt.NDArray[np.uint8]], begin: int, end: int
) -> None:
    """Run the units of work from `begin` to `end`; written buffers change in place.

    Args:
        kernel: its parameters are pointers, then the two bounds.
        arguments: the bytes behind each pointer, as far as they may be touched.
        begin: the first unit of work.
        end: the unit behind the last one.

    Raises:
        IndexError: an access leaves the buffer that its pointer came from.
        ValueError: the arguments do not fit the parameters, or an unknown operator.
    """
    expected = len(kernel.parameters) - 2
    if len(arguments) != expected:
        raise ValueError(
            f"{kernel.name}: {len(arguments)} buffers; expected {expected}"
        )
    reader = _Reader()
    body = reader.block(kernel.body)
    pointers = [(buffer, 0) for buffer in arguments]
    given = [*pointers, np.int64(begin), np.int64(end)]
    for parameter, value in zip(kernel.parameters, given, strict=True):
        reader.slots[reader.slot(parameter)] = value
    with np.errstate(all="ignore"):
        body(reader.slots)


class _Reader:
    """Turns statements into functions over slots, one slot for every value."""

    def __init__(self) -> None:
        self.slots: Slots = []
        self._known: dict[tuple[Any, ...], int] = {}

    def slot(self, value: Value) -> int:
        """Where a value lies; a constant is there from the start."""
        constant = value.constant
        key = (value.number,) if constant is None else (value.kind, repr(constant))
        if key not in self._known:
            self._known[key] = len(self.slots)
            filling = None if constant is None else _constant(constant, value.kind)
            self.slots.append(filling)
        return self._known[key]

    def places(self, values: Sequence[Value]) -> list[int]:
        return [self.slot(value) for value in values]

    def block(self, statements: Sequence[Statement]) -> Run:
        runs = [self._statement(statement) for statement in statements]

        def run(slots: Slots) -> None:
            for one in runs:
                one(slots)

        return run

    def _statement(self, statement: Statement) -> Run:
        match statement:
            case Instruction():
                return self._instruction(statement)
            case Loop():
                return self._loop(statement)
            case If():
                return self._branch(statement)

    def _instruction(self, instruction: Instruction) -> Run:
        compute = _computation(instruction)
        places = self.places(instruction.operands)
        if instruction.result is None:
            return lambda slots: compute(*[slots[place] for place in places])
        return _assignment(compute, self.slot(instruction.result), places)

    def _loop(self, loop: Loop) -> Run:
        index, start, stop = self.places((loop.index, loop.start, loop.stop))
        initial, carried = self.places(loop.initial), self.places(loop.carried)
        results = self.places(loop.results)
        body = self.block(loop.body)
        yielded = self.places(loop.yielded)

        def run(slots: Slots) -> None:
            values = [slots[place] for place in initial]
            for position in range(int(slots[start]), int(slots[stop]), loop.step):
                slots[index] = np.int64(position)
                for place, value in zip(carried, values, strict=True):
                    slots[place] = value
                body(slots)
                values = [slots[place] for place in yielded]
            for place, value in zip(results, values, strict=True):
                slots[place] = value

        return run

    def _branch(self, statement: If) -> Run:
        condition = self.slot(statement.condition)
        yes, no = self.block(statement.body), self.block(statement.otherwise)
        return lambda slots: yes(slots) if slots[condition] else no(slots)


def _assignment(compute: Compute, result: int, places: Sequence[int]) -> Run:
    """`compute` from and into slots; the usual numbers of operands without a list."""
    if len(places) == 1:
        (only,) = places

        def one(slots: Slots) -> None:
            slots[result] = compute(slots[only])

        return one
    if len(places) == 2:
        left, right = places

        def two(slots: Slots) -> None:
            slots[result] = compute(slots[left], slots[right])

        return two

    def many(slots: Slots) -> None:
        slots[result] = compute(*[slots[place] for place in places])

    return many


def _constant(number: float, kind: Kind) -> Any:
    dtype = _DTYPES[kind.base]
    if not kind.is_float:
        number = int(number) & ((1 << 8 * kind.bytes) - 1)
        scalar = np.array(number, np.uint64).astype(dtype)[()]
    else:
        scalar = dtype.type(number)
    return scalar if kind.lanes == 1 else np.full(kind.lanes, scalar)


def _computation(instruction: Instruction) -> Compute:
    """What an instruction does with the values of its operands."""
    op = instruction.op
    plain = _PLAIN.get(op)
    if plain is not None:
        return plain
    make = _MADE.get(op)
    if make is None:
        raise ValueError(f"the loop language has no operator '{op}'")
    return make(instruction)


def _unsigned(compute: Compute) -> Compute:
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
    return np.where(moves, odd, total).astype(left.dtype)[()]


def _less(left: Any, right: Any) -> Any:
    return np.where(left < right, left, right)[()]


def _greater(left: Any, right: Any) -> Any:
    return np.where(left > right, left, right)[()]


def _quads(total: Any, unsigned: Any, signed: Any) -> Any:
    left = unsigned.view(np.uint8).astype(np.int32)
    products = left * signed.view(np.int8)
    return total + products.reshape(-1, 4).sum(axis=1, dtype=np.int32)


def _pairs(left: Any, right: Any) -> Any:
    products = left.view(np.int16).astype(np.int32) * right.view(np.int16)
    return products.reshape(-1, 2).sum(axis=1, dtype=np.int32)


def _narrow(value: Any) -> Any:
    return np.clip(value, -128, 127).astype(np.int8)


def _pack(*vectors: Any) -> Any:
    blocks = [vector.reshape(-1, 4) for vector in vectors]
    return _narrow(np.stack(blocks, axis=1).reshape(-1))


def _offset(pointer: Any, distance: Any) -> Any:
    buffer, start = pointer
    return buffer, start + int(distance)


def _prefetch(pointer: Any, index: Any) -> None:
    del pointer, index


_PLAIN: Mapping[str, Compute] = {
    "abs": np.abs,
    "add": operator.add,
    "and": operator.and_,
    "ashr": operator.rshift,
    "ceil": np.ceil,
    "div": operator.truediv,
    "dot_pairs": _pairs,
    "dot_quads": _quads,
    "eq": operator.eq,
    "floor": np.floor,
    "fma": _fused,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lshr": _unsigned(operator.rshift),
    "lt": operator.lt,
    "max": _greater,
    "min": _less,
    "mul": operator.mul,
    "narrow": _narrow,
    "ne": operator.ne,
    "neg": operator.neg,
    "offset": _offset,
    "or": operator.or_,
    "pack": _pack,
    "peak": np.max,
    "prefetch": _prefetch,
    "rint": np.rint,
    "shl": operator.lshift,
    "smax": np.maximum,
    "smin": np.minimum,
    "sqrt": np.sqrt,
    "sub": operator.sub,
    "trunc": np.trunc,
    "udiv": _unsigned(operator.floordiv),
    "ult": _unsigned_less,
    "umax": _unsigned(np.maximum),
    "umin": _unsigned(np.minimum),
    "urem": _unsigned(operator.mod),
    "xor": operator.xor,
}


def _kind(instruction: Instruction) -> Kind:
    assert instruction.result is not None
    return instruction.result.kind


def _select(instruction: Instruction) -> Compute:
    if instruction.operands[0].kind.lanes > 1:
        return np.where
    return lambda condition, yes, no: yes if condition else no


def _convert(instruction: Instruction) -> Compute:
    kind = _kind(instruction)
    dtype = _DTYPES[kind.base]
    if kind.base == "i1":
        return lambda value: (value & 1).astype(dtype)
    return lambda value: value.astype(dtype)


def _widen(instruction: Instruction) -> Compute:
    source = _DTYPES[instruction.operands[0].kind.base]
    between, dtype = _UNSIGNED.get(source, source), _DTYPES[_kind(instruction).base]
    return lambda value: value.view(between).astype(dtype)


def _bits(instruction: Instruction) -> Compute:
    kind = _kind(instruction)
    dtype = _DTYPES[kind.base]
    if kind.lanes > 1:
        return lambda value: np.atleast_1d(value).view(dtype)
    return lambda value: np.atleast_1d(value).view(dtype)[0]


def _splat(instruction: Instruction) -> Compute:
    return partial(np.full, _kind(instruction).lanes)


def _extract(instruction: Instruction) -> Compute:
    lane = instruction.attribute
    return lambda vector: vector[lane]


def _shuffle(instruction: Instruction) -> Compute:
    order = np.array(instruction.attribute, np.intp)
    return lambda left, right: np.concatenate((left, right))[order]


def _sum(instruction: Instruction) -> Compute:
    return partial(np.sum, dtype=_DTYPES[_kind(instruction).base])


def _load(instruction: Instruction) -> Compute:
    kind, valid = _kind(instruction), instruction.attribute
    dtype, lanes = _DTYPES[kind.base], kind.lanes
    count = lanes if valid is None else valid
    assert isinstance(count, int)
    view = partial(_view, dtype, count)
    if valid is not None:
        return lambda pointer, index: np.pad(view(pointer, index), (0, lanes - count))
    if lanes > 1:
        return lambda pointer, index: view(pointer, index).copy()
    return lambda pointer, index: view(pointer, index)[0]


def _store(instruction: Instruction) -> Compute:
    kind, valid = instruction.operands[0].kind, instruction.attribute
    count = kind.lanes if valid is None else valid
    assert isinstance(count, int)
    view = partial(_view, _DTYPES[kind.base], count)

    def run(value: Any, pointer: Any, index: Any) -> None:
        view(pointer, index)[:] = value if valid is None else value[:count]

    return run


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
    "select": _select,
    "shuffle": _shuffle,
    "splat": _splat,
    "store": _store,
    "sum": _sum,
    "unsigned": _widen,
}
