"""A JAX function as `TFLiteConverter.experimental_from_jax` is given it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from gossamer.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def serving_function(
    functions: Any, inputs: Any
) -> tuple[Callable[..., Any], list[str], list[Any]]:
    """The one function, and the names and examples of its inputs.

    Raises:
        ConversionError: there is not one function, or not one list of pairs for it.
    """
    if not functions:
        raise ConversionError("No serving func is specified.")
    if not inputs:
        raise ConversionError("Input tensors are not specified.")
    if len(inputs) != len(functions):
        raise ConversionError(
            f"Input tensor mapping len {len(inputs)} does not match serving func len "
            f"{len(functions)}."
        )
    if len(functions) > 1:
        raise ConversionError(
            "Currently only support single serving function. For several, give "
            "gossamer.convert a dict of what gossamer.from_jax makes of each."
        )
    (pairs,) = inputs
    if not _is_list(pairs) or not all(_is_list(x) and len(x) == 2 for x in pairs):
        raise ConversionError(
            "Input tensors should be pass in a tuple list wrapped in an array: "
            "[[('x', example), ...]]."
        )
    return functions[0], [str(x[0]) for x in pairs], [x[1] for x in pairs]


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, (list, tuple))
