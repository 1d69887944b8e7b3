"""What a Java development kit on this computer does for a package."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECONDS = 300
_LEVEL = ("--release", "8", "-Xlint:-options")
_OLD_LEVEL = ("-source", "8", "-target", "8")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class JavaKit:
    """A compiler for Java, and the folder that it belongs to."""

    compiler: str
    home: Path

    @property
    def includes(self) -> tuple[str, ...] | None:
        """What a C compiler must be told to find `jni.h`; None where there is none."""
        folder = self.home / "include"
        system = folder / "linux"
        if not (folder / "jni.h").exists() or not (system / "jni_md.h").exists():
            return None
        return (f"-I{folder}", f"-I{system}")


def find_java_kit() -> JavaKit | None:
    """The kit that JAVA_HOME names, or whose `javac` is on the PATH."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("javac", path=f"{home}/bin") if home else None
    found = found or shutil.which("javac")
    if found is None:
        return None
    return JavaKit(found, Path(found).resolve().parents[1])


def compile_java(kit: JavaKit, sources: Sequence[Path], classes: Path) -> None:
    """Compile sources for Java 8 and later into a folder of classes.

    Raises:
        CompilationError: the compiler refuses them.
    """
    version = _run([kit.compiler, "-version"])
    # The compiler of Java 8 itself, which calls that 1.8, has no --release.
    level = _OLD_LEVEL if " 1.8" in version.stdout + version.stderr else _LEVEL
    classes.mkdir(parents=True, exist_ok=True)
    command = [kit.compiler, *level, "-encoding", "UTF-8", "-d", str(classes)]
    done = _run([*command, *map(str, sources)])
    if done.returncode:
        raise CompilationError(
            f"{kit.compiler} refuses the sources: {done.stderr.strip()[-800:]}"
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (a compiler of the user's own)
        command, capture_output=True, text=True, timeout=_SECONDS, check=False
    )


def jar(files: Mapping[str, bytes]) -> bytes:
    """An archive of Java; the same files give the same bytes."""
    manifest = b"Manifest-Version: 1.0\r\nCreated-By: Gossamer\r\n\r\n"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ({"META-INF/MANIFEST.MF": manifest} | dict(files)).items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return made.getvalue()
