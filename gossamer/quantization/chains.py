"""Where a layer's output channels can be scaled, and who would have to undo it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.ops import (
    AveragePool2D,
    LeakyRelu,
    MaxPool2D,
    Mean,
    Pad,
    PRelu,
    Relu,
    Relu6,
)
from gossamer.quantization.products import Product, products
from gossamer.quantization.recipe import SHAPE_READERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.ir.graph import Model, Node, Tensor

_ACTIVATIONS = frozenset({"none", "relu", "relu6"})
"""Fused activations that scale with their input, RELU6 below its 6."""


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A layer, all tensors with its channels, and the layers that read these.

    `capped` is whether a RELU6 is among what is in between. `tensors` begins with the
    first layer's output; `channels` is how many channels that has.
    """

    first: Product
    tensors: tuple[Tensor, ...]
    readers: tuple[Product, ...]
    capped: bool

    @property
    def channels(self) -> int:
        return self.first.outputs

    @property
    def is_direct(self) -> bool:
        """Whether nothing stands in between but the first layer's own activation."""
        return len(self.tensors) == 1


def chains(model: Model, wanted: Callable[[Node], bool]) -> list[Chain]:
    """The chains of the main subgraph whose layers are all wanted."""
    every = {p.node: p for p in products(model) if wanted(p.node)}
    readers = model.main.consumers()
    ends = frozenset(model.main.outputs)
    found = (_chain(each, every, readers, ends) for each in every.values())
    return [chain for chain in found if chain is not None]


def _chain(
    first: Product,
    every: Mapping[Node, Product],
    readers: Mapping[Tensor, list[Node]],
    ends: frozenset[Tensor],
) -> Chain | None:
    """The chain that begins with a layer; None where something else reads it."""
    activation = _activation(first.node)
    if activation not in _ACTIVATIONS:
        return None
    capped = activation == "relu6"
    tensors, found = [first.node.output], list[Product]()
    for tensor in tensors:
        nodes = readers.get(tensor, [])
        if tensor in ends or not nodes:
            return None
        for node in nodes:
            if node.op.name in SHAPE_READERS:
                continue
            if node in every and node.input(0) is tensor:
                found.append(every[node])
            elif _scales(node, tensor):
                capped = capped or _is_capped(node)
                tensors += node.outputs
            else:
                return None
    if not found or not all(_fits(each, first.outputs) for each in found):
        return None
    return Chain(first, tuple(tensors), tuple(dict.fromkeys(found)), capped)


def _activation(node: Node) -> str:
    return getattr(node.op, "fused_activation_function", "none")


def _is_capped(node: Node) -> bool:
    return isinstance(node.op, Relu6) or _activation(node) == "relu6"


def _scales(node: Node, tensor: Tensor) -> bool:
    """Whether what a node gives has the channels of its input, as much larger."""
    if node.inputs.count(tensor) != 1 or node.input(0) is not tensor:
        return False
    if _activation(node) not in _ACTIVATIONS:
        return False
    match node.op:
        case Relu() | Relu6() | LeakyRelu() | PRelu() | MaxPool2D() | AveragePool2D():
            return True
        case Mean():
            axes = node.input(1).data
            last = len(tensor.shape) - 1
            return axes is not None and all(x % (last + 1) != last for x in axes.flat)
        case Pad():
            return len(node.inputs) == 2 and node.output.shape[-1] == tensor.shape[-1]
        case _:
            # In order, the elements of [..., C] go round the channels.
            return node.op.only_reshapes and not node.output.shape[-1] % (
                tensor.shape[-1] or 1
            )


def _fits(reader: Product, channels: int) -> bool:
    """Whether each input of a patch comes from one channel, by a known rule."""
    size = reader.data.shape[-1]
    if reader.window is None:
        return reader.depth % channels == 0
    return size == channels
