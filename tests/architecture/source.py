"""The source tree as these tests see it: files, their parts and their imports."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gossamer"


@dataclass(frozen=True)
class Import:
    """One imported module; `late` inside a function, `typing` for types only."""

    file: Path
    line: int
    module: str
    late: bool
    typing: bool

    def __str__(self):
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def part_of(file):
    """The folder of the package that a file is in, or the file's own name."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def package_files():
    return sorted(PACKAGE.rglob("*.py"))


def imports(file):
    """Every import statement of a file, wherever it stands."""
    tree = ast.parse(file.read_text())
    return list(_walk(file, tree, late=False, typing=False))


def _walk(file, node, *, late, typing):
    match node:
        case ast.Import(names):
            for name in names:
                yield Import(file, node.lineno, name.name, late, typing)
        case ast.ImportFrom("gossamer", names):
            for name in names:
                yield Import(file, node.lineno, f"gossamer.{name.name}", late, typing)
        case ast.ImportFrom(str(module)):
            yield Import(file, node.lineno, module, late, typing)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            late = True
        case ast.If(ast.Name("TYPE_CHECKING")):
            typing = True
    for child in ast.iter_child_nodes(node):
        yield from _walk(file, child, late=late, typing=typing)
