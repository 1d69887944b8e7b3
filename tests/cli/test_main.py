"""Help, version, exit codes, and errors as one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gossamer.cli import main as entry
from gossamer.cli.main import app, version
from gossamer.errors import InputError


@pytest.mark.parametrize("verb", ["convert", "run", "inspect", "bench"])
def test_help_of_each_verb_has_an_example(gossamer, verb):
    assert verb in gossamer("--help")
    text = gossamer(verb, "--help")
    assert "Examples" in text
    assert f"gossamer {verb} " in text.split("Examples")[1]


def test_version(gossamer):
    assert gossamer("--version") == f"gossamer {version()}\n"


def test_wrong_command_line_is_code_2(gossamer):
    gossamer("inspect", code=2)
    assert "FILE" in gossamer.err
    gossamer("fly", code=2)
    assert "fly" in gossamer.err


def test_error_is_one_sentence_and_code_1(gossamer, tmp_path):
    gossamer("inspect", tmp_path / "none.tflite", code=1)
    assert gossamer.out == ""
    assert gossamer.err.startswith("Error: Could not open")
    assert gossamer.err.count("\n") == 1
    assert gossamer.err.endswith(".\n")


def test_debug_shows_the_traceback(gossamer, tmp_path, monkeypatch):
    monkeypatch.setenv("GOSSAMER_DEBUG", "1")
    with pytest.raises(InputError):
        app(["inspect", str(tmp_path / "none.tflite")])


def test_error_inside_gossamer_is_told_as_such(monkeypatch, capsys, dense):
    def broken(*_):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("gossamer.cli.inspect.summary", broken)
    monkeypatch.setattr(sys, "argv", ["gossamer", "inspect", str(dense)])
    with pytest.raises(SystemExit) as caught:
        entry()
    assert caught.value.code == 1
    text = capsys.readouterr().err
    assert "ZeroDivisionError: by zero" in text
    assert "should be reported" in text


def test_command_starts_without_a_framework_or_compiler():
    program = (
        "import sys, gossamer.cli; "
        "print([m for m in ('keras', 'jax', 'h5py', 'ai_edge_litert') if m in "
        "sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
