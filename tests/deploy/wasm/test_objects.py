"""What LLVM's objects hold."""

from __future__ import annotations

import pytest

from gossamer.codegen.object import emit_object
from gossamer.deploy.devices import DEVICES
from gossamer.deploy.wasm.objects import External, Section, is_wasm, read_object
from gossamer.errors import CompilationError
from tests.deploy.wasm.modules import FOREIGN, TABLE, object_of


def test_functions_have_numbers_and_sizes():
    found = read_object(object_of(TABLE))
    assert set(found.functions) >= {"net_place", "net_sum"}
    sizes = found.function_sizes
    assert 5 < sizes["net_place"] < sizes["net_sum"] < 200
    code = len(found.sections[Section.CODE])
    assert sum(sizes[x] for x in ("net_place", "net_sum")) < code
    assert found.loaded_bytes == code + 12 + 8


def test_data_lie_in_segments_with_their_alignment():
    found = read_object(object_of(TABLE))
    data = {x.name: x for x in found.symbols if x.is_data}
    first, second = (found.segments[data[name].index] for name in ("first", "second"))
    assert first.content == bytes([5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0])
    assert (first.alignment, second.alignment) == (16, 64)
    assert len(found.relocations[Section.DATA]) == 2


def test_what_is_taken_from_elsewhere_is_named():
    found = read_object(object_of(FOREIGN))
    assert ("sinf", External.FUNCTION) in found.imports


def test_another_format_is_refused():
    text = TABLE.replace("wasm32-unknown-unknown", "x86_64-unknown-linux-gnu")
    foreign = emit_object(text, DEVICES["linux-x86_64"].target)
    assert not is_wasm(foreign)
    with pytest.raises(CompilationError, match="not one of WebAssembly"):
        read_object(foreign)
