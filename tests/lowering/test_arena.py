"""The arena: blocks that live at once never share memory."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from gossamer.lowering.arena import Block, align, place
from gossamer.memory import ALIGNMENT


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    first = draw(st.integers(0, 20))
    nbytes = draw(st.integers(1, 1000) | st.integers(0, 1 << 20))
    return Block(nbytes, first, first + draw(st.integers(0, 10)))


@given(st.lists(blocks(), max_size=25))
def test_no_two_live_blocks_overlap(given_: list[Block]) -> None:
    offsets, total = place(given_)
    assert len(offsets) == len(given_)
    for (one, at), (two, to) in combinations(zip(given_, offsets, strict=True), 2):
        if one.first <= two.last and two.first <= one.last:
            assert at + one.nbytes <= to or to + two.nbytes <= at
    for block, offset in zip(given_, offsets, strict=True):
        assert offset % ALIGNMENT == 0
        assert offset >= 0
        assert offset + block.nbytes <= total


@given(st.lists(blocks(), max_size=25))
def test_memory_is_not_wasted(given_: list[Block]) -> None:
    """Never more than all blocks side by side; never less than what lives at once."""
    _, total = place(given_)
    sizes = [align(block.nbytes) for block in given_]
    assert total <= sum(sizes)
    for time in range(31):
        live = [b for b in given_ if b.first <= time <= b.last]
        assert total >= sum(align(block.nbytes) for block in live)


def test_a_chain_needs_two_buffers() -> None:
    chain = [Block(100, time, time + 1) for time in range(9)]
    assert place(chain)[1] == 2 * align(100)


def test_a_gap_is_filled() -> None:
    offsets, total = place([Block(256, 0, 1), Block(128, 0, 9), Block(64, 2, 9)])
    assert offsets == [0, 256, 0]
    assert total == 384


def test_nothing_needs_nothing() -> None:
    assert place([]) == ([], 0)
