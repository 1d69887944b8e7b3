"""The data that a model is trained on with, and those that judge it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from gossamer.errors import InputError

_HELD_OUT = 0.2
"""The part of the data that judges where none is given for it."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a model is trained on with.

    Attributes:
        x: inputs as `fit` takes them, the first axis counting samples.
        y: what they are to give.
        count: how many samples there are.
        epochs: how often each is seen, for pruning and again for clustering.
        batch_size: samples of a step.
        learning_rate: at the beginning; it falls to zero along a cosine. None for half
            of that with which the model was compiled.
    """

    x: Any
    y: Any
    count: int
    epochs: int
    batch_size: int
    learning_rate: float | None

    @property
    def steps(self) -> int:
        """Steps of a training."""
        return self.epochs * -(-self.count // self.batch_size)


def split(data: Any, validation: Any) -> tuple[Any, Any]:
    """Two pairs of inputs and labels: what trains, and what judges.

    Args:
        data: a pair; its last part judges if nothing else does.
        validation: a pair, or None.

    Raises:
        InputError: the data are no pair.
    """
    for pair in (data, validation):
        if pair is not None and not (isinstance(pair, (tuple, list)) and _paired(pair)):
            raise InputError(
                "data are to be a pair, inputs and labels, as fit takes them"
            )
    if validation is not None:
        return data, validation
    x, y = data
    count = len(arrays_of(x)[0])
    start = count - max(1, int(count * _HELD_OUT))
    before, after = slice(None, start), slice(start, None)
    return (_part(x, before), y[before]), (_part(x, after), y[after])


def _paired(pair: Any) -> bool:
    return len(pair) == 2


def _part(given: Any, where: slice) -> Any:
    if isinstance(given, dict):
        named = cast("dict[str, Any]", given)
        return {name: each[where] for name, each in named.items()}
    if isinstance(given, (list, tuple)):
        return [each[where] for each in cast("list[Any]", given)]
    return given[where]


def arrays_of(x: Any) -> list[Any]:
    """The inputs in their order, floats as float32."""
    if isinstance(x, dict):
        each = list(cast("dict[str, Any]", x).values())
    else:
        each = cast("list[Any]", x) if isinstance(x, (list, tuple)) else [x]
    arrays: list[Any] = [np.asarray(array) for array in each]
    return [a.astype(np.float32) if a.dtype.kind == "f" else a for a in arrays]
