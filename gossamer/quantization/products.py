"""Layers that multiply by weights, seen as matrix products over patches of the input.

A CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED computes, for each of its groups,
y = W x + b: W is (outputs, depth) and x a patch of `depth` numbers of the input.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.graph import Node, Tensor
from gossamer.ir.rewrite import with_nodes, with_subgraph
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Conv2D, DepthwiseConv2D, FullyConnected
from gossamer.quantization.names import Names
from gossamer.quantization.recipe import bias_input, weight_input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Model
    from gossamer.ir.types import Array
    from gossamer.ops.window import Window


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A node with constant float weights, as a product of matrices.

    Attributes:
        node: a CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED.
        weights: its weights, read by no other node.
        groups: how many products stand side by side, each with its own inputs.
    """

    node: Node
    weights: Tensor
    groups: int

    @property
    def data(self) -> Tensor:
        """The activation that patches are taken of."""
        return self.node.input(0)

    @property
    def bias(self) -> Array:
        """The bias, float32 (outputs of all groups); zeros where there is none."""
        bias = bias_input(self.node)
        if bias is None or bias.data is None:
            return np.zeros(self.outputs, np.float32)
        return bias.data

    @property
    def outputs(self) -> int:
        """Output channels of all groups together."""
        return self.node.output.shape[-1]

    @property
    def depth(self) -> int:
        """Numbers in a patch of one group."""
        return self.weights.type.size // self.outputs

    @property
    def window(self) -> Window | None:
        """How the patches lie; None where they are the rows of the input."""
        op = self.node.op
        if isinstance(op, (Conv2D, DepthwiseConv2D)):
            return op.window(*self.weights.shape[1:3])
        return None

    def matrix(self, weights: Array) -> Array:
        """Weights as stored to (groups, outputs of a group, depth)."""
        if isinstance(self.node.op, DepthwiseConv2D):
            taps = weights.reshape(self.depth, self.groups, -1)
            return np.ascontiguousarray(taps.transpose(1, 2, 0))
        return weights.reshape(self.groups, self.outputs // self.groups, self.depth)

    def stored(self, matrix: Array) -> Array:
        """The way back from `matrix`."""
        if isinstance(self.node.op, DepthwiseConv2D):
            matrix = matrix.transpose(2, 0, 1)
        made = np.ascontiguousarray(matrix).reshape(self.weights.shape)
        return made.astype(np.float32)

    def spread(self, channels: Array) -> Array:
        """Numbers of the input's channels where patches have them: (groups, 1, depth).

        A layer that reads flattened channels goes round them.
        """
        if self.window is None:
            return np.resize(channels, self.depth)[np.newaxis, np.newaxis]
        height, width = self.weights.shape[1:3]
        shape = (1, channels.size, height, width)
        return self._by_group(np.broadcast_to(channels[:, None, None], shape))

    def mean_patch(self, x: Array) -> Array:
        """The mean over all patches of `x`: float64 (groups, depth)."""
        if self.window is None:
            return x.reshape(-1, self.depth).mean(0, dtype=np.float64)[np.newaxis]
        view = self.window.patches(x)
        mean = np.empty(view.shape[3:])
        for i, j in np.ndindex(view.shape[4:]):
            mean[:, i, j] = view[..., i, j].mean((0, 1, 2), dtype=np.float64)
        return self._by_group(mean[np.newaxis])[:, 0]

    def some_patches(self, x: Array, count: int, random: np.random.Generator) -> Array:
        """At most `count` patches of `x`, any ones: float32 (groups, count, depth)."""
        if self.window is None:
            rows = x.reshape(-1, self.depth)
            return rows[_some(len(rows), count, random)][np.newaxis]
        view = self.window.patches(x)
        places = _some(int(np.prod(view.shape[:3])), count, random)
        return self._by_group(view[np.unravel_index(places, view.shape[:3])])

    def _by_group(self, patches: Array) -> Array:
        """Patches (count, C, KH, KW) to (groups, count, depth)."""
        count, channels, height, width = patches.shape
        split = patches.reshape(count, self.groups, -1, height, width)
        order = split.transpose(1, 0, 3, 4, 2)
        assert channels * height * width == self.groups * self.depth
        return np.ascontiguousarray(order).reshape(self.groups, count, self.depth)


def _some(total: int, count: int, random: np.random.Generator) -> Array:
    return np.arange(total) if total <= count else random.choice(total, count)


def products(model: Model) -> list[Product]:
    """The layers of the main subgraph whose weights can be changed one by one."""
    readers = model.main.consumers()
    found: list[Product] = []
    for node in model.main.nodes:
        if not isinstance(node.op, (Conv2D, DepthwiseConv2D, FullyConnected)):
            continue
        weights, bias = weight_input(node), bias_input(node)
        if weights is None or len(readers[weights]) > 1:
            continue
        if bias is None or (bias.is_constant and len(readers[bias]) == 1):
            found.append(Product(node, weights, _groups(node, weights)))
    return found


def _groups(node: Node, weights: Tensor) -> int:
    match node.op:
        case Conv2D():
            return node.input(0).shape[-1] // weights.shape[-1]
        case DepthwiseConv2D():
            return node.input(0).shape[-1]
        case _:
            return 1


@dataclass(slots=True)
class Changes:
    """New weights and biases of layers, to be put into a model together."""

    weights: dict[Node, Array]
    biases: dict[Node, Array]

    def apply(self, model: Model) -> Model:
        """The model with the new constants; activations stay the tensors they were."""
        graph = model.main
        names = Names(graph)
        changed = [*self.weights, *self.biases]
        made = {node: self._changed(node, names) for node in changed}
        nodes = [made.get(node, node) for node in graph.nodes]
        return with_subgraph(model, 0, with_nodes(graph, nodes))

    def _changed(self, node: Node, names: Names) -> Node:
        inputs = list(node.inputs)
        if node in self.weights:
            inputs[1] = replace(node.input(1), data=self.weights[node])
        if node in self.biases:
            data = self.biases[node].astype(np.float32)
            inputs[2:3] = [_bias(node, data, names)]
        return replace(node, inputs=tuple(inputs))


def _bias(node: Node, data: Array, names: Names) -> Tensor:
    """A node's bias with other numbers, or the one that it did not have."""
    old = bias_input(node)
    if old is not None:
        return replace(old, data=data)
    name = names.unique(f"{node.output.name}/bias")
    return Tensor(name, TensorType(DType.FLOAT32, data.shape), data)


def changes(
    weights: Mapping[Node, Array] | None = None,
    biases: Mapping[Node, Array] | None = None,
) -> Changes:
    """New constants of some nodes."""
    return Changes(dict(weights or {}), dict(biases or {}))
