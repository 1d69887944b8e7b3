"""Labelled data, and how well a model's answers agree with the labels."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from gossamer.errors import GossamerError, InputError, QuantizationError
from gossamer.explain.inputs import in_order
from gossamer.explain.probe import Probe
from gossamer.ir.types import Array
from gossamer.quantization.samples import describe_inputs, input_names

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from gossamer.ir.graph import Model

Metric: TypeAlias = Callable[[Any, Array], Any]
"""Of the outputs of all samples (an array, or a list of them) and the labels: a number
that is greater for a better model."""

LABELS = ("labels", "label", "y", "targets", "target")
"""Names under which a file may hold labels."""

_HALF = 0.5
_REPEATS = 7
"""Further runs of the first sample: the fastest one is the latency."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Inputs by name, whose first axis counts samples, and a label for each sample."""

    inputs: Mapping[str, Array]
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)


def read_labelled(path: str | os.PathLike[str], model: Model) -> Labelled:
    """Inputs and labels of an `.npz` file.

    The labels are called `labels`, `label`, `y` or `targets`, or are the one array
    that is no input; the inputs have the names of the model's, or there is one of each.

    Raises:
        InputError: the file cannot be read, or lacks labels or an input.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as file:
            arrays: dict[str, Array] = {name: file[name] for name in file.files}
    except (OSError, ValueError, AttributeError, TypeError, EOFError) as error:
        raise InputError(
            f"'{path}' is not an .npz file with inputs and labels: {error}. Write one "
            "with numpy.savez(path, x=inputs, labels=labels)"
        ) from error
    return labelled(arrays, model, f"'{path}'")


def labelled(arrays: Mapping[str, Array], model: Model, where: str) -> Labelled:
    """Labelled data of arrays by name; `where` they come from is for messages.

    Raises:
        InputError: there are no labels, an input is missing, or lengths differ.
    """
    names = input_names(model)
    rest = [name for name in arrays if name not in names]
    key = next((name for name in LABELS if name in rest), None)
    if key is None and len(rest) == 1:
        key = rest[0]
    inputs = {name: x for name, x in arrays.items() if name != key}
    if key is not None and len(inputs) == len(names) == 1:
        inputs = dict(zip(names, inputs.values(), strict=True))
    if key is None or inputs.keys() != names.keys():
        raise InputError(
            f"{where} has {', '.join(arrays) or 'nothing'}; expected the labels as "
            f"'labels', and {describe_inputs(names)} with samples along the first axis"
        )
    lengths = {name: len(x) if x.ndim else 0 for name, x in arrays.items()}
    if len(set(lengths.values())) != 1 or not lengths[key]:
        raise InputError(f"{where} has {lengths} samples; expected as many of each")
    return Labelled({name: _real(x) for name, x in inputs.items()}, arrays[key])


def _real(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def samples_of_labelled(data: Labelled) -> Iterable[Mapping[str, Array]]:
    """The inputs one sample at a time, each with a batch axis of 1."""
    for index in range(len(data)):
        yield {name: x[index : index + 1] for name, x in data.inputs.items()}


def accuracy(outputs: Any, labels: Array) -> float:
    """The part of samples whose class is right, 0 to 1.

    The class is the place of the largest number along the last axis, or, where that
    has one place, whether it is above a half. Labels are classes, or one-hot rows.

    Raises:
        QuantizationError: there are not as many classes as labels.
    """
    if isinstance(outputs, list):
        return accuracy(cast("list[Array]", outputs)[0], labels)
    scores: Array = np.asarray(outputs)
    found = _classes(scores.reshape(len(scores), -1)) if scores.size else scores
    wanted: Array = np.asarray(labels)
    if wanted.size != len(found):
        wanted = _classes(wanted.reshape(len(wanted), -1))
    if wanted.size != len(found):
        raise QuantizationError(
            f"the model gives {len(found)} classes for {wanted.size} labels; expected "
            "one for each. Pass a metric of your own: a function of outputs and labels"
        )
    right: Array = np.equal(found, wanted.reshape(-1))
    return float(right.mean())


def _classes(scores: Array) -> Array:
    if scores.shape[1] == 1:
        return (scores[:, 0] > _HALF).astype(np.int64)
    return scores.argmax(1)


def metric_of(given: Any) -> Metric:
    """The metric that a user names, or a function as it is.

    Raises:
        InputError: it is neither.
    """
    if given == "accuracy":
        return accuracy
    if callable(given):
        return given
    raise InputError(
        f"the metric {given!r} is not known; expected 'accuracy' or a function of "
        "outputs and labels whose result is greater for a better model"
    )


@dataclass(frozen=True, slots=True)
class Judge:
    """Runs models on labelled data.

    Attributes:
        real: the float model, whose input names the data has.
        data: inputs and labels.
        metric: see `Metric`.
    """

    real: Model
    data: Labelled
    metric: Metric

    def __call__(self, model: Model) -> tuple[float, float]:
        """The metric, and the seconds of the fastest run.

        Raises:
            QuantizationError: a sample does not fit, or the metric is no number.
        """
        probe = Probe(model, keep_all=False)
        rows: list[list[Array]] = []
        fastest = np.inf
        for number, arrays in enumerate(self.samples()):
            repeats = 1 if number else _REPEATS
            fastest = min(fastest, *(_seconds(probe, arrays) for _ in range(repeats)))
            rows.append(probe.outputs())
        probe.close()
        columns = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
        outputs = columns[0] if len(columns) == 1 else columns
        return self._judged(outputs), fastest

    def samples(self) -> Iterable[list[Array]]:
        """The samples in the order of the model's inputs."""
        return in_order(self.real, self.named_samples())

    def named_samples(self) -> Iterable[Mapping[str, Array]]:
        """The samples by the names of the inputs."""
        return samples_of_labelled(self.data)

    def _judged(self, outputs: Any) -> float:
        try:
            value = float(self.metric(outputs, self.data.labels))
        except GossamerError:
            raise
        except Exception as error:
            kind = type(error).__name__
            raise QuantizationError(f"the metric failed: {kind}: {error}") from error
        if not np.isfinite(value):
            raise QuantizationError(f"the metric is {value}; expected a finite number")
        return value


def _seconds(probe: Probe, arrays: list[Array]) -> float:
    probe.load(arrays)
    start = time.perf_counter()
    probe.invoke()
    return time.perf_counter() - start
