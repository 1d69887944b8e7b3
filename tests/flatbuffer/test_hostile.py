"""Damaged bytes end in a verified model or in a `ModelError`, nothing else."""

from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gossamer.errors import ModelError
from gossamer.flatbuffer import read, write
from gossamer.ir.equal import same
from tests.flatbuffer.models import ALL

FILES = {name: write(make()) for name, make in ALL.items()}
WORDS = (0, 1, 0xFFFFFFFF, 0x7FFFFFF0)


def survives(data: bytes) -> bool:
    """Whether `data` is a model; if so, it must also be one that can be written."""
    try:
        model = read(data)
    except ModelError:
        return False
    assert same(model, read(write(model))) is None
    return True


def with_word(data: bytes, position: int, word: int) -> bytes:
    return data[:position] + struct.pack("<I", word) + data[position + 4 :]


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_at_any_byte_is_refused(name):
    data = FILES[name]
    complete = {size for size in range(len(data)) if survives(data[:size])}
    # Only the padding at the very end may be missing unnoticed.
    assert complete <= set(range(len(data) - 16, len(data)))


@pytest.mark.parametrize("word", WORDS, ids=hex)
@pytest.mark.parametrize("name", FILES)
def test_any_word_overwritten(name, word):
    data = FILES[name]
    outcomes = {
        survives(with_word(data, position, word))
        for position in range(0, len(data) - 3, 4)
    }
    assert outcomes == {True, False}


@given(
    name=st.sampled_from(sorted(FILES)),
    changes=st.lists(
        st.tuples(st.integers(8, 2**16), st.integers(0, 255)), min_size=1, max_size=6
    ),
)
@settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_any_bytes_overwritten(name, changes):
    data = bytearray(FILES[name])
    for position, value in changes:
        data[position % len(data)] = value
    survives(bytes(data))


@given(data=st.binary(max_size=200))
@settings(max_examples=200, derandomize=True, deadline=None, database=None)
def test_bytes_that_only_begin_like_a_model(data):
    assert not survives(b"\x08\0\0\0TFL3" + data)
