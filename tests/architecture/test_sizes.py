"""Files stay short, and `__init__.py` files hold names only."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import PACKAGE, ROOT

LIMIT = 400  # lines

FILES = [
    file
    for folder in ("gossamer", "tests", "benchmarks", "catalogue", "examples")
    for file in sorted((ROOT / folder).rglob("*.py"))
]
INITS = [file for file in FILES if file.name == "__init__.py"]

# The package itself looks its names up when they are first used.
LAZY = {"_HOMES", "_MODULES", "__getattr__", "__dir__"}


def test_files_are_short():
    lengths = {file: len(file.read_text().splitlines()) for file in FILES}
    long = [f"{file}: {count}" for file, count in lengths.items() if count > LIMIT]
    assert len(lengths) > 100
    assert not long


@pytest.mark.parametrize("file", INITS, ids=lambda file: str(file.parent.name))
def test_init_files_hold_names_only(file):
    allowed = {"__all__", "__version__"}
    if file.parent == PACKAGE:
        allowed |= LAZY
    assert not [name for name in _made(file) if name not in allowed]


def _made(file):
    """What the file does but import and describe itself."""
    for statement in ast.parse(file.read_text()).body:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.If(ast.Name("TYPE_CHECKING")):
                continue
            case ast.Expr(ast.Constant(str())):
                continue
            case ast.Assign([ast.Name(name)]) | ast.FunctionDef(name):
                yield name
            case _:
                yield ast.unparse(statement)


def test_no_file_is_a_drawer_for_all_sorts():
    drawers = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert not [file for file in FILES if file.name in drawers]
