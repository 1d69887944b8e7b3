"""Steps of operators that compute each element of their output on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.types import DType
from gossamer.kernels.elements.element import Element
from gossamer.kernels.elements.elementwise import Lanes, Source, block_units, each_block
from gossamer.kernels.elements.lookup import byte_table
from gossamer.kernels.elements.operation import Operation, operations_step
from gossamer.kernels.step import Constant, Step
from gossamer.nest.build import Nest
from gossamer.nest.expr import F16, F32, F64, I1, I8, I16, I32, I64, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Argument
    from gossamer.nest.target import Target

    Compute: TypeAlias = Callable[..., Value]
    """From a nest and lanes of every input to lanes of the output."""

_SMALL = Element(I8, I32)
_SMALL_UNSIGNED = Element(I8, I32, signed=False)
ELEMENTS = {
    DType.FLOAT32: Element(F32, F32),
    DType.FLOAT64: Element(F64, F64),
    DType.FLOAT16: Element(F16, F32),
    DType.BFLOAT16: Element(I16, F32),
    DType.BOOL: Element(I8, I1),
    DType.INT2: _SMALL,
    DType.INT4: _SMALL,
    DType.INT8: _SMALL,
    DType.UINT4: _SMALL_UNSIGNED,
    DType.UINT8: _SMALL_UNSIGNED,
    DType.INT16: Element(I16, I32),
    DType.UINT16: Element(I16, I32, signed=False),
    DType.INT32: Element(I32, I32),
    DType.UINT32: Element(I32, I64, signed=False),
    DType.INT64: Element(I64, I64),
}
"""How kernels hold the element types that they compute with."""

STORED = {
    **{dtype: element.stored for dtype, element in ELEMENTS.items()},
    DType.UINT64: Element(I64, I64),
    DType.COMPLEX64: Element(I64, I64),
}
"""The same for kernels that only look at bits."""


def element_step(
    name: str,
    target: Target,
    inputs: Sequence[Tensor],
    y: Tensor,
    compute: Compute,
    elements: Sequence[Element | None] | None = None,
    shapes: Sequence[Shape] | None = None,
) -> list[Step] | None:
    """One step that applies `compute` to inputs that broadcast to `y`.

    `elements` says how the inputs and the output are held, if not as in `ELEMENTS`,
    and `shapes` how the inputs are seen, if not in their own shapes.
    None where kernels do not compute with a type; no step where there is no element.
    """
    if elements is None:
        elements = [ELEMENTS.get(tensor.dtype) for tensor in (*inputs, y)]
    held = [element for element in elements if element is not None]
    if len(held) < len(elements):
        return None
    if not y.type.size:
        return []
    seen = tuple(shapes or [x.shape for x in inputs])
    operation = Operation(tuple(inputs), y, seen, y.shape, tuple(held), compute)
    return [operations_step(name, target, [operation])]


_INDEX = {
    DType.INT8: (Element(I8, I64), 128),
    DType.UINT8: (Element(I8, I64, signed=False), 0),
    DType.INT16: (Element(I16, I64), 1 << 15),
}
"""How to find an entry of a table: an element as an index, and what to add to it."""
_BYTE = 8
_ENTRY = {DType.INT8: I8, DType.UINT8: I8, DType.INT16: I16}


def table_step(target: Target, table: Array, x: Tensor, y: Tensor) -> list[Step] | None:
    """One step that looks numbers up in entries for all of them, the least first."""
    if x.dtype not in _INDEX or y.dtype not in _ENTRY:
        return None
    if not y.type.size:
        return []
    return [lookup_step(target, table, (x, x.dtype), (y, y.dtype), y.type.size)]


def lookup_step(
    target: Target,
    table: Array,
    x: tuple[Argument, DType],
    y: tuple[Argument, DType],
    count: int,
) -> Step:
    """One step that looks `count` numbers up; memory comes with what is in it."""
    if target.looks_up_bytes and x[1].bits == y[1].bits == _BYTE:
        return _byte_table_step(target, table, x, y, count)
    nest = Nest("table", target)
    from_, entries, to = nest.pointer(), nest.pointer(), nest.pointer()
    (element, offset), entry = _INDEX[x[1]], _ENTRY[y[1]]
    source = Source(from_, element)

    def put(index: Value, group: Lanes) -> None:
        for lane in range(group.count):
            where = source.load_one(nest, index + lane) + offset
            nest.store(nest.load(entry, entries, where), to, index + lane)

    each_block(nest, count, 1, put)
    constant = Constant(np.ascontiguousarray(table, y[1].numpy))
    return Step(nest.finish(), (x[0], constant, y[0]), block_units(count), (2,))


def _byte_table_step(
    target: Target,
    table: Array,
    x: tuple[Argument, DType],
    y: tuple[Argument, DType],
    count: int,
) -> Step:
    """`lookup_step` of 8-bit numbers, 64 at a time."""
    nest = Nest("byte_table", target)
    byte_table(nest, count, (nest.pointer(), nest.pointer(), nest.pointer()))
    entries = np.ascontiguousarray(table, y[1].numpy)
    if x[1] is DType.INT8:
        entries = np.roll(entries, len(entries) // 2)
    arguments = (x[0], Constant(entries), y[0])
    return Step(nest.finish(), arguments, block_units(count), (2,))


def integer_table_step(node: Node, target: Target) -> list[Step] | None:
    """A function of one 8-bit or 16-bit number as a table of all that it can give."""
    x, y = node.input(0), node.output
    if x.dtype not in _INDEX or y.dtype not in _ENTRY:
        return None
    limits = np.iinfo(x.dtype.numpy)
    every = np.arange(limits.min, limits.max + 1).astype(x.dtype.numpy)
    (table,) = node.op.integer(node, every)
    return table_step(target, table, x, y)
