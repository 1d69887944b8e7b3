"""The sizes that a network is built for, where its file leaves them open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Shape


def input_shapes(
    model: Model, subgraph: int, given: Mapping[str, Sequence[int]]
) -> dict[Tensor, Shape]:
    """Shapes by input, from shapes by the inputs' names.

    A name is the tensor's, or that in a signature of the subgraph.

    Raises:
        InputError: no input has such a name, or cannot have such a shape.
    """
    names = _names(model, subgraph)
    shapes: dict[Tensor, Shape] = {}
    for name, sizes in given.items():
        if name not in names:
            known = ", ".join(f"'{each}'" for each in names)
            raise InputError(f"no input is called '{name}'; there are {known}")
        shapes[names[name]] = _shape(names[name], tuple(sizes))
    return shapes


def _names(model: Model, subgraph: int) -> dict[str, Tensor]:
    named = {tensor.name: tensor for tensor in model.subgraphs[subgraph].inputs}
    for signature in model.signatures:
        if signature.subgraph == subgraph:
            named |= signature.inputs
    return named


def _shape(tensor: Tensor, sizes: tuple[int, ...]) -> Shape:
    open_sizes = tensor.signature or tensor.shape
    if not open_sizes and not tensor.has_rank:
        return sizes
    fits = len(sizes) == len(open_sizes) and min(sizes, default=1) > 0
    if not fits:
        raise InputError(
            f"'{tensor.name}' has the shape {list(open_sizes)} and cannot be "
            f"{list(sizes)}: give {len(open_sizes)} sizes from 1 on"
        )
    for size, known in zip(sizes, open_sizes, strict=True):
        if known not in (-1, size):
            raise InputError(
                f"'{tensor.name}' has the shape {list(open_sizes)} and cannot be "
                f"{list(sizes)}: only sizes of -1 are open"
            )
    return sizes
