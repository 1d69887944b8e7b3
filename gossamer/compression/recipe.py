"""Ways to make a model small, from those that cost nothing to those that cost most."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gossamer.errors import InputError
from gossamer.quantization.rules import rule_of

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to a model's weights while it trains on, and how they are stored.

    Attributes:
        mode: of quantization, as `gossamer.convert` knows it.
        sparsity: the part of weights that is pruned, 0 to 1.
        pattern: (m, n) to prune m of every n weights instead.
        clusters: how many values a kernel may have; 0 for any.
        aware: whether the rounding of int8 is trained, too.

    Raises:
        InputError: a number is out of bounds.
        QuantizationError: the mode is not known.

    Example:
        >>> Recipe("int8", sparsity=0.8, clusters=16).name
        '80 % pruned, 16 clusters, int8'
    """

    mode: str = "float32"
    sparsity: float = 0.0
    pattern: tuple[int, int] | None = None
    clusters: int = 0
    aware: bool = False

    def __post_init__(self) -> None:
        rule_of("", self.mode)  # which says if it is not known
        if not 0 <= self.sparsity < 1:
            raise InputError(f"sparsity={self.sparsity}; expected 0 to less than 1")
        if self.sparsity and self.pattern:
            raise InputError("a recipe has a sparsity or a pattern, not both")
        if self.clusters and self.clusters < 3:
            raise InputError(f"clusters={self.clusters}; expected 3 or more")
        if self.aware and self.mode != "int8":
            raise InputError(f"aware goes with the mode 'int8', not {self.mode!r}")

    @property
    def name(self) -> str:
        """In words."""
        parts = [f"{self.mode} trained" if self.aware else self.mode]
        if self.clusters:
            parts.insert(0, f"{self.clusters} clusters")
        if self.pattern:
            parts.insert(0, f"{self.pattern[0]}:{self.pattern[1]} pruned")
        if self.sparsity:
            parts.insert(0, f"{_PERCENT * self.sparsity:.3g} % pruned")
        return ", ".join(parts)

    @property
    def zeros(self) -> float:
        """The part of weights that is set to zero."""
        return self.pattern[0] / self.pattern[1] if self.pattern else self.sparsity

    @property
    def prunes(self) -> bool:
        """Whether it sets weights to zero."""
        return bool(self.zeros)

    @property
    def trainings(self) -> int:
        """How often the model is trained on before it is stored."""
        return self.prunes + bool(self.clusters) + self.aware

    @property
    def without_training(self) -> Recipe:
        """The same with int8 after training."""
        return replace(self, aware=False)

    def asks_more_than(self, other: Recipe) -> bool:
        """Whether what is too much in another is too much here too."""
        fewer = self.clusters and (
            not other.clusters or self.clusters <= other.clusters
        )
        return (
            self.mode == other.mode
            and self.pattern == other.pattern
            and self.aware <= other.aware
            and self.sparsity >= other.sparsity
            and bool(fewer or self.clusters == other.clusters)
        )


LADDER = (
    Recipe("float16"),
    Recipe("dynamic"),
    Recipe("int8"),
    Recipe("int8", aware=True),
    Recipe("int8", sparsity=0.5),
    Recipe("int8", clusters=16),
    Recipe("int8", sparsity=0.8),
    Recipe("int8", sparsity=0.5, clusters=16),
    Recipe("int8", sparsity=0.8, clusters=16),
    Recipe("int8", sparsity=0.8, clusters=16, aware=True),
    Recipe("int8", sparsity=0.9),
    Recipe("int8", sparsity=0.9, clusters=16),
)
"""What is tried if nothing else is asked for, the mildest first."""
