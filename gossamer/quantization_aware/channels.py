"""Which weights of a layer are rounded, and which of their axes count channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.training.places import Place, inner_layers, kernel_places, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTHWISE = {
    "DepthwiseConv1D": "kernel",
    "DepthwiseConv2D": "kernel",
    "SeparableConv1D": "depthwise_kernel",
    "SeparableConv2D": "depthwise_kernel",
}


def rounded_places(layer: Any) -> list[tuple[Place, tuple[int, ...]]]:
    """The weights of a layer that integers will hold, with the axes of their channels.

    The rows of an Embedding are left out: they are rounded as they are looked up.
    """
    return [
        (place, _axes(place))
        for place in (*kernel_places(layer), *_depthwise(layer))
        if _kind(place.owner, ("Embedding",)) is None
    ]


def _depthwise(layer: Any) -> Iterator[Place]:
    for owner in inner_layers(layer):
        kind = _kind(owner, tuple(_DEPTHWISE))
        if kind is not None:
            yield from places_of(owner, [getattr(owner, _DEPTHWISE[kind])])


def _axes(place: Place) -> tuple[int, ...]:
    owner, last = place.owner, (-1,)
    transposed = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
    if _kind(owner, transposed) is not None:
        return (-2,)
    kind = _kind(owner, tuple(_DEPTHWISE))
    if kind is not None and place.variable is getattr(owner, _DEPTHWISE[kind]):
        return (-2, -1)
    if _kind(owner, ("EinsumDense",)) is not None:
        return _axes_of_equation(owner.equation, last)
    return last


def _axes_of_equation(equation: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of the kernel that are axes of the result and not of the input."""
    inputs, _, result = equation.replace(" ", "").partition("->")
    data, _, kernel = inputs.partition(",")
    axes = tuple(
        index - len(kernel)
        for index, letter in enumerate(kernel)
        if letter in result and letter not in data
    )
    return axes or default


def _kind(owner: Any, names: tuple[str, ...]) -> str | None:
    """The first of some classes that a layer is of."""
    kinds: tuple[type, ...] = type(owner).__mro__
    return next((kind.__name__ for kind in kinds if kind.__name__ in names), None)
