"""JAX as this folder sees it: the only file that imports it or knows its insides."""

from __future__ import annotations

import importlib
import linecache
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import ConversionError
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.ir.types import Array

_FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
_INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")


def jax() -> Any:
    """The module `jax`.

    Raises:
        ConversionError: it is not installed.
    """
    try:
        return importlib.import_module("jax")
    except ImportError as error:
        raise ConversionError(
            f"JAX cannot be imported ({error}). Reading a JAX function needs it: "
            "pip install 'gossamer[jax]'."
        ) from error


def trace(function: Callable[..., Any], arguments: Sequence[Any]) -> tuple[Any, Any]:
    """The closed jaxpr of a function, and the structure that it returns.

    Args:
        function: what to trace.
        arguments: what it is called with: pytrees of `jax.ShapeDtypeStruct`.
    """
    return jax().make_jaxpr(function, return_shape=True)(*arguments)


def opened(jaxpr: Any) -> tuple[Any, Sequence[Any]]:
    """A jaxpr, open or closed, and the constants that it closes over."""
    return getattr(jaxpr, "jaxpr", jaxpr), getattr(jaxpr, "consts", ())


def inner_of(params: Mapping[str, Any]) -> Any | None:
    """The jaxpr of an equation that calls one, such as `jit` or `custom_jvp_call`."""
    for name in _INNER:
        if hasattr(params.get(name), "eqns") or hasattr(params.get(name), "jaxpr"):
            return params[name]
    return None


def is_literal(atom: Any) -> bool:
    """Whether an operand of an equation is a value, and not a variable."""
    return hasattr(atom, "val")


def evaluate(
    primitive: Any, params: Mapping[str, Any], operands: Sequence[Any]
) -> list[Any]:
    """What a primitive that calls no function computes of arrays."""
    results = primitive.bind(*operands, **params)
    return list(results) if primitive.multiple_results else [results]


def flatten(structure: Any) -> list[tuple[tuple[str, ...], Any]]:
    """The leaves of a pytree, each with the keys that lead to it."""
    pairs, _ = jax().tree_util.tree_flatten_with_path(structure)
    return [(tuple(_key(entry) for entry in path), leaf) for path, leaf in pairs]


def _key(entry: Any) -> str:
    for name in ("key", "name", "idx"):
        if hasattr(entry, name):
            return str(getattr(entry, name))
    return str(entry)


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same pytree with `function` applied to each leaf; None counts as one."""
    return jax().tree_util.tree_map(function, structure)


def symbol(name: str) -> Any:
    """A size that is not known, for shapes."""
    return jax().export.symbolic_shape(name)[0]


def spec(shape: Sequence[Any], dtype: Any) -> Any:
    """The description of an array."""
    return jax().ShapeDtypeStruct(tuple(shape), dtype)


def canonical(dtype: Any) -> Any:
    """The type that JAX gives an array of `dtype`: 64 bits become 32 by default."""
    return jax().dtypes.canonicalize_dtype(dtype)


def is_size(dim: Any) -> bool:
    """Whether a size is a number, and not a symbol."""
    return isinstance(dim, (int, np.integer))


def size_by(dim: Any, sizes: Mapping[str, Any]) -> Any:
    """An expression of symbols evaluated with what they stand for.

    `sizes` holds numbers, or whatever else can be added and multiplied.
    """
    return dim._evaluate(dict(sizes))  # noqa: SLF001


def sizes_of(shape: Sequence[Any]) -> tuple[int, ...]:
    """A shape with -1 where a size is a symbol."""
    return tuple(int(dim) if is_size(dim) else -1 for dim in shape)


def dtype_of(dtype: Any) -> DType:
    """The element type in which values of a JAX type are computed; floats in float32.

    Raises:
        Unsupported: a tensor in a file cannot have this type.
    """
    title = str(dtype)
    if title in _FLOATS:
        return DType.FLOAT32
    for known in DType:
        if known.title == title:
            return known
    raise Unsupported(
        f"no tensor in a file can have JAX's type '{title}'",
        "Compute such values before: keys of jax.random, for one, must not depend on "
        "an input.",
    )


def is_float(dtype: Any) -> bool:
    """Whether values of a JAX type are computed in float32."""
    return str(dtype) in _FLOATS


def to_numpy(value: Any) -> Array:
    """An array or number as an array, floats in float32."""
    array = np.asarray(value)
    return array.astype(np.float32) if str(array.dtype) in _FLOATS else array


def is_own(jaxpr: Any) -> bool:
    """Whether a jaxpr is of a function that JAX itself defines."""
    information = getattr(opened(jaxpr)[0], "debug_info", None)
    folder = str(Path(jax().__file__).parent)
    return folder in str(getattr(information, "func_src_info", ""))


def scope_of(equation: Any) -> str:
    """The `jax.named_scope`s around an equation, as a path."""
    return str(equation.source_info.name_stack)


def source_of(equation: Any) -> str:
    """The line of the user's program that an equation comes from, and its text."""
    information: Any = importlib.import_module("jax._src.source_info_util")
    frames = list(information.user_frames(equation.source_info.traceback))
    own = [x for x in frames if "site-packages" not in str(x.file_name)] or frames
    if not own:
        return "an unknown line"
    file, line = str(own[0].file_name), int(own[0].start_line)
    text = linecache.getline(file, line).strip()
    return f"{_near(file)}:{line}" + (f": {text}" if text else "")


def _near(file: str) -> str:
    """A path from here, where the file lies below."""
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative
