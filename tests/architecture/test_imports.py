"""What is loaded when: no framework, and LLVM only where something is compiled."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT

FRAMEWORKS = {"jax", "keras", "tensorflow", "torch"}
COMMAND = {"ai_edge_litert", "matplotlib", "rich", "typer"}
COMPILER = {"llvmlite"}

RUN = """
import numpy as np
from gossamer import Interpreter
from gossamer.flatbuffer import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Add

build = Builder("main")
x = build.input("x", TensorType(DType.FLOAT32, (4,)))
interpreter = Interpreter(model_content=write(Model((build.finish([
    build.node(Add(), x, x)
]),))))
interpreter.allocate_tensors()
interpreter.set_tensor(0, np.arange(4, dtype=np.float32))
interpreter.invoke()
index = interpreter.get_output_details()[0]["index"]
assert interpreter.get_tensor(index).tolist() == [0, 2, 4, 6]
"""


def loaded(code, **environment):
    """The packages that a fresh process has loaded after running `code`."""
    report = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_package_loads_next_to_nothing():
    assert not loaded("import gossamer") & (FRAMEWORKS | COMMAND | COMPILER | {"numpy"})


@pytest.mark.parametrize("name", ["Interpreter", "TFLiteConverter", "convert", "load"])
def test_public_names_load_no_framework(name):
    found = loaded(f"from gossamer import {name}")
    assert "numpy" in found
    assert not found & (FRAMEWORKS | COMMAND | COMPILER)


def test_the_command_loads_no_framework():
    found = loaded("import gossamer.cli")
    assert "typer" in found
    assert not found & (FRAMEWORKS | COMPILER | {"ai_edge_litert", "matplotlib"})


def test_a_compiled_model_runs_without_the_compiler(tmp_path):
    assert "llvmlite" in loaded(RUN, GOSSAMER_CACHE=str(tmp_path))
    assert "llvmlite" not in loaded(RUN, GOSSAMER_CACHE=str(tmp_path))
