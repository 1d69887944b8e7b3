"""Stored results: rows of several sections, replaced one by one as they are measured.

A row is known by the values of the keys in `KEYS`. A file from another machine is begun
anew, since its rows would not compare.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import gossamer
from benchmarks import zoo
from benchmarks.models import MODES, ROOT
from benchmarks.timing import machine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RESULTS = ROOT / "benchmarks" / "results" / "bench.json"
KEYS = ("model", "mode", "engine", "cold")
SECTIONS = ("results", "two_threads", "processes")
_PACKAGES = ("ai-edge-litert", "llvmlite", "numpy", "onnxruntime", "openvino")


class Store:
    """The results in a file, which is written after every change."""

    def __init__(self, path: Path = RESULTS) -> None:
        self.path = path
        self.facts = self._read()

    def _read(self) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        if self.path.exists():
            facts = json.loads(self.path.read_text())
        if facts.get("machine") != machine():
            facts = {}
        rows = {section: facts.get(section, []) for section in SECTIONS}
        return {**header(), **rows}

    def row(self, section: str, **keys: Any) -> Mapping[str, Any] | None:
        """The row of a section with these values."""
        for row in self.facts[section]:
            if all(row.get(name) == value for name, value in keys.items()):
                return row
        return None

    def visits(self, section: str, **keys: Any) -> list[Mapping[str, Any]]:
        """What was measured for a row, visit by visit."""
        row = self.row(section, **keys)
        return row["visits"] if row else []

    def put(self, section: str, row: Mapping[str, Any]) -> None:
        """Add a row, in place of the one that was measured before."""
        key = _key(row)
        rows = [each for each in self.facts[section] if _key(each) != key]
        self.facts[section] = sorted([*rows, dict(row)], key=_order)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.facts, indent=1) + "\n")


def header() -> dict[str, Any]:
    """Where and with what something is measured."""
    return {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"gossamer": gossamer.__version__, **_versions()},
        "unit": "microseconds an inference: set inputs, invoke, get outputs",
    }


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in KEYS)


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Networks in the order of the zoo, modes in theirs."""
    models, modes = list(zoo.NETWORKS), list(MODES)
    return models.index(row["model"]), modes.index(row["mode"]), row.get("cold", False)
