"""Training a model on by a recipe, each time from the weights it came with."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from gossamer.clustering import cluster_weights, strip_clustering
from gossamer.errors import InputError
from gossamer.quantization_aware import (
    Default8BitClusterPreserveQuantizeScheme,
    Default8BitPrunePreserveQuantizeScheme,
    Default8BitQuantizeScheme,
    quantize_model,
)
from gossamer.quantization_aware.wrapper import QuantizeWrapper
from gossamer.sparsity import (
    PolynomialDecay,
    UpdatePruningStep,
    prune_low_magnitude,
    strip_pruning,
)
from gossamer.training.framework import keras
from gossamer.training.rewrite import stripped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from gossamer.compression.lessons import Lessons
    from gossamer.compression.recipe import Recipe
    from gossamer.quantization_aware import QuantizeScheme

    Hear = Callable[[float], None]
    """Is told which part of a training has been done since it was told last."""

_PRUNED_BY = 0.7
"""The part of the training after which a model is as sparse as it is to be."""

_FREQUENT = 50
"""How often masks change until then, at most."""


class Tuner:
    """Trains one model on by recipes.

    Args:
        model: a compiled Keras model; it has its weights again after `restore`.
        lessons: what it is trained on with.

    Raises:
        InputError: the model is not compiled.
    """

    def __init__(self, model: Any, lessons: Lessons) -> None:
        if not getattr(model, "compiled", False):
            raise InputError(
                f"model '{model.name}' is not compiled; it is trained on with its loss "
                "and optimizer: call model.compile(optimizer, loss) first"
            )
        self.model, self.lessons = model, lessons
        self._weights = model.get_weights()
        self._loss, self._optimizer = model.loss, model.optimizer
        self._compiled = model.get_compile_config()

    @contextlib.contextmanager
    def tuned(self, recipe: Recipe, hear: Hear) -> Generator[Any]:
        """The model as the recipe makes it, to be stored."""
        self.model.set_weights(self._weights)
        made = self.model
        if recipe.prunes:
            made = self._pruned(made, recipe, hear)
        if recipe.clusters:
            made = self._clustered(made, recipe, hear)
        if not recipe.aware:
            yield made
            return
        made = quantize_model(made, scheme=_scheme(recipe))
        try:
            self._fit(made, hear, [])
            yield made
        finally:
            stripped(made, QuantizeWrapper)

    def restore(self) -> None:
        """Give the model its weights, loss and optimizer again."""
        self.model.set_weights(self._weights)
        if self.model.optimizer is not self._optimizer and self._compiled:
            self.model.compile_from_config(self._compiled)

    def _pruned(self, model: Any, recipe: Recipe, hear: Hear) -> Any:
        end = max(int(_PRUNED_BY * self.lessons.steps), 1)
        often = max(1, end // _FREQUENT)
        schedule = PolynomialDecay(0.0, recipe.zeros, 0, end, frequency=often)
        wrapped = prune_low_magnitude(model, schedule, sparsity_m_by_n=recipe.pattern)
        try:
            self._fit(wrapped, hear, [UpdatePruningStep()])
        finally:
            made = strip_pruning(wrapped)
        return made

    def _clustered(self, model: Any, recipe: Recipe, hear: Hear) -> Any:
        wrapped = cluster_weights(
            model, recipe.clusters, preserve_sparsity=recipe.prunes
        )
        try:
            self._fit(wrapped, hear, [])
        finally:
            made = strip_clustering(wrapped)
        return made

    def _fit(self, model: Any, hear: Hear, callbacks: list[Any]) -> None:
        lessons = self.lessons
        model.compile(self._new_optimizer(), self._loss)
        part = 1 / lessons.steps

        def tell(batch: int, logs: Any = None) -> None:  # noqa: ARG001  Keras names them
            hear(part)

        told = keras.callbacks.LambdaCallback(on_train_batch_end=tell)
        model.fit(
            lessons.x,
            lessons.y,
            batch_size=lessons.batch_size,
            epochs=lessons.epochs,
            verbose=0,
            callbacks=[*callbacks, told],
        )

    def _new_optimizer(self) -> Any:
        """One like the model's, whose rate falls to zero."""
        kind: Any = self._optimizer.__class__
        rate = self.lessons.learning_rate or _first_rate(self._optimizer) / 2
        falling = keras.optimizers.schedules.CosineDecay(rate, self.lessons.steps)
        return kind.from_config(
            {**self._optimizer.get_config(), "learning_rate": falling}
        )


def _scheme(recipe: Recipe) -> QuantizeScheme:
    """What is left of pruning and clustering while int8 is trained."""
    if recipe.clusters:
        return Default8BitClusterPreserveQuantizeScheme(recipe.prunes)
    if recipe.prunes:
        return Default8BitPrunePreserveQuantizeScheme()
    return Default8BitQuantizeScheme()


def _first_rate(optimizer: Any) -> float:
    """The learning rate that an optimizer began with."""
    held: Any = optimizer._learning_rate  # noqa: SLF001
    if isinstance(held, keras.optimizers.schedules.LearningRateSchedule):
        return float(held(0))
    return float(optimizer.learning_rate)
