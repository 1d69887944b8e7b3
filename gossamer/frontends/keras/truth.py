"""Arguments that are true or false for each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras.framework import to_numpy
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.types import Array


def as_truth(call: Call, value: Any) -> Array | Tensor | None:
    """A mask as booleans: an array where it is known now; None where there is none."""
    if value is None:
        return None
    if isinstance(value, Tensor):
        return call.cast(value, DType.BOOL)
    return to_numpy(value).astype(bool)
