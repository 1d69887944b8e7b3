"""A Keras model with some of its layers exchanged, its other layers being the same.

Sequential and functional models are put together anew around the layers; in a
subclassed model the attributes that hold layers are assigned. Models inside of models
are entered.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from gossamer.training.attributes import assign
from gossamer.training.framework import InputLayer, Model, keras
from gossamer.training.saving import mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.training.wrapper import Reparametrized

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
            assign(layer, lambda _, each: of(each))
            mark(layer)
            return layer
        is_input = isinstance(layer, InputLayer)
        return layer if is_input else exchange(layer)

    return new(model)


def applied(target: Any, wrap: Exchange, exchange: Exchange, what: str) -> Any:
    """A layer, a list of layers, or a model, with layers wrapped.

    Args:
        target: what to wrap layers of.
        wrap: what each layer becomes that is named by itself.
        exchange: what each layer of a model becomes.
        what: is done to it, such as "pruned".

    Raises:
        ValueError: a model is not built.
    """
    if isinstance(target, (list, tuple)):
        return [wrap(layer) for layer in cast("list[Any]", target)]
    if not isinstance(target, Model):
        return wrap(target)
    require_built(target, what)
    return exchanged(target, exchange)


def stripped(target: Any, kind: type[Reparametrized]) -> Any:
    """A layer or a model without wrappers of a kind, their weights being final."""

    def exchange(layer: Any) -> Any:
        if not isinstance(layer, kind):
            return layer
        layer.settle()
        return layer.layer

    return (
        exchanged(target, exchange) if isinstance(target, Model) else exchange(target)
    )


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


@cache
def _functional() -> type:
    """The class of functional models, which Keras does not name."""
    end = keras.Input((1,))
    identity: object = keras.models.Model(end, end)
    return type(identity)
