"""The layers that attributes of a subclassed model hold, also in lists and dicts.

A path is an attribute's name and what follows, such as "blocks/1".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from gossamer.training.framework import Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    At = Callable[[str, Any], Any]
    """A path and the layer there to the one in its place, which may be the same."""


def held_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """The paths and layers of a model's public attributes."""
    for name, value in _attributes(model):
        yield from _layers_in(name, value)


def assign(model: Any, at: At) -> None:
    """Exchange layers of a model in place."""
    tracker: Any = model._tracker  # noqa: SLF001
    tracker.unlock()
    for name, value in _attributes(model):
        new = _exchanged(name, value, at)
        if new is not value:
            for _, layer in _layers_in(name, value):
                tracker.untrack(layer)
            setattr(model, name, new)
    if model.built:
        tracker.lock()


def _attributes(model: Any) -> list[tuple[str, Any]]:
    attributes: dict[str, Any] = model.__dict__
    return [(k, v) for k, v in attributes.items() if not k.startswith("_")]


def _layers_in(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Layer):
        yield path, value
    for key, each in _entries(value):
        yield from _layers_in(f"{path}/{key}", each)


def _entries(value: Any) -> list[tuple[Any, Any]]:
    """The keys and values of a container, nothing of anything else."""
    if isinstance(value, dict):
        return list(cast("dict[Any, Any]", value).items())
    if isinstance(value, (list, tuple)):
        return list(enumerate(cast("list[Any]", value)))
    return []


def _exchanged(path: str, value: Any, at: At) -> Any:
    if isinstance(value, Layer):
        return at(path, value)
    entries = _entries(value)
    made = [(key, _exchanged(f"{path}/{key}", each, at)) for key, each in entries]
    if all(a is b for (_, a), (_, b) in zip(made, entries, strict=True)):
        return value
    if isinstance(value, dict):
        return dict(made)
    items = [each for _, each in made]
    return tuple(items) if isinstance(value, tuple) else items
