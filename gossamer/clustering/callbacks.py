"""What `fit` is given to tell of clustered weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.clustering.cluster import clustered_layers
from gossamer.training.rows import Rows
from gossamer.training.state import array_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ClusteringSummaries(Rows):
    """Writes the values of each kernel, epoch by epoch, to `clustering.csv`.

    Args:
        log_dir: the folder, made if it is not there.
        update_freq: "epoch", or after how many batches to write rows.

    Example:
        >>> callbacks = [ClusteringSummaries(log_dir="logs")]
    """

    FILE = "clustering.csv"
    COLUMNS = ("step", "layer", "weight", "values", "least", "greatest")

    def rows(self) -> Iterable[Sequence[Any]]:
        """One for each kernel."""
        for layer in clustered_layers(self.model):
            for place, variable in zip(layer.held, layer.centroids, strict=True):
                values = array_of(variable)
                count = np.unique(values).size
                ends = f"{values.min():.6g}", f"{values.max():.6g}"
                yield layer.name, place.name, count, *ends
