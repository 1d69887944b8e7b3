"""What this machine is found to be, and how settings change it."""

from __future__ import annotations

import pytest

from gossamer.codegen import host
from tests.codegen.machines import FLAGS, TARGETS


def test_the_matrix_unit_is_used_where_all_of_it_is_there() -> None:
    assert TARGETS["amx"].tiles is not None
    for flag in host._TILES:
        assert host.x86_target(FLAGS["amx"] - {flag}) == TARGETS["vnni"]


def test_the_matrix_unit_is_left_alone_where_the_system_refuses_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is no such request as 0, which stands for a system without it."""
    monkeypatch.setattr(host, "_REQUEST_PERMISSION", 0)
    assert not host._may_use_tiles(FLAGS["amx"])


@pytest.mark.parametrize(("word", "parts"), [("", 3), ("fast", 2), ("exact", 0)])
def test_how_floats_are_split(
    word: str, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_machine", lambda: TARGETS["amx"])
    monkeypatch.setenv("GOSSAMER_FLOAT", word)
    tiles = host.host().tiles
    assert tiles is not None
    assert tiles.float_parts == parts
