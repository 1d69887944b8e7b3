"""Whether a calibration sample fits the model's inputs, said precisely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.errors import QuantizationError
from gossamer.ir.build import free_shape
from gossamer.ir.types import TensorType

if TYPE_CHECKING:
    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array


def input_names(model: Model) -> dict[str, Tensor]:
    """The names by which samples give the inputs: the signature's, or the tensors'."""
    for signature in model.signatures:
        if signature.subgraph == 0:
            return dict(signature.inputs)
    return {tensor.name: tensor for tensor in model.main.inputs}


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into a model: a subgraph, and the names of its inputs."""

    subgraph: int
    names: Mapping[str, Tensor]


def entries(model: Model) -> dict[str | None, Entry]:
    """The signatures by key, and by None where samples go that name none."""
    found: dict[str | None, Entry] = {None: Entry(0, input_names(model))}
    for signature in model.signatures:
        found[signature.key] = Entry(signature.subgraph, signature.inputs)
    return found


def check_sample(
    sample: Mapping[str, Array], number: int, names: Mapping[str, Tensor]
) -> dict[Tensor, Array]:
    """The sample's arrays by input tensor.

    Raises:
        QuantizationError: an input is missing or unknown, or its array has another
            type or shape, or holds a value that is not finite.
    """
    _check_names(sample, number, names)
    arrays: dict[Tensor, Array] = {}
    for name, tensor in names.items():
        array = np.asarray(sample[name])
        _check_array(array, tensor, f"sample {number}, input '{name}'")
        arrays[tensor] = array
    return arrays


def describe_inputs(names: Mapping[str, Tensor]) -> str:
    """Names and types of the inputs, for messages: `'x' (float32[?x28x28])`."""
    return ", ".join(f"'{name}' ({_free_type(x)})" for name, x in names.items())


def _check_names(
    sample: Mapping[str, Array], number: int, names: Mapping[str, Tensor]
) -> None:
    if not isinstance(sample, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise QuantizationError(
            f"sample {number} of the representative dataset is a "
            f"{type(sample).__name__}; expected a mapping from input names to arrays: "
            f"{describe_inputs(names)}"
        )
    missing = [name for name in names if name not in sample]
    unknown = [str(name) for name in sample if name not in names]
    if missing or unknown:
        found = ", ".join(f"'{name}'" for name in sample) or "nothing"
        raise QuantizationError(
            f"sample {number} of the representative dataset has {found}; expected "
            f"exactly {describe_inputs(names)}"
            + (f"; missing: {', '.join(missing)}" if missing else "")
            + (f"; unknown: {', '.join(unknown)}" if unknown else "")
        )


def _check_array(array: Array, tensor: Tensor, where: str) -> None:
    expected = _free_type(tensor)
    if array.dtype != tensor.dtype.numpy:
        raise QuantizationError(
            f"{where}: the array is {array.dtype}; expected {expected}. "
            f"Convert it with .astype('{tensor.dtype.numpy}')"
        )
    if not _fits(array.shape, expected.shape):
        found = "x".join(map(str, array.shape))
        hint = (
            ". A sample includes the batch dimension: add it with array[None]"
            if _fits((1, *array.shape), expected.shape)
            else ""
        )
        raise QuantizationError(
            f"{where}: the array has shape [{found}]; expected {expected}{hint}"
        )
    if tensor.dtype.is_float and not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise QuantizationError(
            f"{where}: {bad} of {array.size} values are infinite or not a number; "
            "expected finite numbers"
        )


def _free_type(tensor: Tensor) -> TensorType:
    return TensorType(tensor.dtype, free_shape(tensor))


def _fits(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return len(shape) == len(expected) and all(
        dim in (-1, size) for size, dim in zip(shape, expected, strict=True)
    )
