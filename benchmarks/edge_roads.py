"""The ways to run one network, and what each takes: bytes and time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import gossamer
from benchmarks.edge_desk import SHIPPED, VISITS, in_java, in_node
from benchmarks.edge_programs import NAME
from benchmarks.edge_rows import Road
from benchmarks.models import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.edge_rows import DeskRow, DeviceRow

_COUNT = """
import os, sys
from importlib import metadata
from pathlib import Path

before = set(sys.modules)
{program}
owners = metadata.packages_distributions()
roots = {{name.partition(".")[0] for name in set(sys.modules) - before}}
files = {{
    Path(file.locate())
    for name in {{each for root in roots for each in owners.get(root, ())}}
    if name != "gossamer"
    for file in metadata.files(name) or ()
}}
if "gossamer" in roots:
    files |= set(Path(sys.modules["gossamer"].__file__).parent.rglob("*"))
found = (x for x in files if x.suffix != ".pyc" and x.is_file())
print(sum(os.path.getsize(x) for x in found))
"""
_LITERT = """
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter({path!r})
interpreter.allocate_tensors()
interpreter.invoke()
"""
_INTERPRETER = """
import gossamer
interpreter = gossamer.Interpreter({path!r})
interpreter.allocate_tensors()
interpreter.invoke()
"""
_LIBRARY = """
import gossamer, numpy
call = gossamer.load({path!r})
call(*(numpy.zeros(x["shape"], x["dtype"]) for x in call.interface["inputs"]))
"""


def loaded_bytes(program: str) -> int:
    """Bytes of the Python packages that a program loads, as they are installed.

    Python itself and its library are not among them, nor are its compiled files.
    """
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(  # noqa: S603  (this Python, on a text of our own)
            (sys.executable, "-c", _COUNT.format(program=program)),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "GOSSAMER_CACHE": cache},
        )
    return int(done.stdout)


def roads(
    content: bytes, desk: DeskRow, devices: Sequence[DeviceRow], seconds: float
) -> list[Road]:
    """Every way, for a network that was measured on the desk and on devices."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        return [
            *_in_python(content, desk, folder),
            *_in_c(devices, desk),
            *_in_java(content, devices, seconds, folder),
            _on_the_web(content, seconds, folder),
            _microcontroller(devices),
        ]


def _in_python(content: bytes, desk: DeskRow, folder: Path) -> list[Road]:
    path = folder / f"{NAME}.tflite"
    path.write_bytes(content)
    gossamer.build(content, "linux-x86_64", folder, name=NAME, cpu=SHIPPED)
    shared = folder / f"lib{NAME}.so"
    rows = (
        ("`.tflite` in LiteRT", "Python, LiteRT", _LITERT, path, desk.litert),
        (
            "`.tflite` in Gossamer",
            "Python, Gossamer with LLVM",
            _INTERPRETER,
            path,
            desk.gossamer,
        ),
        (
            "shared library in Python",
            "Python, Gossamer without LLVM",
            _LIBRARY,
            shared,
            desk.python_library,
        ),
    )
    return [
        Road(
            name,
            needs,
            loaded_bytes(program.format(path=str(file))),
            file.stat().st_size,
            microseconds,
        )
        for name, needs, program, file, microseconds in rows
    ]


def _in_c(devices: Sequence[DeviceRow], desk: DeskRow) -> list[Road]:
    here = _row(devices, "linux-x86_64", SHIPPED)
    there = _row(devices, "linux-aarch64")
    return [
        Road(
            f"C library, {SHIPPED}",
            "nothing",
            0,
            here.flash,
            desk.libraries[SHIPPED],
            here.instructions,
        ),
        Road(
            "C library, 64-bit ARM",
            "nothing",
            0,
            there.flash,
            None,
            there.instructions,
        ),
    ]


def _in_java(
    content: bytes, devices: Sequence[DeviceRow], seconds: float, folder: Path
) -> list[Road]:
    built = gossamer.build(content, "java", folder, name=NAME, cpu=SHIPPED)
    jar = built.files[0]
    if jar.suffix != ".jar":
        raise RuntimeError(" ".join(built.notes))
    microseconds = min(in_java(jar, seconds) for _ in range(VISITS))
    android = gossamer.build(content, "android-arm64", folder, name=NAME)
    size = android.code_bytes + android.constant_bytes
    same = _row(devices, "linux-aarch64").instructions
    return [
        Road("jar in Java", "Java 8", None, jar.stat().st_size, microseconds),
        Road("Android module, arm64-v8a", "Android 5.0", None, size, instructions=same),
    ]


def _on_the_web(content: bytes, seconds: float, folder: Path) -> Road:
    gossamer.build(content, "web", folder, name=NAME)
    module = folder / f"{NAME}.js"
    size = module.stat().st_size + (folder / f"{NAME}.wasm").stat().st_size
    microseconds = min(in_node(module, seconds) for _ in range(VISITS))
    return Road("web page", "a browser", 0, size, microseconds)


def _microcontroller(devices: Sequence[DeviceRow]) -> Road:
    row = _row(devices, "cortex-m4")
    name = "C library, Cortex-M4"
    return Road(name, "nothing", 0, row.flash, instructions=row.instructions)


def _row(rows: Sequence[DeviceRow], device: str, cpu: str | None = None) -> DeviceRow:
    return next(row for row in rows if row.device == device and row.cpu == cpu)
