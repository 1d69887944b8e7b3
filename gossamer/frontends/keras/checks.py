"""What is asked of a recorded call before it is converted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gossamer.frontends.keras import trace
from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from collections.abc import Generator


def require_inference(step: trace.Step) -> None:
    """Raise where a layer is called to behave as in training.

    Raises:
        Unsupported: it is.
    """
    if (
        step.arguments.get("training") is True
        and trace.graph_of(step.operation) is None
        and not trace.trains_by_default(step.operation)
    ):
        raise Unsupported(
            "the layer is called with training=True, so that it would behave as in "
            "training, with randomness or statistics of the batch",
            "Leave the argument out or pass training=False where the model is defined.",
        )


@contextlib.contextmanager
def explained(what: str) -> Generator[None]:
    """Say of a failure that Keras tensors were the cause."""
    try:
        yield
    except Unsupported:
        raise
    except Exception as error:
        first = str(error).strip().split("\n")[0]
        raise Unsupported(
            f"{what} cannot be traced on symbolic tensors: {type(error).__name__}: "
            f"{first}",
            "Write it with keras.ops and Keras layers only, without NumPy, framework "
            "functions or branches on values.",
        ) from error
