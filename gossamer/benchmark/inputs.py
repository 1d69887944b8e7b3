"""What a model is measured on: shapes and values, by the flags of benchmark_model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.runtime.source import Source

_SMALL_INTEGERS = (0, 1)
"""The range of wide integers: they are often indices."""


@dataclass(frozen=True, slots=True)
class InputFlags:
    """How inputs are to be filled; see the flags of the same names.

    `layer` is `a,b`, `shape` `1,30:1,10`, `value_range` `a,1,2:b,0,254`, and
    `value_files` `a:file,b:file`, where `::` stands for one `:`.
    """

    layer: str = ""
    shape: str = ""
    value_range: str = ""
    value_files: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A subgraph of a model, and an array for each input of its outline."""

    source: Source
    subgraph: int
    values: Mapping[Tensor, Array] = field(default_factory=dict["Tensor", "Array"])

    @property
    def shapes(self) -> dict[Tensor, Shape]:
        return {tensor: array.shape for tensor, array in self.values.items()}


def subject(source: Source, flags: InputFlags) -> Subject:
    """What is to be measured, with random values where nothing else is asked for.

    Raises:
        InputError: a flag that the model does not fit.
        UnsupportedError: an input has a type for which there are no random values.
    """
    model = source.outline.model
    index, names = _called(model, flags.signature)
    shapes = _shapes(flags, names)
    ranges = _ranges(flags.value_range, names)
    files = _files(flags.value_files, names)
    random = np.random.default_rng(0)
    values: dict[Tensor, Array] = {}
    for tensor in model.subgraphs[index].inputs:
        shape = shapes.get(tensor, tensor.shape)
        if tensor in files:
            values[tensor] = _from_file(files[tensor], tensor, shape)
        else:
            values[tensor] = _random(random, tensor, shape, ranges.get(tensor))
    return Subject(source, index, values)


def _called(model: Model, signature: str) -> tuple[int, dict[str, Tensor]]:
    """The subgraph to run, and its inputs by all their names."""
    keys = {each.key: each for each in model.signatures}
    if signature and signature not in keys:
        raise InputError(
            f"there is no signature '{signature}'. The model has: "
            + (", ".join(keys) or "none")
        )
    index = keys[signature].subgraph if signature else 0
    names = {tensor.name: tensor for tensor in model.subgraphs[index].inputs}
    for each in model.signatures:
        if each.subgraph == index:
            names.update(each.inputs)
    return index, names


def _tensor(name: str, names: Mapping[str, Tensor], flag: str) -> Tensor:
    if name not in names:
        raise InputError(
            f"{flag} names the input '{name}'. The model has: {', '.join(names)}"
        )
    return names[name]


def _shapes(flags: InputFlags, names: Mapping[str, Tensor]) -> dict[Tensor, Shape]:
    layers = [name for name in flags.layer.split(",") if name]
    shapes = [text for text in flags.shape.split(":") if text]
    if len(layers) != len(shapes):
        raise InputError(
            f"--input-layer names {len(layers)} inputs and --input-layer-shape gives "
            f"{len(shapes)} shapes. Give as many: --input-layer=a,b "
            "--input-layer-shape=1,30:1,10"
        )
    return {
        _tensor(name, names, "--input-layer"): tuple(
            _integers(text, "--input-layer-shape")
        )
        for name, text in zip(layers, shapes, strict=True)
    }


def _integers(text: str, flag: str) -> list[int]:
    try:
        numbers = [int(each) for each in text.split(",")]
    except ValueError:
        raise InputError(f"{flag} has '{text}'; expected whole numbers: 1,30") from None
    if min(numbers) < 0:
        raise InputError(f"{flag} has '{text}'; sizes cannot be negative")
    return numbers


def _ranges(
    text: str, names: Mapping[str, Tensor]
) -> dict[Tensor, tuple[float, float]]:
    flag = "--input-layer-value-range"
    found: dict[Tensor, tuple[float, float]] = {}
    for part in (each for each in _split(text, ":") if each):
        try:
            name, low, high = part.rsplit(",", 2)
            limits = float(low), float(high)
        except ValueError:
            raise InputError(
                f"{flag} has '{part}'; expected a name and two numbers: input1,1,2"
            ) from None
        if not limits[0] <= limits[1]:
            raise InputError(f"{flag} has '{part}', whose range is empty")
        found[_tensor(name, names, flag)] = limits
    return found


def _files(text: str, names: Mapping[str, Tensor]) -> dict[Tensor, Path]:
    flag = "--input-layer-value-files"
    found: dict[Tensor, Path] = {}
    for part in (each for each in text.split(",") if each):
        pieces = _split(part, ":")
        if len(pieces) != 2:
            raise InputError(
                f"{flag} has '{part}'; expected a name and a file: a:a.bin"
            )
        found[_tensor(pieces[0], names, flag)] = Path(pieces[1])
    return found


def _split(text: str, mark: str) -> list[str]:
    """Parts between marks; a doubled mark stands for itself."""
    return [
        part.replace("\0", mark) for part in text.replace(mark * 2, "\0").split(mark)
    ]


def _from_file(path: Path, tensor: Tensor, shape: Shape) -> Array:
    """The raw bytes of a file, or the array of a .npy file, as an input."""
    dtype = tensor.dtype.numpy
    try:
        if path.suffix == ".npy":
            array: Array = np.load(path, allow_pickle=False)
        else:
            array = np.frombuffer(path.read_bytes(), dtype)
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' cannot be read as {dtype}: {error}") from error
    if array.dtype != dtype or array.size != np.prod(shape, dtype=np.int64):
        raise InputError(
            f"'{path}' holds {array.size} elements of {array.dtype}; the input "
            f"'{tensor.name}' takes {dtype} of the shape {list(shape)}"
        )
    return array.reshape(shape)


def _random(
    random: np.random.Generator,
    tensor: Tensor,
    shape: Shape,
    limits: tuple[float, float] | None,
) -> Array:
    """Values between two limits, both included for integers."""
    dtype: np.dtype[Any] = tensor.dtype.numpy
    if tensor.dtype.is_integer or dtype.kind == "b":
        low, high = limits or _integer_limits(dtype)
        whole = random.integers(int(low), int(high), shape, endpoint=True)
        return whole.astype(dtype)
    if dtype.kind in "fcV" and not dtype.hasobject:
        low, high = limits or (0.0, 1.0)
        return random.uniform(low, high, shape).astype(dtype)
    raise UnsupportedError(
        f"the input '{tensor.name}' has the type {tensor.dtype.title}, for which there "
        "are no random values. Measure this model from Python"
    )


def _integer_limits(dtype: np.dtype[Any]) -> Sequence[int]:
    if dtype.kind == "b" or dtype.itemsize > 2:
        return _SMALL_INTEGERS
    try:
        limits = np.iinfo(dtype)
    except ValueError:  # a type of four bits
        return _SMALL_INTEGERS
    return int(limits.min), int(limits.max)
