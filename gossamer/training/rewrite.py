"""A Keras model with some of its layers exchanged, its other layers being the same.

Sequential and functional models are put together anew around the layers; in a
subclassed model the attributes that hold layers are assigned. Models inside of models
are entered.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from gossamer.training.framework import InputLayer, Layer, Model, keras

if TYPE_CHECKING:
    from collections.abc import Callable

    Exchange = Callable[[Any], Any]
    """A layer to the one in its place, which may be the same."""


def is_graph(model: Any) -> bool:
    """Whether a model is Sequential or functional: known without running it."""
    return isinstance(model, (keras.models.Sequential, _functional()))


def exchanged(model: Any, exchange: Exchange) -> Any:
    """The model with other layers.

    Layers that stay, and their weights, belong to both models afterwards; a subclassed
    model is changed itself.

    Args:
        model: a built model.
        exchange: called once for each layer that is no model.
    """
    made: dict[int, Any] = {}

    def of(layer: Any) -> Any:
        if id(layer) not in made:
            made[id(layer)] = new(layer)
        return made[id(layer)]

    def new(layer: Any) -> Any:
        if is_graph(layer):
            return keras.models.clone_model(layer, clone_function=of)
        if isinstance(layer, Model):
            _assign(layer, of)
            return layer
        is_input = isinstance(layer, InputLayer)
        return layer if is_input else exchange(layer)

    return new(model)


def require_built(model: Any, what: str) -> None:
    """Refuse a model without weights.

    Args:
        model: the model.
        what: is to be done to it, such as "pruned".

    Raises:
        ValueError: it is not built.
    """
    if not model.built:
        raise ValueError(
            f"model '{model.name}' has no weights yet: call it on some inputs, or "
            f"build it with an input shape, before it is {what}"
        )


def _assign(model: Any, of: Exchange) -> None:
    """Exchange the layers that attributes of a model hold, also in lists and dicts."""
    tracker: Any = model._tracker  # noqa: SLF001
    tracker.unlock()
    attributes: dict[str, Any] = model.__dict__
    for name, value in list(attributes.items()):
        new = value if name.startswith("_") else _exchanged_value(value, of)
        if new is not value:
            _forget(tracker, value)
            setattr(model, name, new)
    if model.built:
        tracker.lock()


def _exchanged_value(value: Any, of: Exchange) -> Any:
    if isinstance(value, Layer):
        return of(value)
    if isinstance(value, dict):
        entries = cast("dict[Any, Any]", value)
        made = {key: _exchanged_value(each, of) for key, each in entries.items()}
        same = all(made[key] is entries[key] for key in made)
        return entries if same else made
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        changed = [_exchanged_value(each, of) for each in items]
        same = all(a is b for a, b in zip(changed, items, strict=True))
        return items if same else type(items)(changed)
    return value


def _forget(tracker: Any, value: Any) -> None:
    """Take layers off a model's list."""
    if isinstance(value, Layer):
        tracker.untrack(value)
    elif isinstance(value, dict):
        for each in cast("dict[Any, Any]", value).values():
            _forget(tracker, each)
    elif isinstance(value, (list, tuple)):
        for each in cast("list[Any]", value):
            _forget(tracker, each)


@cache
def _functional() -> type:
    """The class of functional models, which Keras does not name."""
    end = keras.Input((1,))
    identity: object = keras.models.Model(end, end)
    return type(identity)
