"""Which layers of a model may be pruned."""

from __future__ import annotations

import abc
from typing import Any

from gossamer.training.framework import keras


class PruningPolicy(abc.ABC):
    """Says which layers to prune, and whether a model is of the kind it is for."""

    @abc.abstractmethod
    def allow_pruning(self, layer: Any) -> bool:
        """Whether a layer may be pruned."""

    @abc.abstractmethod
    def ensure_model_supports_pruning(self, model: Any) -> None:
        """Raise ValueError for a model that the policy is not for."""


class PruneForLatency(PruningPolicy):
    """Prune only what runs faster with zeros: 1x1 convolutions and dense layers."""

    def allow_pruning(self, layer: Any) -> bool:
        """Whether the layer is a product without a window."""
        if isinstance(layer, (keras.layers.Dense, keras.layers.EinsumDense)):
            return True
        return isinstance(layer, keras.layers.Conv2D) and _is_pointwise(layer)

    def ensure_model_supports_pruning(self, model: Any) -> None:
        """Refuse a model without such layers.

        Raises:
            ValueError: there is none.
        """
        layers: Any = model._flatten_layers()  # noqa: SLF001
        if not any(self.allow_pruning(layer) for layer in layers):
            raise ValueError(
                f"model '{model.name}' has neither dense layers nor 1x1 convolutions, "
                "the layers that zeros make faster"
            )


class PruneForLatencyOnXNNPack(PruneForLatency):
    """Prune only what LiteRT's default engine runs faster: 1x1 convolutions."""

    def allow_pruning(self, layer: Any) -> bool:
        """Whether the layer is a 1x1 convolution."""
        return isinstance(layer, keras.layers.Conv2D) and _is_pointwise(layer)


def _is_pointwise(layer: Any) -> bool:
    ones = (1, 1)
    plain = tuple(layer.strides) == ones and tuple(layer.dilation_rate) == ones
    return plain and tuple(layer.kernel_size) == ones and layer.groups == 1
