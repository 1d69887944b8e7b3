"""Loops and branches: what is interpreted and what is compiled agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I64
from gossamer.nest.interpret import interpret
from tests.codegen.machines import TARGETS, Work, as_bytes, compile_and_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.nest.expr import Value

    Body = Callable[[Nest, Value, Value, Value], None]

SSE2 = TARGETS["sse2"]


def results(body: Body, begin_to_end: int = 5, size: int = 8) -> list[int]:
    """What a kernel leaves in int64 memory, interpreted and compiled."""
    nest = Nest("loops", SSE2)
    y = nest.pointer()
    begin, end = nest.integer(), nest.integer()
    body(nest, y, begin, end)
    kernel = nest.finish()
    one, two = (as_bytes(np.full(size, -1, np.int64)) for _ in range(2))
    interpret(kernel, [one], 0, begin_to_end)
    assert compile_and_run("sse2", [Work(kernel, [two], begin_to_end)])
    assert one.view(np.int64).tolist() == two.view(np.int64).tolist()
    return one.view(np.int64).tolist()


def test_a_loop_counts_by_its_step() -> None:
    def body(nest, y, begin, end):
        with nest.loop(7, start=1, step=3) as loop:
            nest.store(loop.index, y, loop.index)

    assert results(body) == [-1, 1, -1, -1, 4, -1, -1, -1]


@pytest.mark.parametrize("stop", [0, -3])
def test_a_loop_of_no_trips_leaves_what_it_began_with(stop: int) -> None:
    def known(nest, y, begin, end):
        with nest.loop(stop, carry=[nest.constant(5, I64)]) as loop:
            nest.store(loop.index, y, 1)
            loop.carry([loop.values[0] + 1])
        nest.store(loop.results[0], y)

    def unknown(nest, y, begin, end):
        with nest.loop(begin + stop, carry=[nest.constant(5, I64)]) as loop:
            nest.store(loop.index, y, 1)
            loop.carry([loop.values[0] + 1])
        nest.store(loop.results[0], y)

    assert results(known)[:2] == [5, -1]
    assert results(unknown)[:2] == [5, -1]


def test_carried_values_change_places_all_at_once() -> None:
    def fibonacci(nest, y, begin, end):
        start = [nest.constant(0, I64), nest.constant(1, I64)]
        with nest.loop(end, start=begin, carry=start) as loop:
            one, two = loop.values
            nest.store(one, y, loop.index)
            loop.carry([two, one + two])
        for index, value in enumerate(loop.results):
            nest.store(value, y, 5 + index)

    assert results(fibonacci) == [0, 1, 1, 2, 3, 5, 8, -1]


def test_nested_loops_carry_through() -> None:
    def body(nest, y, begin, end):
        zero = nest.constant(0, I64)
        with nest.loop(end, carry=[zero, zero]) as outer:
            with nest.loop(outer.index, carry=outer.values) as inner:
                total, count = inner.values
                inner.carry([total + inner.index * outer.index, count + 1])
            outer.carry(inner.results)
        for index, value in enumerate(outer.results):
            nest.store(value, y, index)

    total = sum(i * j for i in range(5) for j in range(i))
    assert results(body)[:2] == [total, 10]


def test_a_carried_pointer_walks() -> None:
    def body(nest, y, begin, end):
        with nest.loop(end, start=begin, carry=[y]) as loop:
            (place,) = loop.values
            nest.store(loop.index * 10, place)
            loop.carry([nest.offset(place, 1, I64)])

    assert results(body) == [0, 10, 20, 30, 40, -1, -1, -1]


def test_one_side_of_a_branch_runs() -> None:
    def body(nest, y, begin, end):
        with nest.loop(end, start=begin) as loop:
            with nest.when(nest.compare("lt", loop.index, 2)) as choice:
                nest.store(nest.constant(1, I64), y, loop.index)
            with nest.otherwise(choice), nest.loop(loop.index, start=2) as inner:
                nest.store(inner.index, y, loop.index)

    assert results(body) == [1, 1, -1, 2, 3, -1, -1, -1]


def test_a_branch_may_have_one_side() -> None:
    def body(nest, y, begin, end):
        with nest.loop(end, start=begin) as loop:
            odd = nest.compare("eq", loop.index % 2, 1)
            with nest.when(odd):
                nest.store(loop.index // 2, y, loop.index)

    assert results(body) == [-1, 0, -1, 1, -1, -1, -1, -1]


def test_a_branch_inside_a_carrying_loop() -> None:
    def body(nest, y, begin, end):
        with nest.loop(end, start=begin, carry=[nest.constant(1, I64)]) as loop:
            with nest.when(nest.compare("gt", loop.index, 3)):
                nest.store(loop.values[0], y, loop.index)
            loop.carry([loop.values[0] * 3])
        nest.store(loop.results[0], y)

    assert results(body) == [243, -1, -1, -1, 81, -1, -1, -1]


def test_a_pointer_is_chosen() -> None:
    def body(nest, y, begin, end):
        with nest.loop(end, start=begin) as loop:
            other = nest.offset(y, 4, I64)
            place = nest.select(nest.compare("ult", loop.index - 2, 1), other, y)
            nest.store(loop.index, place)

    assert results(body)[0] == 4
    assert results(body)[4] == 2


def test_units_are_run_from_begin_to_end() -> None:
    nest = Nest("units", SSE2)
    y = nest.pointer()
    begin, end = nest.integer(), nest.integer()
    with nest.loop(end, start=begin) as loop:
        nest.store(nest.convert(loop.index, F32), y, loop.index)
    memory = as_bytes(np.zeros(6, np.float32))
    interpret(nest.finish(), [memory], 2, 5)
    assert memory.view(np.float32).tolist() == [0, 0, 2, 3, 4, 0]
