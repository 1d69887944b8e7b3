"""Where a JAX function begins and ends: its inputs, its weights, what it returns."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import ConversionError
from gossamer.frontends.jax import framework
from gossamer.frontends.jax.steps import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A function traced from end to end.

    Attributes:
        name: the function's.
        jaxpr: the closed jaxpr; it takes `constants`, then `inputs`.
        constants: the arrays of the user's weights.
        weights: a name for each of them, by identity.
        inputs: what a caller gives, in order.
        input_names: their keys in the signature.
        output_names: the outputs' keys.
    """

    name: str
    jaxpr: Any
    constants: tuple[Any, ...]
    weights: Mapping[int, str]
    inputs: tuple[Value, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]


def traced(
    function: Callable[..., Any],
    inputs: Sequence[Any],
    weights: Any,
    free_axis: int | None,
    input_names: Sequence[str] | None = None,
) -> Traced:
    """Trace a function on descriptions of its arguments.

    Raises:
        ConversionError: it is no function, an argument is no array, or the function
            itself fails.
    """
    _require_function(function)
    name = str(getattr(function, "__name__", type(function).__name__))
    free = None if free_axis is None else framework.symbol("batch")
    parameters = list(input_names or ()) or _parameters(
        function, given=len(inputs), skipped=weights is not None
    )
    if len(parameters) != len(inputs):
        raise ConversionError(
            f"input_names has {len(parameters)} names, and {len(inputs)} inputs were "
            "given; expected one name for each."
        )
    examples = [
        framework.map_structure(
            lambda leaf, of=each: _spec(leaf, of, free, free_axis), x
        )
        for each, x in zip(parameters, inputs, strict=True)
    ]
    leading = (
        [] if weights is None else [framework.map_structure(_weight_spec, weights)]
    )
    jaxpr, returned = _jaxpr(function, name, [*leading, *examples])
    constants = [] if weights is None else framework.flatten(weights)
    leaves = [
        ((parameter, *keys), leaf)
        for parameter, example in zip(parameters, examples, strict=True)
        for keys, leaf in framework.flatten(example)
    ]
    return Traced(
        name,
        jaxpr,
        tuple(array for _, array in constants),
        {id(array): "/" + "/".join(keys or (name,)) for keys, array in constants},
        tuple(Value(tuple(leaf.shape), leaf.dtype) for _, leaf in leaves),
        _unique(["_".join(keys) for keys, _ in leaves]),
        _output_names(returned),
    )


def _require_function(function: Any) -> None:
    if callable(function):
        return
    raise ConversionError(
        f"from_jax was given {type(function).__name__}; expected a function of JAX "
        "arrays, such as `lambda x: model.apply(params, x)`."
    )


def _parameters(
    function: Callable[..., Any], *, given: int, skipped: bool
) -> list[str]:
    """The names of the parameters that `given` positional arguments go to."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    names = [x.name for x in parameters[1 if skipped else 0 :] if x.kind in kinds]
    numbered = [f"args_{index}" for index in range(len(names), given)]
    return (names + numbered)[:given]


def _spec(leaf: Any, parameter: str, free: Any, free_axis: int | None) -> Any:
    """An example as a description, its free axis as a symbol."""
    if not hasattr(leaf, "shape"):
        leaf = _array(leaf, parameter)
    shape = list(leaf.shape)
    if free_axis is not None and shape:
        if not -len(shape) <= free_axis < len(shape):
            raise ConversionError(
                f"free_axis={free_axis} is not an axis of the input '{parameter}', "
                f"whose example has shape {tuple(shape)}."
            )
        shape[free_axis] = free
    return framework.spec(shape, framework.canonical(leaf.dtype))


def _weight_spec(leaf: Any) -> Any:
    array = leaf if hasattr(leaf, "shape") else _array(leaf, "weights")
    return framework.spec(array.shape, framework.canonical(array.dtype))


def _array(leaf: Any, parameter: str) -> Any:
    array = np.asarray(leaf)
    if array.dtype != np.object_ and array.dtype.kind in "biufc":
        return array
    raise ConversionError(
        f"The example of the input '{parameter}' holds {leaf!r}, of type "
        f"{type(leaf).__name__}. Give an array, a jax.ShapeDtypeStruct, or a pytree of "
        "these; bind other arguments first, with functools.partial or a lambda."
    )


def _jaxpr(
    function: Callable[..., Any], name: str, arguments: list[Any]
) -> tuple[Any, Any]:
    try:
        return framework.trace(function, arguments)
    except Exception as error:
        first = str(error).strip().split("\n")[0]
        shapes = ", ".join(
            f"{leaf.dtype}{list(leaf.shape)}"
            for _, leaf in framework.flatten(arguments)
        )
        raise ConversionError(
            f"The JAX function '{name}' cannot be traced on {shapes}: "
            f"{type(error).__name__}: {first}{_remedy(error)}"
        ) from error


def _remedy(error: Exception) -> str:
    """What helps against the errors that tracing brings about."""
    kind = type(error).__name__
    if "InconclusiveDimension" in kind:
        return " Leave the size fixed: the function branches on it."
    if "Tracer" in kind or "Concretization" in kind:
        return (
            " Use jax.lax.cond, jax.numpy.where or jax.lax.while_loop where Python "
            "branches on values, and jax.numpy in the place of NumPy."
        )
    return ""


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with a number behind one that is taken."""
    found: dict[str, None] = {}
    for name in names:
        count, free = 1, name
        while free in found:
            free, count = f"{name}_{count}", count + 1
        found[free] = None
    return tuple(found)


def _output_names(returned: Any) -> tuple[str, ...]:
    """A dict's keys, else `output_N`."""
    leaves = framework.flatten(returned)
    if isinstance(returned, dict):
        return _unique(["_".join(keys) for keys, _ in leaves])
    return tuple(f"output_{index}" for index in range(len(leaves)))
