"""A jar for desktops: the network's machine code behind TensorFlow Lite's names."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.deploy.compiled import Package, filled, template, written
from gossamer.deploy.header import header
from gossamer.deploy.java_model import PACKAGE, SERVICES, runtime_sources
from gossamer.deploy.java_tools import JavaKit, compile_java, find_java_kit, jar
from gossamer.deploy.linker import find_linker, link_shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.deploy.compiled import Compiled
    from gossamer.deploy.java_model import JavaModel

_PLATFORM = "linux-x86_64"
_NO_JAVAC = (
    "no jar: no javac was found, by JAVA_HOME or on the PATH. Install a JDK and run "
    "`make` in this folder"
)
_NO_LIBRARY = (
    "no machine code in the jar: it takes a C compiler and the JDK's jni.h. Install "
    "them and run `make` in this folder"
)


def java_package(
    model: JavaModel, compiled: Sequence[Compiled], folder: Path
) -> Package:
    """Write a jar with the network in it, and all that it is made of.

    Raises:
        CompilationError: a compiler refuses the sources.
    """
    (network,) = compiled
    name = model.name
    sources = _sources(model, folder / "src")
    others = _others(model, network, folder)
    kit = find_java_kit()
    linker = find_linker(network.device) if kit and kit.includes else None
    library = _library(kit, linker, network, folder / "native")
    notes = () if library else (_NO_LIBRARY,)
    if kit is None:
        notes = (_NO_JAVAC,)
        made = []
    else:
        content = _jar(model, kit, sources, library)
        made = [written(folder / f"{name}.jar", content)]
    text = "".join(f"\n{note}\n" for note in notes)
    words = model.words | {"NOTES": text}
    readme = written(folder / "README.txt", filled(template("java/README.txt"), words))
    shared = [library] if library else []
    files = (*made, readme, *others, *shared, *sources)
    return Package(files, linker, notes)


def _sources(model: JavaModel, folder: Path) -> list[Path]:
    own = {f"{PACKAGE}/models/{model.class_name}.java": model.source}
    texts = runtime_sources() | own
    return [written(folder / file, text) for file, text in texts.items()]


def _others(model: JavaModel, network: Compiled, folder: Path) -> list[Path]:
    name = model.name
    contents: dict[str, bytes | str] = {
        f"{name}.tflite": model.content,
        f"native/{name}.h": header(network.interface),
        f"native/{name}_jni.c": model.glue,
        f"native/lib{name}.a": network.static_library,
        f"resources/{SERVICES}": f"{model.full_name}\n",
        "example/Example.java": filled(template("java/Example.java"), model.words),
        "Makefile": filled(template("java/Makefile"), model.words),
    }
    return [written(folder / file, content) for file, content in contents.items()]


def _library(
    kit: JavaKit | None, linker: list[str] | None, network: Compiled, folder: Path
) -> Path | None:
    """The shared library that Java loads."""
    if kit is None or kit.includes is None or linker is None:
        return None
    name = network.interface.name
    made = folder / f"lib{name}_jni.so"
    glue = str(folder / f"{name}_jni.c")
    flags = ("-O2", "-fPIC", f"-I{folder}", *kit.includes)
    given = [folder / f"lib{name}.a"]
    link_shared(linker, network.device, given, made, *flags, glue)
    return made


def _jar(
    model: JavaModel, kit: JavaKit, sources: Sequence[Path], library: Path | None
) -> bytes:
    own = f"{PACKAGE}/models/{model.name}"
    files = {SERVICES: f"{model.full_name}\n".encode()}
    with tempfile.TemporaryDirectory() as scratch:
        classes = Path(scratch)
        compile_java(kit, sources, classes)
        for file in sorted(classes.rglob("*.class")):
            files[file.relative_to(classes).as_posix()] = file.read_bytes()
    if library is not None:
        files[f"{own}/{_PLATFORM}.so"] = library.read_bytes()
    files[f"{own}/{model.name}.tflite"] = model.content
    return jar(files)
