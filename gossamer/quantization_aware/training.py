"""Whether a subclassed model is being trained, for layers whom its call does not tell.

Keras's trainers tell a model's `call`; one that takes no `training`, or does not hand
it on, leaves its layers without.
"""

from __future__ import annotations

import inspect
from contextvars import ContextVar
from typing import Any

_known: ContextVar[Any] = ContextVar("training", default=None)


def known_training() -> Any:
    """Whether the model around is being trained; None where nobody said."""
    return _known.get()


def tell_training(model: Any) -> None:
    """Have a subclassed model's call tell our layers inside whether it is trained."""
    plain, takes = model.call, model._call_has_training_arg  # noqa: SLF001

    def call(*args: Any, training: Any = None, **kwargs: Any) -> Any:
        if takes:
            kwargs["training"] = training
        token = _known.set(training)
        try:
            return plain(*args, **kwargs)
        finally:
            _known.reset(token)

    told: Any = call
    signature = inspect.signature(plain)
    told.__signature__ = signature if takes else _with_training(signature)
    model.call = told
    model._call_signature = told.__signature__  # noqa: SLF001
    model._call_has_training_arg = True  # noqa: SLF001
    # Later versions of Keras keep it here, for arguments of any name.
    getattr(model, "_call_has_context_arg", {})["training"] = True


def _with_training(signature: inspect.Signature) -> inspect.Signature:
    parameters = list(signature.parameters.values())
    is_open = parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD
    more = inspect.Parameter("training", inspect.Parameter.KEYWORD_ONLY, default=None)
    parameters.insert(len(parameters) - bool(is_open), more)
    return inspect.Signature(parameters)
