"""A model's variables while `fit` runs: on JAX they are elsewhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.training.framework import keras

if TYPE_CHECKING:
    from collections.abc import Generator


def array_of(variable: Any) -> np.ndarray:
    """The value of a variable."""
    return np.asarray(keras.ops.convert_to_numpy(variable.value))


@contextlib.contextmanager
def synced(model: Any) -> Generator[None]:
    """Let a callback read and assign a model's variables.

    JAX's trainer carries them from step to step as values of its own; it takes them
    from the variables again after it was asked to write them there.
    """
    sync = getattr(model, "jax_state_sync", None)
    if sync is not None:
        sync()
    yield
