"""Sums of products over named axes, by as few operators as possible."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.regrouping import Axis, Entry, merge, regroup, split
from gossamer.frontends.parts.shaping import transpose
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ops.arithmetic import Add, Mul
from gossamer.ops.batch_matmul import BatchMatMul
from gossamer.ops.fully_connected import FullyConnected
from gossamer.ops.reduce import Sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gossamer.frontends.emitter import Emitter

MOST_BATCH_AXES = 3
"""Axes before the matrices of a BATCH_MATMUL, which has five at most in LiteRT."""


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """A tensor or a constant array, with a letter for each axis."""

    value: Any
    letters: str

    @property
    def is_constant(self) -> bool:
        return not isinstance(self.value, Tensor)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes, -1 where free."""
        if isinstance(self.value, Tensor):
            return dims(self.value)
        return tuple(int(size) for size in self.value.shape)

    def size(self, letter: str) -> int:
        return self.shape[self.letters.index(letter)]

    def sizes(self, letters: str) -> list[int]:
        return [self.size(letter) for letter in letters]

    def axes(self, letters: str) -> tuple[int, ...]:
        return tuple(self.letters.index(letter) for letter in letters)

    def in_order(self, emitter: Emitter, letters: str) -> Operand:
        """Its axes permuted; those of a constant later, when it is stored."""
        if letters == self.letters:
            return self
        if self.is_constant:
            array = np.transpose(emitter.array(self.value), self.axes(letters))
            return Operand(array, letters)
        return Operand(transpose(emitter, self.value, self.axes(letters)), letters)

    def tensor(self, emitter: Emitter) -> Tensor:
        if isinstance(self.value, Tensor):
            return self.value
        return emitter.weight("kernel", self.value)


def einsum(
    emitter: Emitter,
    operands: Sequence[Operand],
    result: str,
    bias: Operand | None = None,
) -> Tensor:
    """The sum of products of `operands` over all letters that `result` has not.

    Args:
        emitter: where the nodes go.
        operands: in one element type. A letter that occurs twice in one of them takes
            its diagonal.
        result: the letters of the result's axes.
        bias: a constant to add, over some of the result's axes.

    Raises:
        Unsupported: a diagonal of an axis of free size.
    """
    pending = list(operands)
    for first, second in _order_of(pending, result):
        one, other = pending[first], pending[second]
        del pending[max(first, second)], pending[min(first, second)]
        if not pending and bias is not None:
            return _biased(emitter, one, other, result, bias)
        kept = _distinct(one.letters, other.letters)
        if pending:
            kept = _only(set(result).union(*(x.letters for x in pending)), kept)
        else:
            kept = result
        pending.append(Operand(_pair(emitter, one, other, kept), kept))
    alone = _reduced(emitter, pending[0], result).in_order(emitter, result)
    return alone.tensor(emitter)


def _order_of(operands: list[Operand], result: str) -> list[tuple[int, int]]:
    """Which two to multiply next, each product put behind the remaining ones."""
    in_turn = [(0, 1)] * (len(operands) - 1)
    if len(operands) <= 2:
        return in_turn
    shown = [np.broadcast_to(0.0, [abs(size) for size in x.shape]) for x in operands]
    equation = ",".join(x.letters for x in operands) + "->" + result
    steps: list[Any] = np.einsum_path(equation, *shown, optimize="greedy")[0][1:]
    pairs = [(step[0], step[1]) for step in steps if len(step) == 2]
    return pairs if len(pairs) == len(in_turn) else in_turn


def _distinct(*letters: str) -> str:
    return "".join(dict.fromkeys("".join(letters)))


def _only(letters: Iterable[str], among: str) -> str:
    """`letters` in the order that they have in `among`."""
    wanted = set(letters)
    return "".join(letter for letter in among if letter in wanted)


def _reduced(emitter: Emitter, x: Operand, needed: str) -> Operand:
    """Without axes that occur twice, or that nothing else reads."""
    letters = _distinct(x.letters)
    kept = _only(needed, letters)
    if kept == x.letters:
        return x
    if x.is_constant:
        array = emitter.array(x.value)
        return Operand(np.einsum(f"{x.letters}->{kept}", array), kept)
    y = _diagonal(emitter, x)
    gone = [y.letters.index(letter) for letter in letters if letter not in kept]
    if not gone:
        return y
    summed = emitter.emit(Sum(keep_dims=False), y.value, emitter.indices("axes", gone))
    return Operand(summed, kept)


def _diagonal(emitter: Emitter, x: Operand) -> Operand:
    """A letter that occurs twice: times the identity matrix, and summed."""
    for letter in _distinct(x.letters):
        places = [index for index, other in enumerate(x.letters) if other == letter]
        while len(places) > 1:
            x = _without_double(emitter, x, places[0], places.pop())
    return x


def _without_double(emitter: Emitter, x: Operand, first: int, second: int) -> Operand:
    size = x.shape[first]
    if size < 0:
        raise Unsupported(
            f"it takes the diagonal of axes of free size, in {x.shape}",
            "Fix these sizes in keras.Input.",
        )
    shape = [size if axis in (first, second) else 1 for axis in range(len(x.letters))]
    ones = np.eye(size, dtype=x.value.dtype.numpy).reshape(shape)
    masked = emitter.emit(Mul(), x.value, emitter.constant("identity", ones))
    axis = emitter.indices("axes", [second])
    made = emitter.emit(Sum(keep_dims=False), masked, axis)
    return Operand(made, x.letters[:second] + x.letters[second + 1 :])


def _biased(
    emitter: Emitter, x: Operand, y: Operand, result: str, bias: Operand
) -> Tensor:
    """A product and a bias, which FULLY_CONNECTED adds itself."""
    product = _Product.of(emitter, x, y, result)
    if product.constant is not None:
        own = set(product.constant.letters) - set(product.inner)
        if set(bias.letters) <= own:
            return _connected(emitter, product, bias)
    y_ = _pair(emitter, x, y, result)
    return emitter.emit(Add(), y_, _spread(emitter, bias, result))


@dataclass(frozen=True, slots=True, eq=False)
class _Product:
    """Two operands, of which each axis of each is read further on.

    `inner` are the letters to sum over; `constant` is the side that FULLY_CONNECTED
    can hold.
    """

    x: Operand
    y: Operand
    result: str
    inner: frozenset[str]
    constant: Operand | None

    @staticmethod
    def of(emitter: Emitter, x: Operand, y: Operand, result: str) -> _Product:
        x = _reduced(emitter, x, _distinct(result, y.letters))
        y = _reduced(emitter, y, _distinct(result, x.letters))
        shared = set(x.letters) & set(y.letters)
        inner = shared - set(result)
        constant = None
        if x.is_constant and not y.is_constant:
            x, y = y, x
        if y.is_constant and shared == inner and inner and x.value.dtype.is_float:
            constant = y
        return _Product(x, y, result, frozenset(inner), constant)

    @property
    def has_matrices(self) -> bool:
        """Whether a side has an axis of its own, so that there is a matrix product."""
        own = set(self.x.letters) ^ set(self.y.letters)
        return bool(self.inner and own) and self.x.value.dtype.is_float


def _pair(emitter: Emitter, x: Operand, y: Operand, result: str) -> Tensor:
    product = _Product.of(emitter, x, y, result)
    if product.constant is not None:
        return _connected(emitter, product, None)
    if product.has_matrices:
        return _matrices(emitter, product)
    return _multiplied(emitter, product.x, product.y, result)


def _multiplied(emitter: Emitter, x: Operand, y: Operand, result: str) -> Tensor:
    """MUL of axes brought in line, and SUM over those that the result has not."""
    every = _distinct(x.letters, y.letters)
    candidates = [_distinct(first, every) for first in (result, x.letters, y.letters)]
    order = min(candidates, key=lambda order: _turns(x, y, order, result))
    product = emitter.emit(
        Mul(), _spread(emitter, x, order), _spread(emitter, y, order)
    )
    return (
        _reduced(emitter, Operand(product, order), result)
        .in_order(emitter, result)
        .tensor(emitter)
    )


def _turns(x: Operand, y: Operand, order: str, result: str) -> int:
    """How many transposes the order costs."""
    sides = sum(
        not side.is_constant and side.letters != _only(side.letters, order)
        for side in (x, y)
    )
    return sides + (_only(result, order) != result)


def _spread(emitter: Emitter, x: Operand, order: str) -> Tensor:
    """Its axes in `order`, with axes of size one for the letters that it has not."""
    turned = x.in_order(emitter, _only(x.letters, order))
    if not x.letters:
        return turned.tensor(emitter)
    shown = order[order.index(turned.letters[0]) :]
    if x.is_constant:
        sizes = [x.size(y) if y in x.letters else 1 for y in shown]
        return emitter.constant("factor", emitter.array(turned.value).reshape(sizes))
    places = {letter: Axis(index) for index, letter in enumerate(turned.letters)}
    return regroup(emitter, turned.value, [places.get(y, 1) for y in shown])


def _connected(emitter: Emitter, product: _Product, bias: Operand | None) -> Tensor:
    """FULLY_CONNECTED: what is summed comes last, and the constant's axes instead."""
    x, constant, result = product.x, product.y, product.result
    left = "".join(letter for letter in x.letters if letter not in product.inner)
    inner = _only(product.inner, x.letters)
    right = _only(set(constant.letters) - product.inner, result)
    if x.letters != left + inner:
        left = _only(left, result)
    turned = x.in_order(emitter, left + inner).value
    rows = merge(emitter, turned, len(left), len(inner))
    sizes = constant.sizes(right)
    shape = (math.prod(sizes), math.prod(constant.sizes(inner)))
    axes = constant.axes(right + inner)
    kernel = emitter.weight("kernel", constant.value, axes, shape)
    offset = None if bias is None else _flat(emitter, bias, constant, right)
    op = FullyConnected(keep_num_dims=rows.type.rank != 2)
    y = emitter.emit(op, rows, kernel, offset)
    if len(right) != 1:
        y = split(emitter, y, len(left), sizes)
    return Operand(y, left + right).in_order(emitter, result).tensor(emitter)


def _flat(emitter: Emitter, bias: Operand, constant: Operand, letters: str) -> Tensor:
    """The bias repeated over all of `letters`, as a vector."""
    shape = [bias.size(letter) if letter in bias.letters else 1 for letter in letters]
    order = _only(bias.letters, letters)
    turned = np.transpose(emitter.array(bias.value), bias.axes(order)).reshape(shape)
    full = np.broadcast_to(turned, constant.sizes(letters))
    return emitter.constant("bias", full.reshape(-1))


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """How BATCH_MATMUL reads two operands, and what it makes of them.

    The operands' axes are those of `batch`, and of two groups: `left` and `inner`,
    `inner` and `right`. A group in an order that the operand has not costs a transpose.
    """

    x: Operand
    y: Operand
    batch: str
    left: str
    inner: str
    right: str

    @property
    def made(self) -> str:
        return self.batch + self.left + self.right

    @property
    def is_deep(self) -> bool:
        """Whether there are more leading axes than BATCH_MATMUL takes in LiteRT."""
        return len(self.batch) > MOST_BATCH_AXES

    def order_of(self, side: Operand) -> str:
        """The order in which a side is read; it may be the adjoint."""
        own = self.left if side is self.x else self.right
        outward, inward = own + self.inner, self.inner + own
        straight = (outward, inward) if side is self.x else (inward, outward)
        for order in straight:
            if side.letters == self.batch + order:
                return self.batch + order
        # A transpose that leaves the last axis in its place is the cheaper one.
        return self.batch + (outward if side.letters[-1] == outward[-1] else inward)

    def cost(self, result: str) -> int:
        """Transposes of what a run computes."""
        sides = sum(
            not side.is_constant and side.letters != self.order_of(side)
            for side in (self.x, self.y)
        )
        return sides + (self.made != result)


def _plans(product: _Product) -> Iterator[_Plan]:
    """All orders in which one of the two operands or the result stands already."""
    sources = (product.x.letters, product.y.letters, product.result)
    for x, y in ((product.x, product.y), (product.y, product.x)):
        batch = set(x.letters) & set(y.letters) - product.inner
        left, right = set(x.letters) - set(y.letters), set(y.letters) - set(x.letters)
        orders = itertools.product(
            sources[::-1],
            (x.letters, product.result),
            sources[:2],
            (y.letters, product.result),
        )
        for batches, lefts, inners, rights in orders:
            yield _Plan(
                x,
                y,
                _only(batch, batches),
                _only(left, lefts),
                _only(product.inner, inners),
                _only(right, rights),
            )


def _matrices(emitter: Emitter, product: _Product) -> Tensor:
    plan = min(_plans(product), key=lambda plan: plan.cost(product.result))
    x, adj_x = _matrix(emitter, plan, plan.x, plan.left)
    y, adj_y = _matrix(emitter, plan, plan.y, plan.right)
    z = emitter.emit(BatchMatMul(adj_x=adj_x, adj_y=not adj_y), x, y)
    entries: list[Entry] = [Axis(index) for index in range(len(plan.batch))]
    if plan.is_deep:
        entries = [*plan.x.sizes(plan.batch)]
    for index, side, own in ((-2, plan.x, plan.left), (-1, plan.y, plan.right)):
        axis = Axis(z.type.rank + index)
        entries += [axis] if len(own) == 1 else side.sizes(own)
    shaped = regroup(emitter, z, entries)
    return Operand(shaped, plan.made).in_order(emitter, product.result).tensor(emitter)


def _matrix(
    emitter: Emitter, plan: _Plan, side: Operand, own: str
) -> tuple[Tensor, bool]:
    """An operand as matrices, and whether the axes to sum over come first."""
    order = plan.order_of(side)
    turned = side.in_order(emitter, order)
    is_inner_first = order == plan.batch + plan.inner + own
    groups = [plan.inner, own] if is_inner_first else [own, plan.inner]
    groups = [*((plan.batch,) if plan.is_deep else plan.batch), *groups]
    if side.is_constant:
        sizes = [math.prod(side.sizes(group)) for group in groups]
        array = emitter.array(turned.value).reshape(sizes)
        return emitter.constant("kernel", array), is_inner_first
    entries: list[Entry] = [
        Axis(order.index(group)) if len(group) == 1 else _product(side.sizes(group))
        for group in groups
    ]
    return regroup(emitter, turned.value, entries), is_inner_first


def _product(sizes: Sequence[int]) -> int:
    return -1 if min(sizes, default=1) < 0 else math.prod(sizes)
