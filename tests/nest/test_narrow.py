"""Counters of 32 bits compute what those of 64 do; data keeps its width."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.nest.build import Nest
from gossamer.nest.expr import F32, I8, I32, I64
from gossamer.nest.interpret import interpret
from gossamer.nest.narrow import narrowed
from gossamer.nest.stmt import Instruction, Loop
from tests.codegen.machines import TARGETS


def nest_of(pointers):
    nest = Nest("kernel", TARGETS["scalar"])
    made = [nest.pointer() for _ in range(pointers)]
    return nest, made, nest.integer(), nest.integer()


def results_of(body):
    """All values that statements make."""
    for statement in body:
        if isinstance(statement, Instruction):
            if statement.result is not None:
                yield statement.op, statement.result
        elif isinstance(statement, Loop):
            yield "loop", statement.index
            yield from results_of(statement.body)
        else:
            yield from results_of([*statement.body, *statement.otherwise])


def kinds(kernel):
    return {(op, str(value.kind)) for op, value in results_of(kernel.body)}


def same(kernel, *buffers, units):
    """Interpret a kernel and its narrowed form on copies; their last buffers."""
    found = []
    for each in (kernel, narrowed(kernel)):
        copies = [buffer.copy().view(np.uint8) for buffer in buffers]
        interpret(each, copies, 0, units)
        found.append(copies[-1])
    np.testing.assert_array_equal(*found)
    return found[0]


def test_loops_and_addresses_are_narrow():
    nest, (x, y), begin, end = nest_of(2)
    with nest.loop(end, start=begin) as row, nest.loop(7) as column:
        place = row.index * 7 + column.index
        nest.store(nest.load(F32, x, place) * 2.0, nest.offset(y, place * 4))
    kernel = nest.finish()
    source = np.arange(21, dtype=np.float32)
    made = same(kernel, source, np.zeros(84, np.uint8), units=3)
    np.testing.assert_array_equal(made.view(np.float32), source * 2)
    assert ("loop", "i64") in kinds(kernel)
    wide = {op for op, kind in kinds(narrowed(kernel)) if kind == "i64"}
    assert not wide


def test_sizes_in_memory_count_in_32_bits():
    nest, (sizes, x, y), begin, end = nest_of(3)
    pitch = nest.apply("count", I64, nest.load(I32, sizes, 1))
    with nest.loop(end, start=begin) as row, nest.loop(pitch) as column:
        place = nest.minimum(row.index * pitch + column.index, pitch * 3 - 1)
        nest.store(nest.load(I8, x, place) + 1, y, place)
    kernel = nest.finish()
    source = np.arange(15, dtype=np.uint8)
    numbers = np.array([0, 5], np.int32)
    made = same(kernel, numbers, source, np.zeros(15, np.uint8), units=3)
    np.testing.assert_array_equal(made, source + 1)
    assert ("count", "i64") in kinds(kernel)
    assert not {op for op, kind in kinds(narrowed(kernel)) if kind == "i64"}


def test_products_of_data_stay_wide():
    nest, (x, y), begin, end = nest_of(2)
    with nest.loop(end, start=begin) as i:
        product = nest.convert(nest.load(I32, x, i.index), I64) * 0x40000001
        nest.store(nest.convert(product >> 31, I32), y, i.index)
    kernel = nest.finish()
    source = np.array([2**31 - 1, -(2**31), 5, -7], np.int32)
    same(kernel, source, np.zeros(16, np.uint8), units=4)
    assert {("mul", "i64"), ("ashr", "i64")} <= kinds(narrowed(kernel))


def test_a_counter_that_meets_data_is_widened():
    nest, (x, y), begin, end = nest_of(2)
    with nest.loop(end, start=begin) as i:
        nest.store(nest.load(I64, x, i.index) + i.index, y, i.index)
    source = np.array([2**40, -(2**40), 3], np.int64)
    made = same(nest.finish(), source, np.zeros(24, np.uint8), units=3)
    np.testing.assert_array_equal(made.view(np.int64), source + np.arange(3))


def test_numbers_that_32_bits_cannot_hold_stay_wide():
    nest, (y,), begin, end = nest_of(1)
    with nest.loop(end, start=begin) as i:
        nest.store(i.index + (1 << 33), y, i.index)
    made = same(nest.finish(), np.zeros(16, np.uint8), units=2)
    assert made.view(np.int64).tolist() == [2**33, 2**33 + 1]


def test_carried_values_are_as_wide_as_the_widest_they_meet():
    nest, (x, y), _, end = nest_of(2)
    start = nest.constant(0, I64)
    with nest.loop(end, carry=[start, start]) as i:
        place, total = i.values
        i.carry([place + 1, total + nest.load(I64, x, place)])
    place, total = i.results
    nest.store(total, y, 0)
    nest.store(place, y, 1)
    source = np.array([2**40, 2**41], np.int64)
    made = same(nest.finish(), source, np.zeros(16, np.uint8), units=2)
    assert made.view(np.int64).tolist() == [2**40 + 2**41, 2]


@pytest.mark.parametrize("op", ["eq", "lt", "ult"])
def test_comparisons_and_branches(op):
    nest, (y,), begin, end = nest_of(1)
    with nest.loop(end, start=begin) as i:
        flag = nest.compare(op, i.index - 2, nest.constant(1, I64))
        with nest.when(flag):
            nest.store(nest.constant(1, I8), y, i.index)
    made = same(nest.finish(), np.zeros(6, np.uint8), units=6)
    signed = np.arange(6) - 2
    wanted = {"eq": signed == 1, "lt": signed < 1, "ult": signed.view(np.uint64) < 1}
    np.testing.assert_array_equal(made, wanted[op].astype(np.uint8))


def test_counters_that_become_data_are_computed_in_full_width():
    nest, (y,), begin, end = nest_of(1)
    with nest.loop(end, start=begin) as i:
        nest.store(i.index * (1 << 30) + 5, y, i.index)
    made = same(nest.finish(), np.zeros(32, np.uint8), units=4)
    assert made.view(np.int64).tolist() == [i * 2**30 + 5 for i in range(4)]


def test_constants_that_data_chooses_are_data():
    nest, (x, y), begin, end = nest_of(2)
    with nest.loop(end, start=begin) as i:
        flag = nest.compare("lt", nest.load(I32, x, i.index), nest.constant(0, I32))
        shift = nest.select(flag, nest.constant(20, I64), nest.constant(40, I64))
        nest.store((shift << 25) * 3, y, i.index)
    source = np.array([-1, 1], np.int32)
    made = same(nest.finish(), source, np.zeros(16, np.uint8), units=2)
    assert made.view(np.int64).tolist() == [(20 << 25) * 3, (40 << 25) * 3]
