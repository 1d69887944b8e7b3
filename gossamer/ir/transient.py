"""Variables that are to be zero before each run.

An operator such as UNIDIRECTIONAL_SEQUENCE_LSTM begins where its states stand, and
`.tflite` has no word for a layer that forgets. A metadata entry lists the states of
such layers; this runtime clears them before each run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Model

ENTRY = "gossamer_transient_states"
"""The metadata entry: names of tensors, one a line."""


def transient_states(names: Sequence[str]) -> dict[str, bytes]:
    """The metadata for the variables of these names."""
    return {ENTRY: "\n".join(names).encode()} if names else {}


def names_of(metadata: Mapping[str, bytes]) -> frozenset[str]:
    """The names of the variables that are to be zero before each run."""
    text = bytes(metadata.get(ENTRY, b"")).decode(errors="replace")
    return frozenset(filter(None, text.split("\n")))


def has_transient_states(model: Model) -> bool:
    """Whether some variable is to be zero before each run."""
    return ENTRY in model.metadata
