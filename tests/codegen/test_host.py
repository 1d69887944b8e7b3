"""What this machine is found to be, and how settings change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.codegen import host
from tests.codegen.machines import FLAGS, TARGETS

if TYPE_CHECKING:
    import pytest


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


def test_floats_may_be_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_machine", lambda: TARGETS["amx"])
    tiles = host.host().tiles
    assert tiles is not None
    assert tiles.splits_floats
    monkeypatch.setenv("GOSSAMER_FLOAT", "exact")
    tiles = host.host().tiles
    assert tiles is not None
    assert not tiles.splits_floats
