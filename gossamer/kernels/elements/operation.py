"""Element-wise operators as values: what they read, compute and give.

A step that carries its `Operation` can be joined with others into one kernel, whose
values stay in registers from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.kernels.elements.elementwise import (
    Broadcast,
    Lanes,
    Source,
    broadcast,
    each_element,
)
from gossamer.kernels.step import Argument, Constant, Step
from gossamer.nest.build import Nest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.kernels.elements.element import Element
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An output whose every element is `compute` of the inputs' elements.

    `shapes` are the inputs', which broadcast to `shape`; `elements` say how the inputs
    and then the output are held. `compute` gets a nest and lanes of every input.
    """

    inputs: tuple[Argument, ...]
    output: Argument
    shapes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    elements: tuple[Element, ...]
    compute: Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Outside:
    """An operand that comes from memory: of which shape, and how it is held."""

    argument: Argument
    shape: tuple[int, ...]
    element: Element


def outside(operations: Sequence[Operation], *given: Argument) -> list[Outside]:
    """The operands that no operation gives, nor are `given`, each once."""
    made = [*given, *(operation.output for operation in operations)]
    found: list[Outside] = []
    for operation in operations:
        for argument, shape, element in zip(
            operation.inputs, operation.shapes, operation.elements, strict=False
        ):
            operand = Outside(argument, shape, element)
            if argument not in made and operand not in found:
                found.append(operand)
    return found


def run(
    nest: Nest,
    operations: Sequence[Operation],
    values: dict[Argument, Value],
    loaded: Callable[[Outside], Value],
) -> Value:
    """The last operation's result, as it is stored.

    `values` are known results as they would be stored, and get those of all
    operations; `loaded` gives lanes of what is outside, ready to compute with.
    """
    result = None
    for operation in operations:
        operands: list[Value] = []
        for argument, shape, element in zip(
            operation.inputs, operation.shapes, operation.elements, strict=False
        ):
            if argument in values:
                operands.append(element.read(nest, values[argument]))
            else:
                operands.append(loaded(Outside(argument, shape, element)))
        result = operation.elements[-1].write(nest, operation.compute(nest, *operands))
        values[operation.output] = result
    assert result is not None
    return result


def operations_step(name: str, target: Target, operations: Sequence[Operation]) -> Step:
    """One step that does the operations and stores what the last one gives.

    All are of one shape, to which what is outside broadcasts.
    """
    last = operations[-1]
    operands = outside(operations)
    nest = Nest(name, target, numbers_in_memory=True)
    sources = [Source(nest.pointer(), operand.element) for operand in operands]
    to = nest.pointer()

    def emit(loaded: list[Value], index: Value, group: Lanes) -> None:
        result = run(
            nest, operations, {}, lambda operand: loaded[operands.index(operand)]
        )
        group.store(nest, result, to, index)

    loops = _loops([operand.shape for operand in operands], last.shape)
    each_element(nest, loops, _lanes(target, operations), sources, emit)
    inputs = [operand.argument for operand in operands]
    arguments = (*inputs, last.output, *table_of_numbers(nest))
    single = operations[0] if len(operations) == 1 else None
    written = (len(operands),)
    return Step(nest.finish(), arguments, loops.units, written, operation=single)


def _loops(shapes: Sequence[tuple[int, ...]], shape: tuple[int, ...]) -> Broadcast:
    size = 1
    for dimension in shape:
        size *= dimension
    if all(each == shape for each in shapes):
        return Broadcast((size,), ((1,),) * len(shapes))
    loops = broadcast(*shapes, shape)
    return Broadcast(loops.sizes, loops.strides[:-1])


def _lanes(target: Target, operations: Sequence[Operation]) -> int:
    """Elements at a time: a vector of the widest kind, or two of 8 bytes each."""
    widest = max(
        element.computed.bytes
        for operation in operations
        for element in operation.elements
    )
    return max(target.vector_bytes // min(widest, 4), 1)


def table_of_numbers(nest: Nest) -> tuple[Constant, ...]:
    """The table of numbers behind a kernel's last pointer, where it has one."""
    return (Constant(np.array(nest.numbers, np.int32)),) if nest.numbers else ()
