"""Calibration samples, as users give them, and how the float model is run on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import numpy as np

from gossamer.errors import QuantizationError, UnsupportedError
from gossamer.flatbuffer.write import write
from gossamer.ir.graph import Model
from gossamer.quantization.calibrate import reference_runner
from gossamer.quantization.samples import describe_inputs, input_names
from gossamer.runtime.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array
    from gossamer.quantization.calibrate import Run


def samples_of(model: Model, generator: Any) -> Iterator[dict[str, Array]]:
    """The samples of a TFLite representative dataset, by input name.

    Args:
        model: gives the names and the order of the inputs.
        generator: a callable that returns an iterable; each sample is a list of
            arrays in the order of the inputs, a dict of arrays by input name, or a
            pair (signature key, dict).

    Raises:
        QuantizationError: the generator or a sample has another form.
    """
    names = input_names(model)
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
    for number, sample in enumerate(cast("Iterable[Any]", produced)):
        yield _by_name(model, names, sample, number)


def batches_of(model: Model, data: Any) -> Iterator[dict[str, Array]]:
    """The samples of a calibration set given as data, one at a time.

    Args:
        model: gives the names of the inputs.
        data: an array whose first axis counts samples (for one input), a dict of such
            arrays by input name, a list or tuple of them in the order of the inputs,
            a generator function as TFLite takes it, or an iterable of samples.

    Raises:
        QuantizationError: the arrays do not fit the inputs in number or length.
    """
    if callable(data):
        return samples_of(model, data)
    names = input_names(model)
    if hasattr(data, "shape"):
        data = (data,)
    if isinstance(data, Mapping):
        arrays: dict[str, Any] = dict(cast("Mapping[str, Any]", data))
    elif _is_one_each(data, len(names)):
        entries: list[Any] = list(cast("Iterable[Any]", data))
        arrays = dict(zip(names, entries, strict=True))
    else:
        return samples_of(model, lambda: data)
    return _rows(arrays, names)


def _is_one_each(data: Any, count: int) -> bool:
    """Whether it is a list or tuple with one entry per input."""
    return isinstance(data, (list, tuple)) and len(cast("list[Any]", data)) == count


def _rows(
    arrays: Mapping[str, Any], names: Mapping[str, Tensor]
) -> Iterator[dict[str, Array]]:
    whole = {name: np.asarray(array) for name, array in arrays.items()}
    lengths = {name: len(array) for name, array in whole.items() if array.ndim}
    if len(set(lengths.values())) > 1 or len(lengths) != len(whole):
        raise QuantizationError(
            f"the calibration arrays have {lengths} samples; expected the same number "
            f"for each of {describe_inputs(names)}"
        )
    for index in range(next(iter(lengths.values()), 0)):
        yield {name: _real(array[index : index + 1]) for name, array in whole.items()}


def _by_name(
    model: Model, names: Mapping[str, Tensor], sample: Any, number: int
) -> dict[str, Array]:
    where = f"sample {number} of the representative dataset"
    if _is_keyed(sample):
        key, sample = sample
        known = [signature.key for signature in model.signatures]
        if key not in known:
            raise QuantizationError(
                f"{where} names the signature '{key}'; the model has "
                f"{', '.join(map(repr, known))}"
            )
    if isinstance(sample, Mapping):
        entries: dict[str, Any] = dict(cast("Mapping[str, Any]", sample))
        return {name: _real(array) for name, array in entries.items()}
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
    return {name: _real(x) for name, x in zip(names, values, strict=True)}


def _is_keyed(sample: Any) -> TypeGuard[tuple[str, Any]]:
    """Whether it is a pair of a signature's key and the sample."""
    if not isinstance(sample, tuple):
        return False
    pair = cast("tuple[Any, ...]", sample)
    return len(pair) == 2 and isinstance(pair[0], str)


def _real(value: Any) -> Array:
    """An array; floats of another width in float32."""
    array = np.asarray(value)
    if array.dtype.kind == "f" and array.dtype != np.float32:
        return array.astype(np.float32)
    return array


def compiled_runner(
    subgraph: Subgraph, observed: Sequence[Tensor], model: Model | None = None
) -> Run:
    """Run the float model as machine code, keeping every tensor.

    Where there is no kernel for one of its operators, it runs by the operators'
    meaning in NumPy instead. `model` holds the subgraphs that the graph calls.
    """
    whole = Model((subgraph,))
    if model is not None:
        graphs = (subgraph, *model.subgraphs[1:])
        whole = replace(model, subgraphs=graphs, signatures=())
    places = {tensor: index for index, tensor in enumerate(subgraph.tensors)}
    try:
        interpreter = Interpreter(
            model_content=write(whole),
            experimental_preserve_all_tensors=True,
        )
        interpreter.allocate_tensors()
    except UnsupportedError:
        return reference_runner(subgraph, observed)
    shapes: dict[Tensor, tuple[int, ...]] = {x: x.shape for x in subgraph.inputs}

    def run(inputs: Mapping[Tensor, Array]) -> Mapping[Tensor, Array]:
        changed = {x: a.shape for x, a in inputs.items() if a.shape != shapes[x]}
        for tensor, shape in changed.items():
            interpreter.resize_tensor_input(places[tensor], shape)
        if changed:
            shapes.update(changed)
            interpreter.allocate_tensors()
        for tensor, array in inputs.items():
            interpreter.set_tensor(places[tensor], array)
        interpreter.invoke()
        return {tensor: interpreter.get_tensor(places[tensor]) for tensor in observed}

    return run


Samples = Callable[[Model], Iterable[Mapping[str, Any]]]
"""The calibration samples for a float model, whose input names are then known."""
