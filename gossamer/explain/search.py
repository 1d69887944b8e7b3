"""Find the smallest or fastest mix of modes that keeps a metric within a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import InputError, QuantizationError
from gossamer.explain.labelled import Judge, Labelled, labelled, metric_of
from gossamer.explain.report import model_of
from gossamer.explain.sensitivity import harm_of
from gossamer.explain.workbench import Workbench
from gossamer.flatbuffer.write import write
from gossamer.passes.base import run
from gossamer.passes.pipeline import CANONICALIZE
from gossamer.quantization.mixture import FLOAT
from gossamer.quantization.rules import rule_of
from gossamer.quantization.samples import input_names
from gossamer.quantization.search import Problem, Search, Trial, frontier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.ir.graph import Model
    from gossamer.ir.types import Array

OBJECTIVES = ("size", "latency")
LADDERS: Mapping[str, tuple[str, ...]] = {
    "size": ("int8", "dynamic", "float16", "float32"),
    "latency": ("int8", "dynamic", "float32"),
}
"""The modes that are tried, by what is to be small; the cheapest first."""


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
    sensitivity: str = "auto",
    say: Callable[[str], None] | None = None,
) -> SearchResult:
    """Find the cheapest mode for each layer, with all that is lost within a bound.

    How sensitive layers are is measured first; mixes are tried in that order, and each
    is run on the data. What is returned was measured and holds the bound; the float
    model does in any case.

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
        modes: those to choose from, the cheapest first, as `gossamer.convert` knows
            them, such as "weight_int4:32"; float32 is always among them.
        calibration: typical inputs, as `gossamer.convert` takes them; up to 100 of the
            data if not given.
        sensitivity: "alone" measures each layer with the others in float, "together"
            all at once, which is quicker and rougher; "auto" picks by their number.
        say: is told each trial.

    Raises:
        QuantizationError: the metric fails, the model is quantized already, or a mode
            is not known.
        InputError: data and labels do not fit the model.

    Example:
        >>> found = gossamer.search("net.tflite", images, labels, max_drop=0.005)
        >>> Path("mixed.tflite").write_bytes(found.content)
    """
    real = run(model_of(model), CANONICALIZE)
    _require_float(real)
    judge = Judge(real, _paired(real, data, labels), metric_of(metric))
    ladder = _ladder(objective, modes)
    bench = Workbench(real, judge, calibration, say)
    harm = harm_of(bench, sensitivity)
    reference = bench.reference()
    bench.floor = reference.metric - _checked_drop(max_drop)
    names = [unit.name for unit in bench.units]
    problem = Problem(names, ladder, bench.measure, harm, cost_of(objective))
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
    for mode in ladder:
        rule_of("", mode)  # which says if it is not known
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
