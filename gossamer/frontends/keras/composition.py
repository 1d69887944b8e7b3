"""Operations of `keras.ops` that are written by means of others."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeAlias

from gossamer.frontends.keras.framework import dtype_of
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.frontends.keras.call import Call

Composition: TypeAlias = "Callable[..., Any]"
"""A function of Keras tensors that uses nothing but `keras.ops`."""


def composed(*names: str) -> Callable[[Composition], Composition]:
    """Declare operations as a function of others, which is traced where they stand.

    The function is given the arguments of the operation's `call` by name. Those of its
    parameters that are keyword-only are read off the operation, as attributes; one
    that is named `result` is given the element type of the first output. Arguments
    are Keras tensors, arrays or numbers.

    Example:
        >>> @composed("Var")
        ... def _var(x, *, axis=None, keepdims=False):
        ...     ops = keras().ops
        ...     centered = x - ops.mean(x, axis=axis, keepdims=True)
        ...     return ops.mean(ops.square(centered), axis=axis, keepdims=keepdims)
    """

    def declare(function: Composition) -> Composition:
        def rule(call: Call) -> RuleResult:
            return _traced(call, function)

        rule.__doc__ = function.__doc__
        operation(*names, kind="composed")(rule)
        return function

    return declare


def _traced(call: Call, function: Composition) -> RuleResult:
    parameters = inspect.signature(function).parameters
    given = {name: x for name, x in call.arguments.items() if name in parameters}
    settings = _settings(call, parameters)

    def body(*values: Any) -> Any:
        return function(**dict(zip(given, values, strict=True)), **settings)

    body.__name__ = type(call.operation).__name__
    made = flatten(call.walk.traced(call, body, list(given.values())))
    return [
        call.cast(y, dtype_of(like.dtype))
        for y, like in zip(made, call.outputs, strict=True)
    ]


def _settings(
    call: Call, parameters: Mapping[str, inspect.Parameter]
) -> dict[str, Any]:
    """The keyword-only parameters; the default of one that this Keras does not have."""
    found = {
        name: getattr(call.operation, name, parameter.default)
        for name, parameter in parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    if "result" in found:
        found["result"] = dtype_of(call.outputs[0].dtype).title
    return found
