"""docs/keras.md: complete, as it is made, and true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from catalogue import layers, operations
from catalogue.names import public_functions, public_layers

ROOT = Path(__file__).parents[2]


def test_every_layer_has_an_example_or_a_reason():
    known = {*layers.EXAMPLES, *layers.NOT_LAYERS}
    assert known == set(public_layers())
    assert not set(layers.EXAMPLES) & set(layers.NOT_LAYERS)


def test_every_function_has_an_example_or_a_reason():
    known = {*operations.EXAMPLES, *operations.NOT_COMPUTED}
    assert known == set(public_functions())
    assert not set(operations.EXAMPLES) & set(operations.NOT_COMPUTED)


def _run(*arguments):
    """A program in a process of its own, in which Keras has another backend."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_is_as_it_is_made():
    _run("catalogue.page", "--check")


def test_some_examples_answer_like_keras():
    _run("catalogue.contract", "7")


@pytest.mark.slow
def test_all_examples_answer_like_keras():
    _run("catalogue.contract")
