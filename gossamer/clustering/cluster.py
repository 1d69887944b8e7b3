"""Layers whose weights share a few values, which are trained with them."""

from __future__ import annotations

import abc
import contextlib
import enum
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.clustering.centroids import (
    CentroidInitialization,
    first_centroids,
    first_step,
)
from gossamer.training.arrays import ops_for
from gossamer.training.framework import keras, register
from gossamer.training.places import Place, inner_layers, kernel_places, places_of
from gossamer.training.rewrite import applied, stripped
from gossamer.training.state import array_of
from gossamer.training.wrapper import Reparametrized

if TYPE_CHECKING:
    from collections.abc import Generator


class GradientAggregation(enum.Enum):
    """What a value learns from the weights that share it: their sum or their mean."""

    SUM = "sum"
    AVG = "avg"


class ClusterableLayer(abc.ABC):
    """A layer of one's own that says which of its weights may share values."""

    @abc.abstractmethod
    def get_clusterable_weights(self) -> list[Any]:
        """The variables to cluster."""


@register
class ClusterWeights(Reparametrized):
    """A layer whose kernels have a few distinct values.

    Each weight counts as the value nearest to it. Both are trained: the values by the
    gradients of all that share them, the weights by their own, so that one may move on
    to another value.

    Args:
        layer: the layer to cluster.
        number_of_clusters: how many values a kernel, or a channel of it, may have.
        cluster_centroids_init: where the values begin.
        preserve_sparsity: keep weights at zero that are zero now.
        cluster_per_channel: values for each output of a kernel instead of the whole.
        gradient_aggregation: what a value learns from those that share it.
        on_grid: values at even steps around zero, (n - 1) // 2 of each sign: what four
            bits store when there are 16 clusters at most. The step is trained.
    """

    PREFIX = "cluster"

    def __init__(
        self,
        layer: Any,
        number_of_clusters: int,
        cluster_centroids_init: CentroidInitialization | str = (
            CentroidInitialization.KMEANS_PLUS_PLUS
        ),
        preserve_sparsity: bool = False,  # noqa: FBT001, FBT002  the toolkit's order
        cluster_per_channel: bool = False,  # noqa: FBT001, FBT002
        gradient_aggregation: GradientAggregation | str = GradientAggregation.SUM,
        *,
        on_grid: bool = False,
        **options: Any,
    ) -> None:
        self.number_of_clusters = int(number_of_clusters)
        self.cluster_centroids_init = CentroidInitialization(cluster_centroids_init)
        self.preserve_sparsity = preserve_sparsity
        self.cluster_per_channel = cluster_per_channel
        self.gradient_aggregation = GradientAggregation(gradient_aggregation)
        self.on_grid = on_grid
        _check(self.number_of_clusters, with_zero=preserve_sparsity or on_grid)
        base: Any = super()
        base.__init__(layer, **options)

    def places(self) -> list[Place]:
        """The kernels, or what a layer of one's own names.

        Raises:
            ValueError: there are none, or fewer weights than values.
        """
        found = _places(self.layer)
        if not found:
            raise ValueError(
                f"layer '{self.layer.name}' ({type(self.layer).__name__}) has nothing "
                "to cluster; a layer of your own derives from ClusterableLayer and "
                "names its weights in get_clusterable_weights"
            )
        for place in found:
            size = _size(place.variable, self.cluster_per_channel)
            if size < self.number_of_clusters:
                raise ValueError(
                    f"{self.number_of_clusters} clusters are more than the {size} "
                    f"weights of '{place.name}' in layer '{self.layer.name}'"
                )
        return found

    def make_state(self) -> None:
        """The values of each kernel or their step, and what of it is to stay zero."""
        kernels = [array_of(place.variable) for place in self.held]
        name = "step" if self.on_grid else "centroids"
        self.centroids = [
            self._variable(f"{name}_{index}", self._first(kernel), trainable=True)
            for index, kernel in enumerate(kernels)
        ]
        self.kept = [
            self._variable(f"kept_{index}", kernel != 0, trainable=False)
            for index, kernel in enumerate(kernels if self.preserve_sparsity else [])
        ]

    def _variable(self, name: str, value: np.ndarray, *, trainable: bool) -> Any:
        made = self.add_weight(
            shape=value.shape, initializer="zeros", trainable=trainable, name=name
        )
        made.assign(value.astype(np.float32))
        return made

    def _first(self, kernel: np.ndarray) -> np.ndarray:
        """Values to begin with; one is zero where zeros are to stay."""
        rows, count = self._rows(kernel), self.number_of_clusters
        if self.on_grid:
            return first_step(rows, self._levels)
        if not self.preserve_sparsity:
            return first_centroids(rows, count, self.cluster_centroids_init)
        kept = [row[row != 0] if row.any() else row for row in rows]
        made = [
            first_centroids(row[np.newaxis], count - 1, self.cluster_centroids_init)[0]
            for row in kept
        ]
        return np.sort(np.pad(np.stack(made), ((0, 0), (0, 1))), axis=1)

    @property
    def _levels(self) -> int:
        """The greatest multiple of the step."""
        return (self.number_of_clusters - 1) // 2

    def values(self, index: int, ops: Any = keras.ops) -> Any:
        """The values of weight `index`: (rows, clusters), ascending."""
        held = ops.convert_to_tensor(self.centroids[index])
        if not self.on_grid:
            return ops.sort(held, axis=-1)
        levels = ops.arange(-self._levels, self._levels + 1, dtype=held.dtype)
        return ops.absolute(held) * levels

    def _rows(self, kernel: np.ndarray) -> np.ndarray:
        """A kernel as (1, weights), or as (outputs, weights of an output)."""
        if not self.cluster_per_channel:
            return kernel.reshape(1, -1)
        return np.moveaxis(kernel, -1, 0).reshape(kernel.shape[-1], -1)

    def effective(self, index: int, value: Any, *, training: bool) -> Any:
        """The weight at the values nearest to it."""
        ops = ops_for(value)
        made = self._nearest(value, ops.cast(self.values(index, ops), value.dtype))
        if self.preserve_sparsity:
            made = made * ops.cast(self.kept[index], value.dtype)
        # What a weight itself is to learn passes by the choice of its value.
        return made + (value - ops.stop_gradient(value))

    def _nearest(self, value: Any, centroids: Any) -> Any:
        """The value nearest to each weight; gradients go to the values."""
        ops = ops_for(value)
        borders = ops.stop_gradient((centroids[:, 1:] + centroids[:, :-1]) / 2)
        shape = tuple(value.shape)
        last, count = shape[-1], centroids.shape[-1]
        flat = ops.stop_gradient(value)
        if self.cluster_per_channel:
            columns = ops.reshape(flat, (-1, last))
            index = ops.zeros(columns.shape, "int32")
            for step in range(count - 1):
                index = index + ops.cast(columns > borders[:, step], "int32")
            start = ops.arange(last, dtype="int32") * count
            index = ops.reshape(index + start, (-1,))
        else:
            index = ops.searchsorted(borders[0], ops.reshape(flat, (-1,)))
        taken = ops.take(self._shared(ops.reshape(centroids, (-1,)), index), index)
        return ops.reshape(taken, shape)

    def _shared(self, centroids: Any, index: Any) -> Any:
        """The values, whose gradients are divided by how many share them for AVG."""
        is_sum = self.gradient_aggregation is GradientAggregation.SUM
        if is_sum or ops_for(centroids) is not keras.ops:
            return centroids
        ops = keras.ops
        size = centroids.shape[0]
        count = ops.segment_sum(ops.ones_like(index), index, num_segments=size)
        count = ops.cast(ops.maximum(count, 1), centroids.dtype)
        part = centroids / count
        return part + ops.stop_gradient(centroids - part)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        base: Any = super()
        return {
            **base.get_config(),
            "number_of_clusters": self.number_of_clusters,
            "cluster_centroids_init": self.cluster_centroids_init.value,
            "preserve_sparsity": self.preserve_sparsity,
            "cluster_per_channel": self.cluster_per_channel,
            "gradient_aggregation": self.gradient_aggregation.value,
            "on_grid": self.on_grid,
        }


def cluster_weights(
    to_cluster: Any,
    number_of_clusters: int,
    cluster_centroids_init: CentroidInitialization | str = (
        CentroidInitialization.KMEANS_PLUS_PLUS
    ),
    preserve_sparsity: bool = False,  # noqa: FBT001, FBT002  the toolkit's order
    cluster_per_channel: bool = False,  # noqa: FBT001, FBT002
    gradient_aggregation: GradientAggregation | str = GradientAggregation.SUM,
    *,
    on_grid: bool = False,
    **options: Any,
) -> Any:
    """Have a layer, or all layers of a model, share a few values among their weights.

    Layers without kernels, such as normalizations and depthwise convolutions, stay as
    they are, as do those of a model that have fewer weights than values. Train on for
    some epochs, and call `strip_clustering` in the end.

    Args:
        to_cluster: a built layer, a list of layers, or a built model; a subclassed
            model is changed itself.
        number_of_clusters: how many values a kernel may have; 2 at least.
        cluster_centroids_init: where the values begin.
        preserve_sparsity: keep weights at zero that are zero now: for a pruned model.
        cluster_per_channel: values for each output of a kernel instead of the whole.
        gradient_aggregation: what a value learns from those that share it.
        on_grid: values at even steps around zero, (n - 1) // 2 of each sign: what four
            bits store when there are 16 clusters at most. The step is trained.
        **options: of the wrapping layer, such as its name.

    Returns:
        What was given, with layers wrapped in `ClusterWeights`.

    Raises:
        ValueError: there are too few clusters, or a layer has nothing to cluster.

    Example:
        >>> model = cluster_weights(model, number_of_clusters=16)
    """
    _check(int(number_of_clusters), with_zero=preserve_sparsity or on_grid)

    def wrap(layer: Any) -> Any:
        return ClusterWeights(
            layer,
            number_of_clusters,
            cluster_centroids_init,
            preserve_sparsity,
            cluster_per_channel,
            gradient_aggregation,
            on_grid=on_grid,
            **options,
        )

    def exchange(layer: Any) -> Any:
        if isinstance(layer, ClusterWeights):
            return layer
        sizes = [_size(x.variable, cluster_per_channel) for x in _places(layer)]
        return wrap(layer) if sizes and min(sizes) >= number_of_clusters else layer

    return applied(to_cluster, wrap, exchange, "clustered")


def strip_clustering(model: Any) -> Any:
    """The model with its own layers again, whose kernels have a few distinct values.

    Args:
        model: a model, or a layer, that `cluster_weights` made.
    """
    return stripped(model, ClusterWeights)


@contextlib.contextmanager
def cluster_scope() -> Generator[None]:
    """A scope for loading clustered models; they load without it too."""
    yield


def clustered_layers(model: Any) -> list[ClusterWeights]:
    """The layers of a model that share weights, those of inner models too."""
    return [x for x in inner_layers(model) if isinstance(x, ClusterWeights)]


def _places(layer: Any) -> list[Place]:
    """The weights of a layer that can share values."""
    if isinstance(layer, ClusterableLayer):
        return places_of(layer, layer.get_clusterable_weights())
    return kernel_places(layer)


def _size(variable: Any, per_channel: bool) -> int:  # noqa: FBT001
    """How many weights share the values of one set."""
    shape = tuple(variable.shape)
    return math.prod(shape[:-1] if per_channel else shape)


def _check(clusters: int, *, with_zero: bool) -> None:
    least = 3 if with_zero else 2
    if clusters < least:
        reason = ", of which one is zero" if with_zero else ""
        raise ValueError(
            f"number_of_clusters must be at least {least}{reason}; it is {clusters}"
        )
