"""Operations of `keras.ops` that are written by means of others."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.frontends.keras.framework import dtype_of, to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten, map_structure
from gossamer.ir.graph import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from gossamer.frontends.keras.call import Call
    from gossamer.ir.types import Array

Composition: TypeAlias = "Callable[..., Any]"
"""A function of Keras tensors that uses nothing but `keras.ops`."""


def composed(
    *names: str, known: Container[str] = ()
) -> Callable[[Composition], Composition]:
    """Declare operations as a function of others, which is traced where they stand.

    The function is given the arguments of the operation's `call` by name: Keras
    tensors, in the place of arrays and numbers too, but for the arguments that `known`
    names. Those of its parameters that are keyword-only are read off the operation, as
    attributes; one that is named `result` is given the element type of the first
    output.

    Example:
        >>> @composed("Var")
        ... def _var(x, *, axis=None, keepdims=False):
        ...     ops = keras().ops
        ...     centered = x - ops.mean(x, axis=axis, keepdims=True)
        ...     return ops.mean(ops.square(centered), axis=axis, keepdims=keepdims)
    """

    def declare(function: Composition) -> Composition:
        def rule(call: Call) -> RuleResult:
            return _traced(call, function, known)

        rule.__doc__ = function.__doc__
        operation(*names, kind="composed")(rule)
        return function

    return declare


def _traced(call: Call, function: Composition, known: Container[str]) -> RuleResult:
    parameters = inspect.signature(function).parameters
    given = {
        name: x if name in known else map_structure(lambda y: _tensor(call, y), x)
        for name, x in call.arguments.items()
        if name in parameters
    }
    settings = _settings(call, parameters)

    def body(*values: Any) -> Any:
        return function(**dict(zip(given, values, strict=True)), **settings)

    body.__name__ = type(call.operation).__name__
    made = flatten(call.walk.traced(call, body, list(given.values())))
    return [
        call.cast(y, dtype_of(like.dtype))
        for y, like in zip(made, call.outputs, strict=True)
    ]


def _tensor(call: Call, value: Any) -> Any:
    """A constant in the place of an array or a number.

    Whole numbers are int32 where that holds them, as they are in Keras.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return call.constant("number", _narrow(np.asarray(value)))
    if isinstance(value, Tensor) or not hasattr(value, "shape"):
        return value
    array = to_numpy(value)
    narrow = _narrow(array)
    return call.weight("constant", value if narrow is array else narrow)


def _narrow(array: Array) -> Array:
    if array.dtype != np.int64 or not np.array_equal(array, array.astype(np.int32)):
        return array
    return array.astype(np.int32)


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
