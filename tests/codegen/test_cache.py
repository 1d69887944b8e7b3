"""The cache of compiled images: trusted only where it is whole and our own."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from gossamer.codegen import cache, emitters
from gossamer.codegen import compile as compiler
from gossamer.codegen.image import Image
from gossamer.codegen.procedure import Call
from gossamer.nest.build import Nest
from tests.codegen.machines import TARGETS

TARGET = TARGETS["sse2"]
IMAGE = Image(bytes(range(256)) * 16, {"part0": 0, "context": 64})
KEY = cache.key_of("text", TARGET)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOSSAMER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entry(folder: Path, key: str = KEY) -> Path:
    return folder / f"{key}.image"


def test_what_is_stored_is_loaded() -> None:
    assert cache.load(KEY) is None
    cache.store(KEY, IMAGE)
    assert cache.load(KEY) == IMAGE


def test_the_key_tells_texts_and_machines_apart() -> None:
    keys = {
        cache.key_of("text", TARGET),
        cache.key_of("other", TARGET),
        cache.key_of("text", replace(TARGET, cpu="haswell")),
        cache.key_of("text", replace(TARGET, features="+avx2")),
        cache.key_of("text", replace(TARGET, triple="x86_64-apple-darwin")),
    }
    assert len(keys) == 5


def test_entries_and_folder_are_private(folder: Path) -> None:
    cache.store(KEY, IMAGE)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(entry(folder).stat().st_mode) & 0o077 == 0


def test_every_damaged_byte_is_noticed_and_the_entry_removed(folder: Path) -> None:
    cache.store(KEY, IMAGE)
    whole = entry(folder).read_bytes()
    for position in (*range(64), *range(64, len(whole), 37)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x40
        entry(folder).write_bytes(damaged)
        assert cache.load(KEY) is None
        assert not entry(folder).exists()


@pytest.mark.parametrize("size", [0, 1, 43, 44, 100, 1000])
def test_a_truncated_entry_is_removed(folder: Path, size: int) -> None:
    cache.store(KEY, IMAGE)
    entry(folder).write_bytes(entry(folder).read_bytes()[:size])
    assert cache.load(KEY) is None
    assert not entry(folder).exists()


def test_an_entry_under_another_name_is_refused(folder: Path) -> None:
    other = cache.key_of("other", TARGET)
    cache.store(KEY, IMAGE)
    entry(folder).rename(entry(folder, other))
    assert cache.load(other) is None


def test_another_users_entry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store(KEY, IMAGE)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert cache.load(KEY) is None


def test_a_folder_that_cannot_be_made_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GOSSAMER_CACHE", str(tmp_path / "file" / "cache"))
    cache.store(KEY, IMAGE)
    assert cache.load(KEY) is None


def test_a_disk_that_refuses_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    cache.store(KEY, IMAGE)
    assert list(folder.iterdir()) == []


def test_an_entry_appears_whole_or_not_at_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the last moment it lies under another name."""
    seen: list[list[str]] = []
    replace_ = Path.replace

    def watch(self: Path, target: Path) -> Path:
        seen.append([path.suffix for path in folder.iterdir()])
        return replace_(self, target)

    monkeypatch.setattr(Path, "replace", watch)
    cache.store(KEY, IMAGE)
    assert seen == [[".part"]]
    assert [path.name for path in folder.iterdir()] == [f"{KEY}.image"]


def test_off_means_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOSSAMER_CACHE", "off")
    cache.store(KEY, IMAGE)
    assert cache.load(KEY) is None
    assert not folder.exists()


def test_without_a_home_nothing_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOSSAMER_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert cache.folder() is None


def test_a_module_is_compiled_once_and_again_when_its_entry_is_damaged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    emit = emitters.emit_object

    def counted(text, target):
        made.append(text)
        return emit(text, target)

    monkeypatch.setattr(emitters, "emit_object", counted)
    nest = Nest("nothing", TARGET)
    nest.integer(), nest.integer()
    procedures = {"part0": [Call(nest.finish(), (), 1)]}
    for _ in range(2):
        compiler.load_procedures(TARGET, procedures, 0).function("part0")()
    assert len(made) == 1
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    compiler.load_procedures(TARGET, procedures, 0).function("part0")()
    assert len(made) == 2
