"""Find the smallest or fastest mix of modes that keeps a metric within a bound."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.calibration import batches_of, compiled_runner
from gossamer.errors import InputError, QuantizationError
from gossamer.explain.labelled import (
    Judge,
    Labelled,
    labelled,
    metric_of,
    samples_of_labelled,
)
from gossamer.explain.probe import Probe
from gossamer.explain.report import model_of
from gossamer.flatbuffer.write import write
from gossamer.passes.base import run
from gossamer.passes.pipeline import CANONICALIZE, FINISH
from gossamer.quantization.calibrate import calibrate
from gossamer.quantization.mixture import FLOAT, MODES, Mixture
from gossamer.quantization.noise import Noise
from gossamer.quantization.samples import input_names
from gossamer.quantization.search import Problem, Search, Trial, frontier
from gossamer.quantization.units import units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array
    from gossamer.quantization.calibrate import Sample
    from gossamer.quantization.ranges import Range

OBJECTIVES = ("size", "latency")
LADDERS: Mapping[str, tuple[str, ...]] = {
    "size": ("int8", "dynamic", "float16", "float32"),
    "latency": ("int8", "dynamic", "float32"),
}
"""The modes that are tried, by what is to be small; the cheapest first."""

_CALIBRATED = 100
"""Labelled inputs that calibrate where nothing else is given to do it."""

_COMPARED = 8
"""Samples by which the harm of a layer's mode is measured."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    Attributes:
        content: the bytes of the `.tflite` file.
        chosen: its mix, measured.
        reference: the float model, measured.
        trials: all that was tried, in order.
        floor: the least metric that is allowed.
        objective: "size" or "latency".
    """

    content: bytes
    chosen: Trial
    reference: Trial
    trials: tuple[Trial, ...]
    floor: float
    objective: str

    @property
    def modes(self) -> Mapping[str, str]:
        """The mode of each layer, by the name of its output in the float model."""
        return self.chosen.modes

    def frontier(self) -> list[Trial]:
        """The trials that no other beats in cost and metric, the cheapest first."""
        return frontier([*self.trials, self.reference], cost_of(self.objective))


def search(
    model: Any,
    data: Any,
    labels: Any = None,
    *,
    metric: Any = "accuracy",
    max_drop: float = 0.005,
    objective: str = "size",
    modes: Sequence[str] | None = None,
    calibration: Any = None,
    say: Callable[[str], None] | None = None,
) -> SearchResult:
    """Find the cheapest mode for each layer, with all that is lost within a bound.

    How sensitive each layer is is measured with that layer alone quantized; mixes are
    tried in that order, and each is run on the data. What is returned was measured and
    holds the bound; the float model does in any case.

    Args:
        model: a float `.tflite` file (its path or bytes), or a Keras model.
        data: inputs whose first axis counts samples: an array, a dict by input name
            or a list in the order of the inputs; with labels in the dict, as of an
            `.npz` file, `labels` can be left out.
        labels: one for each sample.
        metric: "accuracy", or a function of the outputs for all samples and the labels
            that gives a number, more for better.
        max_drop: how much less than the float model's the metric may be, in the
            metric's own unit: 0.005 is half a point of accuracy.
        objective: "size" or "latency".
        modes: those to choose from, the cheapest first; float32 is always among them.
        calibration: typical inputs, as `gossamer.convert` takes them; up to 100 of the
            data if not given.
        say: is told each trial.

    Raises:
        QuantizationError: the metric fails, or the model is quantized already.
        InputError: data and labels do not fit the model, or a mode is not known.

    Example:
        >>> found = gossamer.search("net.tflite", images, labels, max_drop=0.005)
        >>> Path("mixed.tflite").write_bytes(found.content)
    """
    real = run(model_of(model), CANONICALIZE)
    _require_float(real)
    judge = Judge(real, _paired(real, data, labels), metric_of(metric))
    ladder = _ladder(objective, modes)
    bench = _Bench(real, judge, calibration, say)
    reference = bench.reference()
    bench.floor = reference.metric - _checked_drop(max_drop)
    names = [unit.name for unit in bench.units]
    problem = Problem(names, ladder, bench.measure, bench.harm, cost_of(objective))
    found = Search(problem)
    best = found.run()
    return SearchResult(
        write(bench.model(best.modes)),
        best,
        reference,
        tuple(found.trials),
        bench.floor,
        objective,
    )


def cost_of(objective: str) -> Callable[[Trial], float]:
    """What is to be small: bytes, or seconds."""
    if objective == "size":
        return lambda trial: trial.size
    return lambda trial: trial.latency


def _ladder(objective: str, modes: Sequence[str] | None) -> tuple[str, ...]:
    if objective not in OBJECTIVES:
        raise InputError(f"objective={objective!r}; expected 'size' or 'latency'")
    ladder = LADDERS[objective] if modes is None else tuple(modes)
    unknown = [mode for mode in ladder if mode not in MODES]
    if unknown:
        raise InputError(
            f"the mode '{unknown[0]}' is not known; expected some of {', '.join(MODES)}"
        )
    return (*(mode for mode in ladder if mode != FLOAT), FLOAT)


def _checked_drop(max_drop: float) -> float:
    if not max_drop >= 0:
        raise InputError(f"max_drop={max_drop}; expected 0 or more")
    return max_drop


def _require_float(model: Model) -> None:
    for tensor in model.main.tensors:
        if tensor.is_quantized:
            raise QuantizationError(
                f"tensor '{tensor.name}' is quantized already ({tensor.type}); a "
                "search starts from a float model"
            )


def _paired(model: Model, data: Any, labels: Any) -> Labelled:
    """Inputs by name with their labels."""
    if isinstance(data, Labelled):
        return data
    names = list(input_names(model))
    if isinstance(data, dict):
        arrays: dict[str, Array] = {str(k): np.asarray(v) for k, v in data.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    elif hasattr(data, "shape"):
        arrays = {names[0]: np.asarray(data)}
    else:
        arrays = {k: np.asarray(v) for k, v in zip(names, data, strict=False)}
    if labels is not None:
        arrays["labels"] = np.asarray(labels)
    return labelled(arrays, model, "the data")


class _Bench:
    """Builds mixes of one model and measures them."""

    def __init__(
        self,
        real: Model,
        judge: Judge,
        calibration: Any,
        say: Callable[[str], None] | None,
    ) -> None:
        self.units = units_of(real.main)
        self.floor = -np.inf
        self._real = real
        self._judge = judge
        self._calibration = calibration
        self._say = say
        self._by_name = {unit.name: unit for unit in self.units}
        self._mixture = Mixture(real, self._ranges)
        self._harm: dict[tuple[str, str], float] = {}
        self._wanted: list[list[Array]] = []

    def reference(self) -> Trial:
        """The float model, measured."""
        modes = {unit.name: FLOAT for unit in self.units}
        return self.measure(modes, "the float model")

    def model(self, modes: Mapping[str, str]) -> Model:
        """The model with these modes of layers."""
        every = {y: modes[u.name] for u in self.units for y in u.outputs}
        return run(self._mixture.quantized(every), FINISH)

    def measure(self, modes: Mapping[str, str], label: str) -> Trial:
        """Build a mix and run it on the labelled data."""
        model = self.model(modes)
        size = len(write(model))
        metric, seconds = self._judge(model)
        holds = metric >= self.floor
        trial = Trial(dict(modes), size, seconds, metric, label, holds)
        if self._say is not None:
            self._say(f"{label}: {size} bytes, {1e6 * seconds:.0f} µs, {metric:.4f}")
        return trial

    def harm(self, name: str, mode: str) -> float:
        """Noise to signal at the outputs with one layer alone in a mode."""
        if (name, mode) not in self._harm:
            if self._say is not None:
                self._say(f"how sensitive is {name} to {mode}?")
            modes = {unit.name: FLOAT for unit in self.units}
            found = self._answers(self.model({**modes, name: mode}))
            self._harm[name, mode] = _noise(self._reference_answers(), found)
        return self._harm[name, mode]

    def _reference_answers(self) -> list[list[Array]]:
        if not self._wanted:
            self._wanted = self._answers(self._real)
        return self._wanted

    def _answers(self, model: Model) -> list[list[Array]]:
        """The outputs on the first few samples."""
        probe = Probe(model, keep_all=False)
        found: list[list[Array]] = []
        for arrays in itertools.islice(self._judge.samples(), _COMPARED):
            probe.run(arrays)
            found.append(probe.outputs())
        probe.close()
        return found

    def _ranges(self) -> Mapping[Tensor, Range]:
        return calibrate(self._real, self._typical(), compiled_runner)

    def _typical(self) -> Iterable[Sample]:
        if self._calibration is not None:
            return batches_of(self._real, self._calibration)
        return itertools.islice(samples_of_labelled(self._judge.data), _CALIBRATED)


def _noise(wanted: list[list[Array]], found: list[list[Array]]) -> float:
    """The greatest ratio of noise to signal among the real outputs."""
    worst = 0.0
    for outputs in zip(
        zip(*wanted, strict=True), zip(*found, strict=True), strict=True
    ):
        noise = Noise()
        for real, made in zip(*outputs, strict=True):
            noise.add(real, made)
        worst = max(worst, noise.squared / max(noise.power, 1e-30))
    return worst
