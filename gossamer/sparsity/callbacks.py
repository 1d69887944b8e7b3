"""What `fit` is given to prune while it trains, and to tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.sparsity.prune import PruneLowMagnitude, pruned_layers
from gossamer.training.rows import Callback, Rows
from gossamer.training.state import array_of, synced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class UpdatePruningStep(Callback):
    """Prunes the layers wrapped by `prune_low_magnitude`, step by step.

    A step is a step of the optimizer, so that training may stop, be saved, and go on.

    Example:
        >>> model.fit(x, y, epochs=5, callbacks=[UpdatePruningStep()])
    """

    def __init__(self) -> None:
        base: Any = super()
        base.__init__()
        self.layers: list[PruneLowMagnitude] = []
        self.step = 0
        self._first = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Find the layers, and the step that training begins with.

        Raises:
            ValueError: the model has no layers to prune.
        """
        self.layers = pruned_layers(self.model)
        if not self.layers:
            raise ValueError(
                "UpdatePruningStep is for a model that prune_low_magnitude returned; "
                f"model '{self.model.name}' has no layer to prune"
            )
        self.step = int(array_of(self.model.optimizer.iterations))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Count batches from here."""
        self._first = self.step

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Prune as the schedules ask for the steps that are due."""
        due = range(self.step, self._first + batch + 1)
        self.step = due.stop
        schedules = [layer.pruning_schedule for layer in self.layers]
        for step in due:
            asked = [schedule(step)[0] for schedule in schedules]
            if any(asked):
                with synced(self.model):
                    for layer in self.layers:
                        layer.update(step)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Store zeros where weights are pruned, and the step."""
        with synced(self.model):
            for layer in self.layers:
                layer.settle()
                layer.pruning_step.assign(self.step)


class PruningSummaries(Rows):
    """Writes how sparse each layer is, epoch by epoch, to `pruning.csv` in a folder.

    Args:
        log_dir: the folder, made if it is not there.
        update_freq: "epoch", or after how many batches to write rows.

    Example:
        >>> callbacks = [UpdatePruningStep(), PruningSummaries(log_dir="logs")]
    """

    FILE = "pruning.csv"
    COLUMNS = ("step", "layer", "weight", "sparsity", "threshold")

    def rows(self) -> Iterable[Sequence[Any]]:
        """One for each mask."""
        for layer in pruned_layers(self.model):
            for place, mask in zip(layer.held, layer.masks, strict=True):
                yield layer.name, place.name, *_figures(mask, place.variable)


def _figures(mask: Any, variable: Any) -> tuple[str, str]:
    """The part of zeros, and the least magnitude that stays."""
    kept = array_of(mask) != 0
    size = np.abs(array_of(variable))[kept]
    threshold = float(size.min()) if size.size else 0.0
    return f"{1 - kept.mean():.4f}", f"{threshold:.6g}"
