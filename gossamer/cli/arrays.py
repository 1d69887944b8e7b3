"""Arrays from files: `--input x.npy`, `--input name=x.npy`, `--calibration x.npz`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array


def read_arrays(path: Path) -> dict[str, Array]:
    """The arrays of a `.npy` file (with the name "") or a `.npz` file.

    Raises:
        InputError: the file cannot be read, or holds no arrays of numbers.
    """
    try:
        with path.open("rb") as file:
            content = np.load(file, allow_pickle=False)
            if isinstance(content, np.ndarray):
                return {"": content}
            return {name: content[name] for name in content.files}
    except FileNotFoundError:
        raise InputError(f"Could not open '{path}': there is no such file") from None
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"'{path}' is not a .npy or .npz file with arrays of numbers: {error}. "
            "Write one with numpy.save or numpy.savez"
        ) from error


def named_arrays(
    options: Sequence[str], names: Sequence[str], aliases: Mapping[str, str]
) -> dict[str, Array]:
    """The arrays that `--input` options give, by the model's input names.

    Args:
        options: each a path, or a name, `=` and a path.
        names: the model's inputs, in order.
        aliases: other names of inputs, and the names that they stand for.

    Raises:
        InputError: a name that the model does not have, or an input without array.
    """
    found: dict[str, Array] = {}
    for option in options:
        name, path = _split(option, names, aliases)
        arrays = read_arrays(Path(path))
        if list(arrays) == [""]:
            found[name or _next(names, found, path)] = arrays[""]
        elif name:
            raise InputError(
                f"'{path}' holds several arrays and --input {option} names one input. "
                f"Pass --input {path}, where the arrays have the names of the inputs"
            )
        else:
            found.update({aliases.get(key, key): x for key, x in arrays.items()})
    _require_complete(found, names)
    return found


def _split(
    option: str, names: Sequence[str], aliases: Mapping[str, str]
) -> tuple[str, str]:
    """An option's name ("" where there is none) and path."""
    for name in (*names, *aliases):
        if option.startswith(f"{name}="):
            return aliases.get(name, name), option[len(name) + 1 :]
    name, _, path = option.partition("=")
    if path and not Path(option).exists():
        raise InputError(f"the model has no input '{name}'. It has: {', '.join(names)}")
    return "", option


def _next(names: Sequence[str], found: Mapping[str, Array], path: str) -> str:
    for name in names:
        if name not in found:
            return name
    raise InputError(
        f"there is no input left for '{path}'. The model has: {', '.join(names)}"
    )


def _require_complete(found: Mapping[str, Array], names: Sequence[str]) -> None:
    unknown = [name for name in found if name not in names]
    if unknown:
        raise InputError(
            f"the model has no input '{unknown[0]}'. It has: {', '.join(names)}"
        )
    for name in names:
        if name not in found:
            raise InputError(
                f"the input '{name}' has no value. Pass --input {name}=FILE.npy"
            )


def suited(tensor: Tensor, array: Array) -> tuple[Array, str]:
    """An array in the type and rank that an input has.

    Real numbers are quantized for a quantized input; a missing batch axis is added.

    Returns:
        The array, and words for what was done to it.

    Raises:
        InputError: the array's numbers cannot become the input's.
    """
    done: list[str] = []
    if array.ndim == len(tensor.shape) - 1:
        array = array[np.newaxis]
        done.append("batch axis added")
    dtype = tensor.dtype.numpy
    if array.dtype == dtype:
        return array, ", ".join(done)
    if array.dtype.kind == "f" and tensor.is_quantized and tensor.quantization:
        done.append("quantized")
        return tensor.quantization.quantize(array, tensor.dtype), ", ".join(done)
    if not np.can_cast(array.dtype, dtype, "same_kind") and dtype.kind != "f":
        raise InputError(
            f"the input '{tensor.name}' has the type {tensor.dtype.title} and the "
            f"array {array.dtype}. Convert it: array.astype('{dtype}')"
        )
    done.append(f"{array.dtype} converted to {tensor.dtype.title}")
    return array.astype(dtype), ", ".join(done)
