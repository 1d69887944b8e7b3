"""All cases of the contract: those that the tests of this folder are given."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

import tests.ops
from tests.ops.contract import Case

if TYPE_CHECKING:
    from collections.abc import Iterator


DERIVED = ("test_further_types",)
"""Tests whose cases are made of those of the others."""
WITHOUT = (*DERIVED, "test_edges", "test_coverage")
"""Tests that look at the cases of the others."""


@cache
def every_case() -> tuple[Case, ...]:
    """The cases in the parameters of every test, each one once."""
    return (*plain_cases(), *(case for name in DERIVED for case in _cases_in(name)))


@cache
def plain_cases() -> tuple[Case, ...]:
    """The cases that are written down, and not made of others."""
    found: dict[Case, None] = {}
    for module in pkgutil.iter_modules(tests.ops.__path__):
        if module.name.startswith("test_") and module.name not in WITHOUT:
            found.update(dict.fromkeys(_cases_in(module.name)))
    return tuple(found)


def _cases_in(module: str) -> Iterator[Case]:
    for value in vars(importlib.import_module(f"tests.ops.{module}")).values():
        yield from _cases_of(value)


def _cases_of(test: Any) -> Iterator[Case]:
    marks: Any = getattr(test, "pytestmark", []) if callable(test) else []
    for mark in marks:
        for each in mark.args[1] if mark.name == "parametrize" else ():
            values: Any = getattr(each, "values", each)
            for value in values if isinstance(values, tuple) else (values,):
                if isinstance(value, Case):
                    yield value
