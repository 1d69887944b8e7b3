"""Numbers of WebAssembly, written and read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from gossamer.deploy.wasm.leb128 import PADDED, Reader, signed, unsigned


def test_the_examples_of_the_dwarf_standard():
    assert unsigned(2) == b"\x02"
    assert unsigned(128) == b"\x80\x01"
    assert unsigned(12857) == b"\xb9\x64"
    assert signed(-2) == b"\x7e"
    assert signed(127) == b"\xff\x00"
    assert signed(-129) == b"\xff\x7e"


@given(some.integers(0, 2**32 - 1))
def test_numbers_from_0_on(number):
    for padded in (0, PADDED):
        made = unsigned(number, padded)
        assert len(made) >= padded
        assert Reader(made).number() == number


@given(some.integers(-(2**31), 2**31 - 1))
def test_numbers_with_a_sign(number):
    for padded in (0, PADDED):
        made = signed(number, padded)
        assert len(made) >= padded
        assert Reader(made).signed() == number


@given(some.text())
def test_texts(text):
    content = text.encode()
    reader = Reader(unsigned(len(content)) + content)
    assert reader.text() == text
    assert reader.is_at_end
