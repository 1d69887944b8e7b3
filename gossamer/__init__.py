"""TensorFlow Lite rebuilt as a compiler in pure Python.

Names are loaded when they are first used, so that importing the package is cheap and
loads no framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gossamer.api import convert
    from gossamer.converter import (
        OpsSet,
        Optimize,
        RepresentativeDataset,
        TargetSpec,
        TFLiteConverter,
    )

__version__ = "0.1.0"

__all__ = [
    "OpsSet",
    "Optimize",
    "RepresentativeDataset",
    "TFLiteConverter",
    "TargetSpec",
    "convert",
]

_HOMES = {
    "convert": "gossamer.api",
    **dict.fromkeys(
        (
            "OpsSet",
            "Optimize",
            "RepresentativeDataset",
            "TFLiteConverter",
            "TargetSpec",
        ),
        "gossamer.converter",
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gossamer' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted((*globals(), *_HOMES))
