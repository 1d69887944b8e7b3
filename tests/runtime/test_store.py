"""The folder of kept programs: what is removed from it, and what is not."""

from __future__ import annotations

import os

from gossamer.runtime import store


def test_only_the_oldest_entries_are_removed(tmp_path, monkeypatch):
    names = ("old.program", "older.txt", "new.outline", "newest.image")
    for age, name in enumerate(names):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    monkeypatch.setattr(store, "_LARGEST_STORE", 250)
    store._make_room(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"older.txt", "new.outline", "newest.image"}
    monkeypatch.setattr(store, "_LARGEST_STORE", 0)
    store._make_room(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"older.txt"}
