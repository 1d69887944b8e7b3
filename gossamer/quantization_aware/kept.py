"""What training must leave to weights: their zeros, or that they share values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gossamer.training.arrays import ops_for
from gossamer.training.state import array_of

MOST_CLUSTERS = 256
"""More distinct values than these are no clusters."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one weight.

    Attributes:
        zeros: whether what is zero stays zero.
        clusters: how many values its elements share; 0 where they need not. Each
            stays with its value, and the values are trained.
    """

    zeros: bool = False
    clusters: int = 0

    def build(self, variable: Any, name: str, layer: Any) -> dict[str, Any]:
        """Add the variables that hold what is kept to a layer."""
        array = array_of(variable)
        made: dict[str, Any] = {}
        if self.zeros:
            made["mask"] = _add(layer, f"{name}_mask", array != 0, "float32")
        if self.clusters:
            values, index = np.unique(array, return_inverse=True)
            # A layer that is being loaded has other weights still.
            values = np.resize(values, self.clusters)
            index = np.minimum(index, self.clusters - 1).reshape(array.shape)
            made["index"] = _add(layer, f"{name}_index", index, "int32")
            made["values"] = _add(
                layer, f"{name}_values", values, "float32", trainable=True
            )
        return made

    def apply(self, value: Any, state: dict[str, Any]) -> Any:
        """The weight with what is kept of it."""
        ops = ops_for(value)
        if self.clusters:
            values = ops.cast(ops.convert_to_tensor(state["values"]), value.dtype)
            index = ops.convert_to_tensor(state["index"])
            taken = ops.take(values, ops.reshape(index, (-1,)))
            value = ops.reshape(taken, index.shape) + value * 0
        if self.zeros:
            mask = ops.convert_to_tensor(state["mask"])
            value = value * ops.cast(mask, value.dtype)
        return value

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return asdict(self)


def clusters_of(array: np.ndarray) -> int:
    """How many values an array has; 0 where these are no clusters."""
    count = len(np.unique(array))
    return count if count <= MOST_CLUSTERS and count < array.size else 0


def _add(
    layer: Any, name: str, value: np.ndarray, dtype: str, *, trainable: bool = False
) -> Any:
    made = layer.add_weight(
        shape=value.shape,
        initializer="zeros",
        dtype=dtype,
        trainable=trainable,
        name=name,
    )
    made.assign(value.astype(dtype))
    return made
