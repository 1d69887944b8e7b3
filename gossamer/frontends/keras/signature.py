"""Where a model begins and ends: its inputs' names, types and order, its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gossamer.errors import ConversionError
from gossamer.frontends.keras import trace
from gossamer.frontends.keras.framework import dtype_of, keras

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.ir.types import DType, Shape


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input: its tensor's name, its key in the signature, its type.

    `shape` has -1 where the size is free.
    """

    name: str
    key: str
    dtype: DType
    shape: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A model traced from end to end.

    Attributes:
        inputs: what a caller gives, in order.
        symbols: the Keras tensors of the inputs.
        outputs: the Keras tensors (or arrays) of the outputs, flat.
        output_names: the outputs' keys in the signature.
    """

    inputs: tuple[InputSpec, ...]
    symbols: tuple[Any, ...]
    outputs: tuple[Any, ...]
    output_names: tuple[str, ...]


def entry_of(
    model: Any, input_signature: Any = None, enter: Callable[..., Any] = trace.enter
) -> Entry:
    """The ends of `model`, tracing its `call` where it has no recorded graph.

    `enter` does so, as `trace.enter` does.

    Raises:
        ConversionError: it is not a Keras model, its input shapes are not known, or
            its `call` cannot be traced.
    """
    recorded = trace.graph_of(model)
    if recorded is not None and input_signature is None:
        return _recorded_entry(model, *recorded)
    arguments = _arguments(model, input_signature)
    symbols = trace.symbolic_leaves(arguments)
    outputs = _outputs_of_call(model, arguments, enter)
    inputs = _specs(symbols, _names_in(arguments), is_batch_free=False)
    return Entry(inputs, tuple(symbols), *_flat_outputs(outputs))


def _recorded_entry(model: Any, symbols: list[Any], outputs: Any) -> Entry:
    structure = trace.input_structure(model)
    names = [str(x.name) for x in symbols]
    if trace.is_dict(structure):
        position = {id(x): key for key, x in structure.items()}
        names = [position.get(id(x), str(x.name)) for x in symbols]
    inputs = _specs(symbols, names, is_batch_free=trace.is_deferred(model))
    return Entry(inputs, tuple(symbols), *_flat_outputs(outputs))


def _specs(
    symbols: list[Any], names: list[str], *, is_batch_free: bool
) -> tuple[InputSpec, ...]:
    return tuple(
        InputSpec(name, name, dtype_of(x.dtype), _free_shape(x, is_batch_free))
        for name, x in zip(names, symbols, strict=True)
    )


def _free_shape(symbol: Any, is_batch_free: bool) -> Shape:  # noqa: FBT001
    shape = tuple(-1 if dim is None else int(dim) for dim in symbol.shape)
    return (-1, *shape[1:]) if is_batch_free and shape else shape


def _flat_outputs(outputs: Any) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """The outputs in order, and their keys: a dict's own, else `output_N`."""
    if trace.is_dict(outputs):
        named = outputs
        pairs = [
            (key if index == 0 else f"{key}_{index}", leaf)
            for key in sorted(named)
            for index, leaf in enumerate(trace.flatten(named[key]))
        ]
        return tuple(y for _, y in pairs), tuple(key for key, _ in pairs)
    flat = trace.flatten(outputs)
    return tuple(flat), tuple(f"output_{index}" for index in range(len(flat)))


def _arguments(model: Any, input_signature: Any) -> dict[str, Any]:
    """The arguments of `call` as Keras tensors, nested as the model takes them."""
    if input_signature is not None:
        given = _symbols(input_signature, str(model.compute_dtype), keep_batch=True)
    else:
        given = _recorded_symbols(model)
    if trace.required_arguments(model) <= 1:
        return trace.bind(model, (given,), {})
    return (
        given if trace.is_dict(given) else trace.bind(model, trace.as_list(given), {})
    )


def _recorded_symbols(model: Any) -> Any:
    shapes = trace.built_shapes(model)
    if not shapes:
        raise ConversionError(_not_built(model))
    if len(shapes) == 1:
        shape = next(iter(shapes.values()))
        return _symbols(shape, str(model.compute_dtype), keep_batch=False)
    return {
        name.removesuffix("_shape"): _symbols(
            shape, str(model.compute_dtype), keep_batch=False
        )
        for name, shape in shapes.items()
    }


def _symbols(spec: Any, dtype: str, *, keep_batch: bool) -> Any:
    """Shapes, arrays and specs as Keras tensors, in the same nesting."""
    if trace.is_symbolic(spec):
        return spec
    if _is_shape(spec):
        shape = tuple(spec) if keep_batch else (None, *tuple(spec)[1:])
        return keras().KerasTensor(shape, dtype=dtype)
    if hasattr(spec, "shape") and hasattr(spec, "dtype"):
        standard = keras().backend.standardize_dtype(spec.dtype)
        return keras().KerasTensor(tuple(spec.shape), dtype=standard)
    if trace.is_dict(spec):
        return {
            key: _symbols(value, dtype, keep_batch=keep_batch)
            for key, value in spec.items()
        }
    if isinstance(spec, (list, tuple)):
        made = [_symbols(x, dtype, keep_batch=keep_batch) for x in trace.as_list(spec)]
        return made if isinstance(spec, list) else tuple(made)
    raise ConversionError(
        f"An input signature holds {spec!r}, of type {type(spec).__name__}. "
        "Give a shape such as (None, 28, 28, 1), an array, a keras.KerasTensor or a "
        "keras.InputSpec, nested in lists and dicts as the model takes its inputs."
    )


def _is_shape(spec: Any) -> bool:
    if not isinstance(spec, (tuple, list)):
        return False
    entries = trace.as_list(spec)
    return bool(entries) and all(dim is None or isinstance(dim, int) for dim in entries)


def _names_in(arguments: Mapping[str, Any]) -> list[str]:
    """A name per tensor: the argument's, a dict's key, or the argument and a number."""
    names: list[str] = []
    for name, value in arguments.items():
        if trace.is_dict(value):
            for key in sorted(value):
                count = len(trace.symbolic_leaves(value[key]))
                names.extend(_numbered(key, count))
        else:
            names.extend(_numbered(name, len(trace.symbolic_leaves(value))))
    return names


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}_{index}" for index in range(count)]


def _outputs_of_call(
    model: Any, arguments: Mapping[str, Any], enter: Callable[..., Any]
) -> Any:
    try:
        if not model.built:
            model(**arguments)
        return enter(model, arguments)
    except Exception as error:
        first = str(error).strip().split("\n")[0]
        shapes = ", ".join(
            str(tuple(x.shape)) for x in trace.symbolic_leaves(arguments)
        )
        raise ConversionError(
            f"The call of the model '{model.name}' ({type(model).__name__}) cannot be "
            f"traced on symbolic tensors of shape {shapes}: {type(error).__name__}: "
            f"{first}. Write it with keras.ops and Keras layers only, without NumPy, "
            "framework functions or branches on values; where it takes several "
            "arguments, give their shapes as input_signature."
        ) from error


def require_model(model: Any) -> None:
    """Raise unless `model` is a Keras layer or model.

    Raises:
        ConversionError: it is something else.
    """
    if not trace.is_layer(model):
        raise ConversionError(
            f"A Keras model is expected, and {type(model).__name__} was given. Pass a "
            "keras.Model, or load a file with keras.saving.load_model first."
        )


def _not_built(model: Any) -> str:
    return (
        f"The model '{model.name}' ({type(model).__name__}) was never built or called, "
        "so the shape of its input is not known. Call it once on an example batch, "
        "call model.build((None, ...)), begin it with keras.Input(shape), or pass "
        "input_signature=(None, ...)."
    )
