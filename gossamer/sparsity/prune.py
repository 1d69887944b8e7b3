"""Pruning while training: layers whose smallest weights are masked."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

from gossamer.sparsity.mask import (
    POOLINGS,
    Pooling,
    block_mask,
    fits,
    m_by_n_mask,
    require_fit,
)
from gossamer.sparsity.schedule import (
    ConstantSparsity,
    PruningSchedule,
    schedule_from_config,
)
from gossamer.training.arrays import ops_for
from gossamer.training.framework import Model, register
from gossamer.training.places import Place, inner_layers, kernel_places, places_of
from gossamer.training.rewrite import applied, require_built, stripped
from gossamer.training.state import array_of
from gossamer.training.wrapper import Reparametrized

if TYPE_CHECKING:
    import numpy as np

    from gossamer.sparsity.policy import PruningPolicy


class PrunableLayer(abc.ABC):
    """A layer of one's own that says which of its weights may be pruned."""

    @abc.abstractmethod
    def get_prunable_weights(self) -> list[Any]:
        """The variables to prune."""


@register
class PruneLowMagnitude(Reparametrized):
    """A layer of whose kernels only the largest weights count.

    Args:
        layer: the layer to prune.
        pruning_schedule: how sparse it is to be when.
        block_size: height and width of blocks that are pruned together.
        block_pooling_type: how a block is judged, "AVG" or "MAX".
        sparsity_m_by_n: (m, n) to prune m of every n weights of an output instead.
    """

    PREFIX = "prune_low_magnitude"

    def __init__(
        self,
        layer: Any,
        pruning_schedule: PruningSchedule | None = None,
        block_size: tuple[int, int] = (1, 1),
        block_pooling_type: Pooling = "AVG",
        sparsity_m_by_n: tuple[int, int] | None = None,
        **options: Any,
    ) -> None:
        self.pruning_schedule = pruning_schedule or ConstantSparsity(0.5, 0)
        self.block_size = (int(block_size[0]), int(block_size[1]))
        self.block_pooling_type: Pooling = block_pooling_type
        self.sparsity_m_by_n = sparsity_m_by_n
        _check(self.block_size, block_pooling_type, sparsity_m_by_n)
        super().__init__(layer, **options)

    def places(self) -> list[Place]:
        """The kernels, or what a layer of one's own names.

        Raises:
            ValueError: there are none, or the pattern does not fit one of them.
        """
        found = prunable_places(self.layer)
        if not found:
            raise ValueError(
                f"layer '{self.layer.name}' ({type(self.layer).__name__}) has nothing "
                "to prune; a layer of your own derives from PrunableLayer and names "
                "its weights in get_prunable_weights"
            )
        for place in found:
            if self.sparsity_m_by_n is not None:
                require_fit(place.variable.shape, self.sparsity_m_by_n)
        return found

    def make_state(self) -> None:
        """A mask for each weight, and the step of training."""
        self.masks = [
            self.add_weight(
                shape=place.variable.shape,
                initializer="ones",
                trainable=False,
                name=f"mask_{index}",
            )
            for index, place in enumerate(self.held)
        ]
        self.pruning_step = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="step"
        )

    def effective(self, index: int, value: Any, *, training: bool) -> Any:
        """The weight with zeros where it is pruned."""
        return value * ops_for(value).cast(self.masks[index], value.dtype)

    def update(self, step: int) -> bool:
        """Prune as the schedule asks at a step of training; whether it did."""
        prunes, sparsity = self.pruning_schedule(step)
        if prunes:
            for place, mask in zip(self.held, self.masks, strict=True):
                weights = array_of(place.variable)
                mask.assign(self.mask_of(weights, sparsity))
            self.settle()
        return prunes

    def mask_of(self, weights: np.ndarray, sparsity: float) -> np.ndarray:
        """The mask for weights as they are."""
        if self.sparsity_m_by_n is not None:
            return m_by_n_mask(weights, self.sparsity_m_by_n)
        return block_mask(weights, sparsity, self.block_size, self.block_pooling_type)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "pruning_schedule": self.pruning_schedule.get_config(),
            "block_size": self.block_size,
            "block_pooling_type": self.block_pooling_type,
            "sparsity_m_by_n": self.sparsity_m_by_n,
        }

    @classmethod
    def decoded(cls, options: dict[str, Any]) -> dict[str, Any]:
        """With the schedule that was saved."""
        pattern = options.get("sparsity_m_by_n")
        return {
            **options,
            "pruning_schedule": schedule_from_config(options["pruning_schedule"]),
            "sparsity_m_by_n": tuple(pattern) if pattern else None,
        }


def prune_low_magnitude(
    to_prune: Any,
    pruning_schedule: PruningSchedule | None = None,
    block_size: tuple[int, int] = (1, 1),
    block_pooling_type: Pooling = "AVG",
    pruning_policy: PruningPolicy | None = None,
    sparsity_m_by_n: tuple[int, int] | None = None,
    **options: Any,
) -> Any:
    """Have a layer, or all layers of a model, prune themselves while they train.

    Layers without kernels, such as normalizations and depthwise convolutions, stay as
    they are, as do those of a model that a pattern of m by n does not fit. Train with
    the callback `UpdatePruningStep`, and call `strip_pruning` in the end. The weights
    stay those of the model given.

    Args:
        to_prune: a layer, a list of layers, or a built model; a subclassed model is
            changed itself.
        pruning_schedule: how sparse to be when; half of all weights if not given.
        block_size: height and width of blocks of a matrix to prune together.
        block_pooling_type: how a block is judged, "AVG" or "MAX".
        pruning_policy: which layers of a model may be pruned.
        sparsity_m_by_n: (m, n) to prune m of every n weights of an output instead.
        **options: of the wrapping layer, such as its name.

    Returns:
        What was given, with layers wrapped in `PruneLowMagnitude`.

    Raises:
        ValueError: a layer has nothing to prune, or a model is not built.

    Example:
        >>> schedule = PolynomialDecay(0.0, 0.8, begin_step=0, end_step=2000)
        >>> model = prune_low_magnitude(model, schedule)
    """

    def wrap(layer: Any) -> Any:
        return PruneLowMagnitude(
            layer,
            pruning_schedule,
            block_size,
            block_pooling_type,
            sparsity_m_by_n,
            **options,
        )

    if pruning_policy is not None and isinstance(to_prune, Model):
        require_built(to_prune, "pruned")
        pruning_policy.ensure_model_supports_pruning(to_prune)

    def exchange(layer: Any) -> Any:
        if isinstance(layer, PruneLowMagnitude) or not prunable_places(layer):
            return layer
        allowed = pruning_policy is None or pruning_policy.allow_pruning(layer)
        return wrap(layer) if allowed and _fits(layer, sparsity_m_by_n) else layer

    return applied(to_prune, wrap, exchange, "pruned")


def strip_pruning(model: Any) -> Any:
    """The model with its own layers again, pruned weights being zero.

    Args:
        model: a model, or a layer, that `prune_low_magnitude` made.
    """
    return stripped(model, PruneLowMagnitude)


def pruned_layers(model: Any) -> list[PruneLowMagnitude]:
    """The layers of a model that prune themselves, those of inner models too."""
    return [x for x in inner_layers(model) if isinstance(x, PruneLowMagnitude)]


def prunable_places(layer: Any) -> list[Place]:
    """The weights of a layer that can be pruned."""
    if isinstance(layer, PrunableLayer):
        return places_of(layer, layer.get_prunable_weights())
    return kernel_places(layer)


def _fits(layer: Any, pattern: tuple[int, int] | None) -> bool:
    """Whether a pattern can be had in all kernels of a layer."""
    shapes = [tuple(place.variable.shape) for place in prunable_places(layer)]
    return pattern is None or all(fits(shape, pattern) for shape in shapes)


def _check(
    block: tuple[int, int], pooling: str, pattern: tuple[int, int] | None
) -> None:
    if min(block) < 1:
        raise ValueError(f"block_size must be at least (1, 1); it is {block}")
    if pooling not in POOLINGS:
        raise ValueError(
            f"Unsupported pooling type '{pooling}'. Should be 'AVG' or 'MAX'."
        )
    if pattern is not None and not 0 < pattern[0] < pattern[1]:
        raise ValueError(
            f"sparsity_m_by_n must be (m, n) with 0 < m < n; it is {pattern}"
        )
    if pattern is not None and block != (1, 1):
        raise ValueError("sparsity_m_by_n and block_size cannot be given together")
