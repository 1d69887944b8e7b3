"""From a trained Keras model to a small `.tflite` file in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.api import convert
from gossamer.compression.attempt import Attempt, unbeaten
from gossamer.compression.lessons import Lessons, arrays_of, split
from gossamer.compression.picture import Teller, draw, table
from gossamer.compression.recipe import LADDER, Recipe
from gossamer.compression.target import bytes_of, seconds_of
from gossamer.compression.tuner import Tuner
from gossamer.errors import InputError
from gossamer.explain.labelled import Judge, Labelled, metric_of
from gossamer.flatbuffer.read import read
from gossamer.quantization.samples import input_names
from gossamer.sizes import file_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from os import PathLike

    from rich.table import Table

_CALIBRATED = 200
"""Samples that calibrate."""


@dataclass(frozen=True, slots=True)
class Compressed:
    """What was found.

    Attributes:
        content: the bytes of the `.tflite` file.
        weights: the Keras model's, for `model.set_weights`.
        chosen: what was done, measured.
        reference: the float model, measured.
        attempts: all that was tried, in order.
        floor: the least metric that is allowed.
        objective: "size", "packed" or "latency".
        target: bytes or seconds to get to; None for as little as can be.
    """

    content: bytes
    weights: Sequence[Any]
    chosen: Attempt
    reference: Attempt
    attempts: tuple[Attempt, ...]
    floor: float
    objective: str
    target: float | None

    @property
    def reached(self) -> bool:
        """Whether the target was reached within the bound."""
        return (
            self.target is None or cost_of(self.objective)(self.chosen) <= self.target
        )

    def frontier(self) -> list[Attempt]:
        """The attempts that no other beats in cost and metric, the cheapest first."""
        return unbeaten([*self.attempts, self.reference], cost_of(self.objective))

    def table(self) -> Table:
        """A row for each attempt, for a terminal."""
        return table(self)

    def draw(self, path: str | PathLike[str]) -> None:
        """Draw all attempts by cost and metric: .png, .svg or .pdf."""
        draw(self, path)


def compress(
    model: Any,
    data: tuple[Any, Any],
    *,
    target_size: float | str | None = None,
    target_latency: float | str | None = None,
    packed: bool = False,
    max_drop: float = 0.01,
    metric: Any = "accuracy",
    validation_data: tuple[Any, Any] | None = None,
    recipes: Iterable[Recipe] = LADDER,
    epochs: int = 3,
    batch_size: int = 32,
    learning_rate: float | None = None,
    quiet: bool = False,
) -> Compressed:
    """Prune, cluster and quantize a trained model until it is small enough.

    Recipes are tried from the mildest on, each from the weights that the model has
    now: it is trained on, stored, and judged by the answers of the stored file. The
    first that reaches the target within the bound is taken; without a target all are
    tried, and the cheapest within the bound is taken, or the best of all if none is.
    What asks for more than something that dropped too much is left out. In the end the
    model has its own weights again.

    Args:
        model: a trained and compiled Keras model.
        data: inputs and labels to train on with, as `fit` takes them.
        target_size: bytes to get to, as a number or a text such as "60 kB" or "25 %".
        target_latency: seconds of a run to get to, or a text such as "200 us".
        packed: whether the size is that after gzip, which an app store ships.
        max_drop: how much less than the float model's the metric may be, in the
            metric's own unit: 0.01 is a point of accuracy.
        metric: "accuracy", or a function of the outputs for all samples and the labels
            that gives a number, more for better.
        validation_data: inputs and labels that judge; a fifth of the data if not given.
        recipes: what to try, in order.
        epochs: of each training.
        batch_size: of each training.
        learning_rate: half of the model's own if not given.
        quiet: show no progress and no table.

    Raises:
        InputError: the model is not compiled, or the data do not fit it.
        QuantizationError: the metric fails.

    Example:
        >>> found = gossamer.compress(model, (x_train, y_train), target_size="60 kB")
        >>> Path("small.tflite").write_bytes(found.content)
    """
    if target_size is not None and target_latency is not None:
        raise InputError("give target_size or target_latency, not both")
    if not max_drop >= 0:
        raise InputError(f"max_drop={max_drop}; expected 0 or more")
    training, judging = split(data, validation_data)
    count = len(arrays_of(training[0])[0])
    x, y = training
    lessons = Lessons(x, y, count, epochs, batch_size, learning_rate)
    objective = _objective(target_latency, packed=packed)
    plan = list(recipes)
    with Teller(quiet=quiet) as teller:
        bench = _Bench(Tuner(model, lessons), judging, metric_of(metric), teller)
        try:
            reference = bench.reference()
            bench.floor = reference.metric - max_drop
            target = _target(target_size, target_latency, objective, reference)
            found = _search(bench, plan, objective, target, reference)
        finally:
            bench.tuner.restore()
        teller.show(found)
    return found


def cost_of(objective: str) -> Callable[[Attempt], float]:
    """What is to be small: bytes, bytes after gzip, or seconds."""
    return lambda attempt: getattr(attempt, objective)


class _Bench:
    """Makes models by recipes, and measures the files of them."""

    def __init__(
        self, tuner: Tuner, judging: tuple[Any, Any], metric: Any, teller: Teller
    ) -> None:
        self.tuner, self.teller = tuner, teller
        self.floor = -np.inf
        self.made: dict[Recipe, tuple[bytes, list[Any]]] = {}
        real = read(convert(tuner.model))
        inputs = dict(zip(input_names(real), arrays_of(judging[0]), strict=True))
        labels = np.asarray(judging[1])
        self._judge = Judge(real, Labelled(inputs, labels), metric)

    def reference(self) -> Attempt:
        """The model as it is."""
        return self.attempt(Recipe())

    def attempt(self, recipe: Recipe) -> Attempt:
        """Make, store and judge a model."""
        with self.teller.attempt(recipe.name, recipe.trainings) as hear:
            with self.tuner.tuned(recipe, hear) as made:
                content = convert(made, recipe.mode, self._calibration(recipe))
            metric, seconds = self._judge(read(content))
        self.made[recipe] = content, self.tuner.model.get_weights()
        holds = bool(metric >= self.floor)
        sizes = file_sizes(content)
        return Attempt(recipe, sizes.file, sizes.gzip, seconds, metric, holds)

    def _calibration(self, recipe: Recipe) -> Any:
        if recipe.aware or recipe.mode not in ("int8", "int16x8"):
            return None
        return [each[:_CALIBRATED] for each in arrays_of(self.tuner.lessons.x)]


def _search(
    bench: _Bench,
    recipes: Sequence[Recipe],
    objective: str,
    target: float | None,
    reference: Attempt,
) -> Compressed:
    cost = cost_of(objective)
    attempts: list[Attempt] = []
    for recipe in recipes:
        if _is_idle(recipe, attempts):
            continue
        attempts.append(bench.attempt(recipe))
        if target is not None and attempts[-1].holds and cost(attempts[-1]) <= target:
            break
    good = [each for each in (*attempts, reference) if each.holds]
    chosen = min(good, key=cost)
    content, weights = bench.made[chosen.recipe]
    return Compressed(
        content,
        weights,
        chosen,
        reference,
        tuple(attempts),
        bench.floor,
        objective,
        target,
    )


def _is_idle(recipe: Recipe, attempts: Sequence[Attempt]) -> bool:
    """Whether it asks for more than what broke, or trains what holds untrained."""
    broke = [each.recipe for each in attempts if not each.holds]
    held = [each.recipe for each in attempts if each.holds]
    is_held = recipe.aware and recipe.without_training in held
    return is_held or any(recipe.asks_more_than(other) for other in broke)


def _objective(target_latency: float | str | None, *, packed: bool) -> str:
    if target_latency is not None:
        return "latency"
    return "packed" if packed else "size"


def _target(
    size: float | str | None,
    latency: float | str | None,
    objective: str,
    reference: Attempt,
) -> float | None:
    if latency is not None:
        return seconds_of(latency, reference.latency)
    return None if size is None else bytes_of(size, cost_of(objective)(reference))
