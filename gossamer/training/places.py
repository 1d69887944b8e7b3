"""The weights of a Keras layer that can be compressed, and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CONVOLUTIONS = (
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
)
_CELLS = ("SimpleRNNCell", "GRUCell", "LSTMCell", "ConvLSTMCell")

KERNELS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*_CONVOLUTIONS, "Dense", "EinsumDense"), ("kernel",)),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), ("pointwise_kernel",)),
    **dict.fromkeys(_CELLS, ("kernel", "recurrent_kernel")),
    "Embedding": ("embeddings",),
}
"""Attributes of Keras's layers by class; depthwise kernels have too few weights."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A weight, and the attribute of a layer that holds it.

    Attributes:
        owner: the layer itself or one inside of it.
        key: of the owner's dictionary.
        name: for people, such as "kernel" or "query/kernel".
        variable: the Keras variable.
    """

    owner: Any
    key: str
    name: str
    variable: Any


def kernel_places(layer: Any) -> list[Place]:
    """The kernels of a built layer, those of layers inside of it included.

    Example:
        >>> [place.name for place in kernel_places(lstm)]
        ['lstm_cell/kernel', 'lstm_cell/recurrent_kernel']
    """
    found: list[Place] = []
    for owner in inner_layers(layer):
        prefix = "" if owner is layer else f"{owner.name}/"
        for attribute in _kernels_of(owner):
            variable = getattr(owner, attribute)
            key = _key_of(owner, variable)
            if key is not None:
                found.append(Place(owner, key, f"{prefix}{attribute}", variable))
    return found


def places_of(layer: Any, variables: Iterable[Any]) -> list[Place]:
    """Where a built layer keeps some of its variables.

    Raises:
        ValueError: it keeps one of them in no attribute.
    """
    found: list[Place] = []
    for variable in variables:
        for owner in inner_layers(layer):
            key = _key_of(owner, variable)
            if key is not None:
                found.append(Place(owner, key, variable.name, variable))
                break
        else:
            raise ValueError(
                f"layer '{layer.name}' keeps its weight '{variable.name}' in no "
                "attribute of its own, so that nothing can stand in for it; assign "
                "it to one, as in self.kernel = self.add_weight(...)"
            )
    return found


def inner_layers(layer: Any) -> Iterator[Any]:
    """The layer itself and all layers inside of it."""
    return cast("Iterator[Any]", layer._flatten_layers())  # noqa: SLF001


def _kernels_of(owner: Any) -> tuple[str, ...]:
    kinds: tuple[type, ...] = type(owner).__mro__
    names = (KERNELS.get(kind.__name__) for kind in kinds)
    return next((each for each in names if each is not None), ())


def _key_of(owner: Any, variable: Any) -> str | None:
    held: dict[str, Any] = owner.__dict__
    return next((key for key in held if held[key] is variable), None)
