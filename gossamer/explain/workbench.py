"""Where a search builds mixes of one model and measures them."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from gossamer.calibration import batches_of, compiled_runner
from gossamer.explain.labelled import Judge, samples_of_labelled
from gossamer.flatbuffer.write import write
from gossamer.passes.base import run
from gossamer.passes.pipeline import FINISH
from gossamer.quantization.calibrate import calibrate
from gossamer.quantization.mixture import FLOAT, Mixture
from gossamer.quantization.search import Trial
from gossamer.quantization.units import units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gossamer.ir.graph import Model, Tensor
    from gossamer.quantization.calibrate import Sample
    from gossamer.quantization.ranges import Range

_CALIBRATED = 100
"""Labelled inputs that calibrate where nothing else is given to do it."""


class Workbench:
    """Builds mixes of one model and measures them.

    Attributes:
        real: the float model.
        judge: runs models on the labelled data.
        units: the layers that have modes.
        floor: the least metric that is allowed.
    """

    def __init__(
        self,
        real: Model,
        judge: Judge,
        calibration: Any = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.real, self.judge = real, judge
        self.units = units_of(real.main)
        self.floor = -math.inf
        self._calibration = calibration
        self._say = say
        self._mixture = Mixture(real, self._ranges)

    def say(self, text: str) -> None:
        """Tell whoever waits what is being done."""
        if self._say is not None:
            self._say(text)

    def all(self, mode: str) -> dict[str, str]:
        """All layers in one mode."""
        return {unit.name: mode for unit in self.units}

    def reference(self) -> Trial:
        """The float model, measured."""
        return self.measure(self.all(FLOAT), "the float model")

    def model(self, modes: Mapping[str, str]) -> Model:
        """The model with these modes of layers."""
        every = {y: modes[u.name] for u in self.units for y in u.outputs}
        return run(self._mixture.quantized(every), FINISH)

    def measure(self, modes: Mapping[str, str], label: str) -> Trial:
        """Build a mix and run it on the labelled data."""
        model = self.model(modes)
        size = len(write(model))
        metric, seconds = self.judge(model)
        self.say(f"{label}: {size} bytes, {1e6 * seconds:.0f} µs, {metric:.4f}")
        return Trial(dict(modes), size, seconds, metric, label, metric >= self.floor)

    def _ranges(self) -> Mapping[Tensor, Range]:
        return calibrate(self.real, self._typical(), compiled_runner)

    def _typical(self) -> Iterable[Sample]:
        if self._calibration is not None:
            return batches_of(self.real, self._calibration)
        return itertools.islice(samples_of_labelled(self.judge.data), _CALIBRATED)
