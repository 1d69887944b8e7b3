"""Modules, as far as that shows without running them; tests/edge does that."""

from __future__ import annotations

import pytest

from gossamer.deploy.wasm.leb128 import Reader
from gossamer.deploy.wasm.link import PAGE, STACK, link
from gossamer.errors import CompilationError
from tests.deploy.wasm.modules import (
    FOREIGN,
    TABLE,
    TAKEN,
    exports,
    object_of,
    sections,
    segments,
)

NAMES = {"place": "net_place", "sum": "net_sum"}


def linked(context_bytes=100, alignment=64):
    return link(object_of(TABLE), NAMES, context_bytes, alignment)


def test_a_module_imports_nothing_and_exports_what_was_asked():
    made = linked()
    assert list(sections(made)) == [1, 3, 5, 6, 7, 10, 11]
    assert set(exports(made)) == {"memory", "context", "place", "sum"}


def test_data_lie_behind_the_stack_at_their_alignment():
    (first, _), (second, _) = sorted(segments(linked()))
    assert first == STACK
    assert second == STACK + 64


def test_addresses_in_data_are_those_of_data():
    (first, _), (second, words) = sorted(segments(linked()))
    addresses = [int.from_bytes(words[i : i + 4], "little") for i in (0, 4)]
    assert addresses == [first + 8, second]


@pytest.mark.parametrize("context_bytes", [0, 1, PAGE, 3 * PAGE + 1])
def test_memory_has_room_for_the_network(context_bytes):
    made = linked(context_bytes, 256)
    reader = Reader(sections(made)[6])
    values = []
    for _ in range(reader.number()):
        reader.byte()
        reader.byte()
        reader.byte()
        values.append(reader.signed())
        reader.byte()
    stack, context = values
    assert stack == STACK
    assert exports(made)["context"] == (3, 1)
    assert context == STACK + 256
    reader = Reader(sections(made)[5])
    assert [reader.number() for _ in range(2)] == [1, 1]
    least, greatest = reader.number(), reader.number()
    assert least == greatest
    assert (least - 1) * PAGE < context + context_bytes <= least * PAGE


def test_a_function_from_elsewhere_is_refused_by_name():
    with pytest.raises(CompilationError, match="needs sinf from elsewhere"):
        link(object_of(FOREIGN), {}, 0, 16)


def test_a_function_whose_address_is_taken_is_refused():
    with pytest.raises(CompilationError, match="__indirect_function_table"):
        link(object_of(TAKEN), {}, 0, 16)
