"""How sparse weights are to be at a step of training, and at which steps to prune."""

from __future__ import annotations

import abc
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

NEVER = -1
"""As an end step: pruning goes on as long as training does."""


class PruningSchedule(abc.ABC):
    """Says at each step whether to prune, and how sparse to become."""

    kinds: ClassVar[dict[str, type[PruningSchedule]]] = {}

    def __init_subclass__(cls) -> None:
        """A subclass is known by its name, under which a model is saved."""
        PruningSchedule.kinds[cls.__name__] = cls

    @abc.abstractmethod
    def __call__(self, step: int) -> tuple[bool, float]:
        """Whether to prune at a step, and the part of weights to be zero."""

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """What `from_config` makes the same schedule of."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> PruningSchedule:
        """The schedule that `get_config` described."""
        return cls(**config.get("config", config))

    @staticmethod
    def should_prune(step: int, begin: int, end: int, frequency: int) -> bool:
        """Whether a step is one of every `frequency` from `begin` to `end`."""
        if step < begin or (end != NEVER and step > end):
            return False
        return (step - begin) % frequency == 0


def schedule_from_config(config: dict[str, Any]) -> PruningSchedule:
    """The schedule that was saved with a model.

    Raises:
        ValueError: it is of a class that has not been imported.
    """
    name = config["class_name"]
    if name not in PruningSchedule.kinds:
        known = ", ".join(sorted(PruningSchedule.kinds))
        raise ValueError(
            f"the pruning schedule '{name}' is not known; known are {known}. Import "
            "the class of your own before the model is loaded"
        )
    return PruningSchedule.kinds[name].from_config(config["config"])


@dataclass(frozen=True)
class ConstantSparsity(PruningSchedule):
    """The same sparsity from one step on.

    Args:
        target_sparsity: the part of weights to be zero, in [0, 1).
        begin_step: the first step that prunes.
        end_step: the last one; -1 for no end.
        frequency: prune every so many steps.

    Example:
        >>> ConstantSparsity(0.5, begin_step=100)(200)
        (True, 0.5)
    """

    target_sparsity: float
    begin_step: int
    end_step: int = NEVER
    frequency: int = 100

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        check_sparsity("target_sparsity", self.target_sparsity)
        check_steps(self.begin_step, self.end_step, self.frequency)

    def __call__(self, step: int) -> tuple[bool, float]:
        """Whether to prune at a step, and the part of weights to be zero."""
        prunes = self.should_prune(step, self.begin_step, self.end_step, self.frequency)
        return prunes, self.target_sparsity

    def get_config(self) -> dict[str, Any]:
        """The class and the arguments."""
        return {"class_name": type(self).__name__, "config": asdict(self)}


@dataclass(frozen=True)
class PolynomialDecay(PruningSchedule):
    """From one sparsity to another, fast at first and slow in the end.

    At step t from b to e: final + (initial - final) * (1 - (t - b) / (e - b))**power.

    Args:
        initial_sparsity: at `begin_step`, in [0, 1).
        final_sparsity: from `end_step` on, in [0, 1).
        begin_step: the first step that prunes.
        end_step: the last one.
        power: 1 is linear.
        frequency: prune every so many steps.

    Example:
        >>> PolynomialDecay(0.0, 0.8, begin_step=0, end_step=1000)(500)
        (True, 0.7)
    """

    initial_sparsity: float
    final_sparsity: float
    begin_step: int
    end_step: int
    power: float = 3
    frequency: int = 100

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        check_sparsity("initial_sparsity", self.initial_sparsity)
        check_sparsity("final_sparsity", self.final_sparsity)
        check_steps(self.begin_step, self.end_step, self.frequency)
        if self.end_step == NEVER:
            raise ValueError("end_step of PolynomialDecay cannot be -1: it must end")

    def __call__(self, step: int) -> tuple[bool, float]:
        """Whether to prune at a step, and the part of weights to be zero."""
        done = (step - self.begin_step) / (self.end_step - self.begin_step)
        left = (1 - min(max(done, 0.0), 1.0)) ** self.power
        span = self.initial_sparsity - self.final_sparsity
        prunes = self.should_prune(step, self.begin_step, self.end_step, self.frequency)
        return prunes, self.final_sparsity + span * left

    def get_config(self) -> dict[str, Any]:
        """The class and the arguments."""
        return {"class_name": type(self).__name__, "config": asdict(self)}


def check_sparsity(name: str, value: float) -> None:
    """Refuse what is no part of weights.

    Raises:
        ValueError: it is not in [0, 1).
    """
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be in range [0,1); it is {value}")


def check_steps(begin: int, end: int, frequency: int) -> None:
    """Refuse steps out of order.

    Raises:
        ValueError: they are negative, or the end is not after the begin.
    """
    if frequency <= 0:
        raise ValueError(f"frequency must be at least 1; it is {frequency}")
    if begin < 0:
        raise ValueError(f"begin_step should be >= 0; it is {begin}")
    if end != NEVER and end <= begin:
        raise ValueError(
            f"end_step must be after begin_step; they are {end} and {begin}"
        )
