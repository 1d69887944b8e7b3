"""The folder of kept programs: what is removed, what is found, what is not taken."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from gossamer.runtime import keep, store
from gossamer.runtime.interpreter import Interpreter
from gossamer.runtime.source import Source
from tests.runtime import models


def test_only_the_oldest_entries_are_removed(tmp_path, monkeypatch):
    names = ("old.program", "older.txt", "new.outline", "newest.image")
    for age, name in enumerate(names):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    monkeypatch.setattr(keep, "_LARGEST_STORE", 250)
    keep._make_room(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"older.txt", "new.outline", "newest.image"}
    monkeypatch.setattr(keep, "_LARGEST_STORE", 0)
    keep._make_room(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"older.txt"}


def test_the_folder_is_looked_at_when_enough_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr(keep, "_LARGEST_STORE", 50)
    monkeypatch.setattr(keep, "_BETWEEN_LOOKS", 100)
    old = tmp_path / "old.image"
    gone = []
    for _ in range(7):
        old.write_bytes(bytes(100))
        keep._count(tmp_path, 40)
        gone.append(not old.exists())
    assert gone == [True, False, False, True, False, False, True]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("GOSSAMER_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "model.tflite"
    path.write_bytes(models.dense())
    return path


@pytest.fixture
def read(monkeypatch):
    """The files that were read for their digest."""
    found = []
    digest = hashlib.file_digest

    def counted(file, name):
        found.append(file.name)
        return digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    return found


def test_a_file_is_read_once_for_its_digest(file, read, monkeypatch):
    monkeypatch.setattr(store, "_SETTLED", -(10**9))
    digests = {Source(file).digest for _ in range(3)}
    assert digests == {hashlib.sha256(file.read_bytes()).hexdigest()}
    assert len(read) == 1


def test_a_file_that_changed_just_now_may_change_again(file, read):
    for _ in range(2):
        assert Source(file).digest
    assert len(read) == 2


def test_a_change_is_noticed_where_size_and_time_are_put_back(file, monkeypatch):
    monkeypatch.setattr(store, "_SETTLED", -(10**9))
    first, status = Source(file).digest, file.stat()
    time.sleep(0.05)  # more than a tick of the file system's clock
    changed = file.read_bytes().replace(b"weights", b"weightt")
    file.write_bytes(changed)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_mtime_ns == status.st_mtime_ns
    assert file.stat().st_size == status.st_size
    assert Source(file).digest == hashlib.sha256(changed).hexdigest() != first


def test_a_program_is_taken_only_by_its_whole_key(file, monkeypatch):
    """Two keys may have one file's name."""
    monkeypatch.setattr(store, "program_file", lambda key: "same.program")
    interpreter = Interpreter(file)
    interpreter.allocate_tensors()
    compiled = models.executable_of(interpreter).compiled
    store.keep_program("one", compiled)
    store._programs.clear()  # as another process would begin
    assert store.find_program("two") is None
    assert store.find_program("one").image == compiled.image
