"""Rows for a CSV file, written while a model trains."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gossamer.training.framework import keras
from gossamer.training.state import array_of, synced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike

Callback: Any = keras.callbacks.Callback


class Rows(Callback):
    """Writes rows about a model to a file in a folder; a subclass says which.

    Args:
        log_dir: the folder, made if it is not there.
        update_freq: "epoch", or after how many batches to write rows.
    """

    FILE = "rows.csv"
    COLUMNS: Sequence[str] = ("step",)

    def __init__(
        self, log_dir: str | PathLike[str], update_freq: str | int = "epoch"
    ) -> None:
        base: Any = super()
        base.__init__()
        if not log_dir:
            raise ValueError("`log_dir` must be the path of a folder for the summaries")
        self.folder = Path(log_dir)
        self.update_freq = update_freq

    def rows(self) -> Iterable[Sequence[Any]]:
        """What to write now, after the step; the model's variables are current."""
        raise NotImplementedError

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin the file, unless an earlier training left it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / self.FILE).exists():
            self._write([self.COLUMNS])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Write rows where batches are counted."""
        if isinstance(self.update_freq, int) and not (batch + 1) % self.update_freq:
            self._report()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write rows where epochs are counted."""
        if self.update_freq == "epoch":
            self._report()

    def _report(self) -> None:
        with synced(self.model):
            step = int(array_of(self.model.optimizer.iterations))
            self._write([(step, *row) for row in self.rows()])

    def _write(self, rows: Iterable[Sequence[Any]]) -> None:
        with (self.folder / self.FILE).open("a", newline="") as file:
            csv.writer(file).writerows(rows)
