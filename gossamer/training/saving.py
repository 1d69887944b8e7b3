"""Saving a subclassed model while layers of it are wrapped.

Its class does not know of the wrappers: it makes its own layers when it is loaded.
So such a model has a class derived from its own for that time, whose configuration
holds the model as it was written and the wrapped layers by their paths.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from gossamer.training.attributes import assign, held_layers
from gossamer.training.framework import keras
from gossamer.training.places import inner_layers
from gossamer.training.wrapper import Reparametrized

_NAME = "Exchanged"


class Exchanged:
    """What is added to the class of a model some layers of which are wrapped."""

    def get_config(self) -> dict[str, Any]:
        """The model as its class makes it, and the layers that are others."""
        model: Any = self
        kind: type = model.__class__
        model.__class__ = written_class(kind)
        try:
            written = keras.saving.serialize_keras_object(model)
        finally:
            model.__class__ = kind
        written.pop("compile_config", None)
        layers = {path: layer for path, layer in held_layers(model) if _changed(layer)}
        return {"model": written, "layers": _each_serialized(layers)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The model, with the layers that were others in their places."""
        model = keras.saving.deserialize_keras_object(config["model"])
        layers = {
            path: keras.saving.deserialize_keras_object(layer)
            for path, layer in config["layers"].items()
        }
        assign(model, layers.get)
        mark(model)
        return model


def mark(model: Any) -> None:
    """Give a subclassed model the class with which it can be saved and loaded."""
    now: type = model.__class__
    kind = written_class(now)
    changed = any(_changed(layer) for _, layer in held_layers(model))
    model.__class__ = _exchanged_class(kind) if changed else kind


def written_class(kind: type) -> type:
    """The class that somebody wrote, of one that may be derived here."""
    return kind.__mro__[2] if issubclass(kind, Exchanged) else kind


@cache
def _exchanged_class(kind: type) -> Any:
    names = {name: getattr(kind, name) for name in ("__module__", "__qualname__")}
    made = type(kind.__name__, (Exchanged, kind), {**names, "__doc__": kind.__doc__})
    return keras.saving.register_keras_serializable("gossamer", _NAME)(made)


keras.saving.register_keras_serializable("gossamer", _NAME)(Exchanged)


def _changed(layer: Any) -> bool:
    return any(isinstance(each, Reparametrized) for each in inner_layers(layer))


def _each_serialized(layers: dict[str, Any]) -> dict[str, Any]:
    serialize = keras.saving.serialize_keras_object
    return {path: serialize(layer) for path, layer in layers.items()}
