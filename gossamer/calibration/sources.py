"""Calibration samples, in all the forms in which users have them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import numpy as np

from gossamer.calibration.files import is_folder, read_arrays
from gossamer.calibration.images import ImageFolder
from gossamer.errors import QuantizationError
from gossamer.quantization.samples import describe_inputs, entries, input_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array
    from gossamer.quantization.calibrate import Sample


def samples_of(model: Model, generator: Any) -> Iterator[Sample]:
    """The samples of a TFLite representative dataset.

    Args:
        model: gives the names and the order of the inputs.
        generator: a callable that returns an iterable; each sample is a list of
            arrays in the order of the inputs, a dict of arrays by input name, or a
            pair (signature key, dict).

    Raises:
        QuantizationError: the generator or a sample has another form.
    """
    if not callable(generator):
        raise QuantizationError(
            f"representative_dataset is a {type(generator).__name__}; expected a "
            "function without arguments that yields samples, such as "
            "`def samples(): yield [x]`, or RepresentativeDataset of one"
        )
    produced: Any = generator()
    if not isinstance(produced, Iterable):
        raise QuantizationError(
            f"representative_dataset() returned a {type(produced).__name__}; expected "
            "an iterable of samples. Let the function yield them"
        )
    names = input_names(model)
    for number, sample in enumerate(cast("Iterable[Any]", produced)):
        yield _by_name(names, sample, number)


def batches_of(model: Model, data: Any) -> Iterator[Sample]:
    """The samples of a calibration set given as data, one at a time.

    Args:
        model: gives the names of the inputs.
        data: an array whose first axis counts samples (for one input); a dict of such
            arrays by input name, or a list or tuple of them in the order of the
            inputs; a dict of such dicts by signature key, or a pair of a key and a
            dict; the path of a `.npy` or `.npz` file with such arrays, or of a folder
            of images, or an `ImageFolder`; a generator function as TFLite takes it;
            or an iterable of samples.

    Raises:
        QuantizationError: the data do not fit the inputs, or cannot be read.
    """
    names = input_names(model)
    match data:
        case ImageFolder():
            return data.samples(names)
        case str() | os.PathLike():
            return _from_path(model, cast("str | os.PathLike[str]", data))
        case (str(key), Mapping()):
            return _of_signatures(model, {key: data[1]})
        case Mapping() if data and all(isinstance(x, Mapping) for x in data.values()):  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            return _of_signatures(model, cast("Mapping[str, Any]", data))
        case Mapping():
            return _rows(cast("Mapping[str, Any]", data), names)
        case _ if callable(data):
            return samples_of(model, data)
        case _ if hasattr(data, "shape"):
            return _rows(dict.fromkeys(list(names)[:1], data), names)
        case _ if _is_one_each(data, len(names)):
            return _rows(dict(zip(names, data, strict=True)), names)
        case _:
            return samples_of(model, lambda: data)


def _from_path(model: Model, path: str | os.PathLike[str]) -> Iterator[Sample]:
    """The samples in a file of arrays, or in a folder of images."""
    if is_folder(path):
        return ImageFolder(path).samples(input_names(model))
    arrays = read_arrays(path)
    names = input_names(model)
    if len(arrays) == len(names) == 1:
        return _rows(dict(zip(names, arrays.values(), strict=True)), names)
    if arrays and all("/" in name and name not in names for name in arrays):
        return _of_signatures(model, _by_signature(arrays))
    return _rows(arrays, names)


def _by_signature(arrays: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """Arrays that a file names `signature/input`."""
    found: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        key, _, short = name.partition("/")
        found.setdefault(key, {})[short] = array
    return found


def _of_signatures(model: Model, data: Mapping[str, Any]) -> Iterator[Sample]:
    ways = entries(model)
    for key, arrays in data.items():
        if key not in ways:
            known = ", ".join(repr(each) for each in ways if each is not None) or "none"
            raise QuantizationError(
                f"the calibration set has samples for the signature '{key}'; the model "
                f"has {known}"
            )
        for sample in _rows(arrays, ways[key].names):
            yield key, sample


def _is_one_each(data: Any, count: int) -> bool:
    """Whether it is a list or tuple with one entry per input."""
    return isinstance(data, (list, tuple)) and len(cast("list[Any]", data)) == count


def _rows(
    arrays: Mapping[str, Any], names: Mapping[str, Tensor]
) -> Iterator[dict[str, Array]]:
    """One sample for each index along the arrays' first axis."""
    whole = {name: _array(x, f"input '{name}'") for name, x in arrays.items()}
    lengths = {name: len(array) for name, array in whole.items() if array.ndim}
    if len(set(lengths.values())) > 1 or len(lengths) != len(whole):
        raise QuantizationError(
            f"the calibration arrays have {lengths} samples; expected the same number "
            f"for each of {describe_inputs(names)}"
        )
    return (
        {name: _real(array[index : index + 1]) for name, array in whole.items()}
        for index in range(next(iter(lengths.values()), 0))
    )


def _by_name(names: Mapping[str, Tensor], sample: Any, number: int) -> Sample:
    """A sample with its arrays by the names of inputs, and its signature if given."""
    where = f"sample {number} of the representative dataset"
    if _is_keyed(sample):
        key, arrays = sample
        if isinstance(arrays, Mapping):
            arrays = _arrays(cast("Mapping[str, Any]", arrays), where)
        return key, arrays
    if isinstance(sample, Mapping):
        return _arrays(cast("Mapping[str, Any]", sample), where)
    if not isinstance(sample, (list, tuple)):
        raise QuantizationError(
            f"{where} is a {type(sample).__name__}. You need to provide either a "
            "dictionary with input names and values, a tuple with signature key and a "
            "dictionary with input names and values, or a list with input values in "
            f"the order of the inputs: {describe_inputs(names)}"
        )
    values: list[Any] = list(cast("Iterable[Any]", sample))
    if len(values) != len(names):
        raise QuantizationError(
            f"{where} has {len(values)} values; expected one for each of "
            f"{describe_inputs(names)}"
        )
    return _arrays(dict(zip(names, values, strict=True)), where)


def _arrays(entries: Mapping[str, Any], where: str) -> dict[str, Array]:
    return {
        name: _real(_array(x, f"{where}, input '{name}'"))
        for name, x in entries.items()
    }


def _is_keyed(sample: Any) -> TypeGuard[tuple[str, Any]]:
    """Whether it is a pair of a signature's key and the sample."""
    if not isinstance(sample, tuple):
        return False
    pair = cast("tuple[Any, ...]", sample)
    return len(pair) == 2 and isinstance(pair[0], str)


def _array(value: Any, where: str) -> Array:
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise QuantizationError(
            f"{where}: what was given is no array: {error}. Expected numbers in rows "
            "of one length"
        ) from error


def _real(array: Array) -> Array:
    """Floats of another width in float32."""
    if array.dtype.kind == "f" and array.dtype != np.float32:
        return array.astype(np.float32)
    return array
