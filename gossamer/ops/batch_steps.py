"""Steps of products of two computed matrices: brought into order, then multiplied."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.arithmetic import parameters, quantize_multiplier
from gossamer.ir.types import DType
from gossamer.kernels.products.batch import (
    Batch,
    CenteredRows,
    Matrices,
    batch_products,
    center_rows,
    column_sums,
    padded_columns,
    plan_products,
)
from gossamer.kernels.products.batch_epilogue import Requantized, Sums, Wide
from gossamer.kernels.products.epilogue import FloatEpilogue
from gossamer.kernels.products.hybrid import PARAMETER_BYTES, HybridEpilogue, ItemForm
from gossamer.kernels.products.multiply import (
    FloatMultiply,
    QuadMultiply,
    WideMultiply,
    integer_multiply,
)
from gossamer.kernels.step import Argument, Constant, Scratch, Step
from gossamer.kernels.tail import BoundTail, extendable, operands_of
from gossamer.kernels.windows.border import Border
from gossamer.kernels.windows.convolution import quantized_items
from gossamer.nest.build import Nest
from gossamer.ops.batch_order import SLACK, moved, packed_right, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.kernels.products.gemm import Epilogue
    from gossamer.kernels.products.product import Gemm
    from gossamer.kernels.tail import Tail
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target

_FEW_ROWS = 16
"""Rows below which it never pays to pack the right operand."""
_NEAR_BYTES = 1024
"""Rows of the right operand up to this far apart are read where they lie."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor, and the matrices that it or a view of it is."""

    tensor: Tensor
    matrices: Matrices


@dataclass(frozen=True, slots=True)
class Products:
    """x times y for all leading axes `lead` of the output, which may be a view too."""

    target: Target
    x: Operand
    y: Operand
    output: Operand
    asymmetric: bool = False

    @property
    def lead(self) -> tuple[int, ...]:
        return self.output.matrices.lead

    def steps(self) -> list[Step] | None:
        """The steps, or None for types without a kernel."""
        sizes = (self.x.matrices, self.y.matrices, self.output.matrices)
        if not all(m.rows * m.columns * m.count for m in sizes):
            return None
        tensors = (self.x.tensor, self.y.tensor, self.output.tensor)
        kinds = tuple(tensor.dtype for tensor in tensors)
        rule = _RULES.get(kinds)
        return None if rule is None else rule(self)


@dataclass(slots=True)
class _Call:
    """The last step of a product, as its parts come together."""

    problem: Products
    plan: Gemm
    steps: list[Step]
    left: tuple[Argument, Matrices, int]
    right: tuple[Argument, Matrices, int]
    """Each: what the pointer points to, how it lies, and the bytes of an element."""

    def finish(
        self,
        name: str,
        extra: Sequence[Argument],
        epilogue: Callable[[Nest, Sequence[Value], Value], Epilogue],
        output_bytes: int,
    ) -> list[Step]:
        """All steps; see `step`."""
        return [*self.steps, self.step(name, extra, epilogue, output_bytes)]

    def step(
        self,
        name: str,
        extra: Sequence[Argument],
        epilogue: Callable[[Nest, Sequence[Value], Value], Epilogue],
        output_bytes: int,
        result: Argument | None = None,
    ) -> Step:
        """The product; `epilogue` is told the pointers to `extra` and the pair.

        It is stored in `result`, if not in the problem's own output.
        """
        problem, output = self.problem, self.problem.output
        lead = problem.lead
        pitch = output.matrices.row_stride * output_bytes
        plan = replace(self.plan, output_pitch=pitch)
        (x, x_lies, x_bytes), (y, y_lies, y_bytes) = self.left, self.right
        batch = Batch(
            lead,
            tuple(step * x_bytes for step in x_lies.steps(lead)),
            tuple(step * y_bytes for step in y_lies.steps(lead)),
            tuple(step * output_bytes for step in output.matrices.steps(lead)),
        )
        nest = Nest(name, problem.target, numbers_in_memory=True)
        pointers = (nest.pointer(), nest.pointer(), nest.pointer())
        others = [nest.pointer() for _ in extra]
        batch_products(
            nest, plan, batch, pointers, lambda pair: epilogue(nest, others, pair)
        )
        numbers = [Constant(np.array(nest.numbers, np.int32))] if nest.numbers else []
        stored = output.tensor if result is None else result
        arguments = (x, y, stored, *extra, *numbers)
        return Step(nest.finish(), arguments, batch.units(plan), (2,))


def _float(problem: Products) -> list[Step] | None:
    target, y = problem.target, problem.y
    steps, x, x_lies = rows_of(target, problem.x.tensor, problem.x.matrices)
    plan = plan_products(target, x_lies, y.matrices.columns, FloatMultiply(), 4)
    pitch = y.matrices.row_stride * 4
    is_near = x_lies.rows < _FEW_ROWS or pitch <= _NEAR_BYTES
    if y.matrices.column_stride == 1 and is_near:
        plan = replace(plan, right_pitch=pitch)
        right: tuple[Argument, Matrices, int] = (y.tensor, y.matrices, 4)
    else:
        more, packed, lies = packed_right(target, plan, y.tensor, y.matrices, 4)
        steps, right = [*steps, *more], (packed, lies, 4)
    call = _Call(problem, plan, steps, (x, x_lies, 4), right)
    lead, lies = problem.lead, problem.output.matrices

    def make(tail: Tail | None) -> Step:
        def epilogue(nest: Nest, others: Sequence[Value], pair: Value) -> Epilogue:
            bound = None
            if tail is not None:
                at = lies.place(pair, lead)
                pointers = tuple(
                    nest.offset(pointer, at, 4) if tail.is_whole(operand) else pointer
                    for pointer, operand in zip(others, tail.operands, strict=True)
                )
                bound = BoundTail(tail, pointers)
            return FloatEpilogue(None, (-math.inf, math.inf), bound)

        result = None if tail is None else tail.output
        return call.step("batch_f32", operands_of(tail), epilogue, 4, result)

    return [*steps, extendable(problem.output.tensor, make)]


def _zero_point(tensor: Tensor) -> int:
    return parameters(tensor)[1] if tensor.is_quantized else 0


@dataclass(frozen=True, slots=True)
class _Terms:
    """What zero points add to int8 sums: a term for each column and each row."""

    columns: Argument | None
    rows: Argument | None
    column_steps: tuple[int, ...]
    row_steps: tuple[int, ...]

    @property
    def extra(self) -> list[Argument]:
        return [each for each in (self.columns, self.rows) if each is not None]

    def sums(
        self, nest: Nest, others: Sequence[Value], pair: Value, lead: tuple[int, ...]
    ) -> Sums:
        from_ = iter(others)
        columns = rows = None
        if self.columns is not None:
            at = _place(pair, lead, self.column_steps)
            columns = nest.offset(next(from_), at, 4)
        if self.rows is not None:
            at = _place(pair, lead, self.row_steps)
            rows = nest.offset(next(from_), at, 4)
        return Sums(columns, rows)


def _place(pair: Value, lead: tuple[int, ...], steps: tuple[int, ...]) -> Value:
    return Matrices(lead, steps, 1, 1, 1, 1).place(pair, lead)


def _integer_call(problem: Products, x_zero: int, y_zero: int) -> tuple[_Call, _Terms]:
    """Both int8 operands in order, and what their zero points add."""
    target = problem.target
    multiply = integer_multiply(target)
    quads = isinstance(multiply, QuadMultiply)
    form = CenteredRows(quads, x_zero, -y_zero)
    steps, x, x_lies = rows_of(target, problem.x.tensor, problem.x.matrices)
    size = form.element_bytes
    rows = Scratch(x_lies.count * x_lies.rows * x_lies.columns * size + SLACK)
    terms = Scratch(x_lies.count * x_lies.rows * 4) if y_zero else None
    steps.append(_centered(target, form, x_lies, (x, rows, terms)))
    dense = Matrices.dense(x_lies.lead, x_lies.rows, x_lies.columns)
    y = problem.y.matrices
    plan = plan_products(target, dense, y.columns, multiply, size)
    more, packed, lies = packed_right(target, plan, problem.y.tensor, y, 1)
    steps.extend(more)
    sums = None
    if quads and x_zero != -128:
        factor = -(128 + x_zero)
        summed, sums = _column_sums(target, plan, y.count, factor, packed)
        steps.append(summed)
    found = _Terms(
        sums,
        terms,
        Matrices.dense(y.lead, 1, padded_columns(plan)).steps(problem.lead),
        Matrices.dense(x_lies.lead, 1, x_lies.rows).steps(problem.lead),
    )
    call = _Call(problem, plan, steps, (rows, dense, size), (packed, lies, 1))
    return call, found


def _centered(
    target: Target,
    form: CenteredRows,
    lies: Matrices,
    arguments: tuple[Argument, Scratch, Scratch | None],
) -> Step:
    nest = Nest("center_rows", target)
    x, rows, terms = arguments
    pointers = (nest.pointer(), nest.pointer())
    last = None if terms is None else nest.pointer()
    center_rows(nest, lies, form, (*pointers, last))
    given = (x, rows) if terms is None else (x, rows, terms)
    written = tuple(range(1, len(given)))
    return Step(nest.finish(), given, lies.count * lies.rows, written)


def _column_sums(
    target: Target, plan: Gemm, count: int, factor: int, packed: Scratch
) -> tuple[Step, Scratch]:
    sums = Scratch(count * padded_columns(plan) * 4 + SLACK)
    nest = Nest("column_sums", target)
    column_sums(nest, plan, factor, nest.pointer(), nest.pointer())
    return Step(nest.finish(), (packed, sums), count, (1,)), sums


def _integer(problem: Products) -> list[Step] | None:
    tensors = (problem.x.tensor, problem.y.tensor, problem.output.tensor)
    if not all(tensor.is_quantized for tensor in tensors):
        return None
    factor = _factor(problem)
    zeros = [_zero_point(tensor) for tensor in tensors]
    call, terms = _integer_call(problem, zeros[0], zeros[1])
    _, zero_point = parameters(problem.output.tensor)

    def epilogue(nest: Nest, others: Sequence[Value], pair: Value) -> Epilogue:
        sums = terms.sums(nest, others, pair, problem.lead)
        return Requantized(sums, *factor, zero_point)

    return call.finish("batch_i8", terms.extra, epilogue, 1)


def _factor(problem: Products) -> tuple[int, int]:
    scales = [
        np.float64(parameters(each.tensor)[0])
        for each in (problem.x, problem.y, problem.output)
    ]
    return quantize_multiplier(float(scales[0] * scales[1] / scales[2]))


def _sums(problem: Products) -> list[Step] | None:
    """int8 to int32: sums of the stored numbers, whose zero points play no part."""
    call, terms = _integer_call(problem, 0, 0)
    return call.finish(
        "batch_sums",
        terms.extra,
        lambda nest, others, pair: terms.sums(nest, others, pair, problem.lead),
        4,
    )


def _wide(problem: Products) -> list[Step] | None:
    """int16, whose zero points are 0."""
    tensors = (problem.x.tensor, problem.y.tensor, problem.output.tensor)
    if not all(tensor.is_quantized for tensor in tensors):
        return None
    multiplier, shift = _factor(problem)
    reduced = min((multiplier + (1 << 15)) >> 16, 0x7FFF)
    right = 15 - shift
    if any(_zero_point(tensor) for tensor in tensors[:2]) or right < 1:
        return None
    target, y = problem.target, problem.y.matrices
    steps, x, x_lies = rows_of(target, problem.x.tensor, problem.x.matrices)
    plan = plan_products(target, x_lies, y.columns, WideMultiply(), 2)
    more, packed, lies = packed_right(target, plan, problem.y.tensor, y, 2)
    call = _Call(problem, plan, [*steps, *more], (x, x_lies, 2), (packed, lies, 2))
    epilogue = Wide(reduced, right, _zero_point(tensors[2]))
    return call.finish("batch_i16", (), lambda _nest, _others, _pair: epilogue, 2)


def _hybrid(problem: Products) -> list[Step] | None:
    """Float rows quantized as they come; int8 on the right, its zero point ignored."""
    target, tensor = problem.target, problem.y.tensor
    if not tensor.is_quantized:
        return None
    steps, x, x_lies = rows_of(target, problem.x.tensor, problem.x.matrices)
    if not x_lies.is_dense:
        steps, x, x_lies = moved(target, x, x_lies, 4)
    multiply = integer_multiply(target)
    quads = isinstance(multiply, QuadMultiply)
    form = ItemForm("unsigned" if quads else "centred", problem.asymmetric)
    shape = Border(x_lies.count * x_lies.rows, 1, 1, x_lies.columns, 0, 0, 0, 0)
    quantize, rows, scales = quantized_items(target, shape, form, x)
    y, size = problem.y.matrices, form.element_bytes
    plan = plan_products(target, x_lies, y.columns, multiply, size)
    more, packed, lies = packed_right(target, plan, tensor, y, 1)
    steps = [*steps, quantize, *more]
    factors = np.full(padded_columns(plan), parameters(tensor)[0], np.float32)
    extra: list[Argument] = [scales, Constant(factors)]
    if quads:
        summed, sums = _column_sums(target, plan, y.count, 1, packed)
        steps.append(summed)
        extra.append(sums)
    call = _Call(problem, plan, steps, (rows, x_lies, size), (packed, lies, 1))
    row_steps = Matrices.dense(x_lies.lead, 1, x_lies.rows).steps(problem.lead)
    column_steps = Matrices.dense(y.lead, 1, padded_columns(plan)).steps(problem.lead)

    def epilogue(nest: Nest, others: Sequence[Value], pair: Value) -> Epilogue:
        first = _place(pair, problem.lead, row_steps)
        items = nest.offset(others[0], first, PARAMETER_BYTES)
        sums = None
        if quads:
            at = _place(pair, problem.lead, column_steps)
            sums = nest.offset(others[2], at, 4)
        free = (-math.inf, math.inf)
        return HybridEpilogue(items, others[1], sums, None, free, x_lies.rows, 1)

    return call.finish("batch_hybrid", extra, epilogue, 4)


_RULES: dict[tuple[DType, ...], Callable[[Products], list[Step] | None]] = {
    (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32): _float,
    (DType.INT8, DType.INT8, DType.INT8): _integer,
    (DType.INT8, DType.INT8, DType.INT32): _sums,
    (DType.INT16, DType.INT16, DType.INT16): _wide,
    (DType.FLOAT32, DType.INT8, DType.FLOAT32): _hybrid,
}
"""By the types of x, y and the output."""
