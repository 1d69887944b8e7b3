"""The public names of Keras: its layers and its functions of tensors."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def public_layers() -> Mapping[str, tuple[str, ...]]:
    """Each class of `keras.layers` with the other names that it has."""
    module: Any = keras.layers
    found = [(name, getattr(module, name)) for name in dir(module)]
    return _grouped((name, x) for name, x in found if inspect.isclass(x))


def public_functions() -> Mapping[str, tuple[str, ...]]:
    """Each function of `keras.ops` and its modules with the other names that it has."""
    found: list[tuple[str, Any]] = []
    top: Any = keras.ops
    modules = [name for name in dir(top) if inspect.ismodule(getattr(top, name))]
    for path in ("", *modules):
        module = getattr(top, path) if path else top
        prefix = f"{path}." if path else ""
        found += [
            (prefix + name, x)
            for name, x in inspect.getmembers(module, inspect.isfunction)
        ]
    known = {id(x) for name, x in found if "." not in name}
    return _grouped(
        (name, x) for name, x in found if "." not in name or id(x) not in known
    )


def _grouped(found: Iterable[tuple[str, Any]]) -> Mapping[str, tuple[str, ...]]:
    """One name for each thing: its own where that is among them."""
    names: dict[int, list[str]] = {}
    own: dict[int, str] = {}
    for name, x in found:
        names.setdefault(id(x), []).append(name)
        own[id(x)] = str(x.__name__)
    rows: dict[str, tuple[str, ...]] = {}
    for key, every in names.items():
        first = own[key] if own[key] in every else every[0]
        rows[first] = tuple(name for name in every if name != first)
    return dict(sorted(rows.items(), key=lambda row: row[0].lower()))
