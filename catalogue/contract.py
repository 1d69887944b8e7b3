"""Compare what files of the examples answer with what Keras does.

    python -m catalogue.contract [STEP]     # every example, or every STEP-th

Many examples are one model, which is converted and compiled once. Ends with an error
that names what differs.
"""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "numpy"

import sys
import warnings
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from catalogue import layers, operations
from gossamer import Interpreter, api
from gossamer.errors import ConversionError
from gossamer.flatbuffer.read import read
from gossamer.frontends.keras import trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalogue.example import Example
    from gossamer.ir.types import Array

SIZE = 40
"""Examples in one model."""


def differences(step: int = 1) -> list[str]:
    """What is wrong in every `step`-th example, a line each."""
    of_layers = list(layers.EXAMPLES.items())[::step]
    of_functions = list(operations.EXAMPLES.items())[::step]
    found: list[str] = []
    for examples, are_layers in ((of_layers, True), (of_functions, False)):
        for first in range(0, len(examples), SIZE):
            found += _compared(examples[first : first + SIZE], are_layers=are_layers)
    return found


def _compared(
    examples: Sequence[tuple[str, Example]], *, are_layers: bool
) -> Iterator[str]:
    symbols: list[Any] = []
    arrays: list[Array] = []
    outputs: dict[str, Any] = {}
    expected: dict[str, Array] = {}
    limits: dict[str, float] = {}
    for name, example in examples:
        given, values = example.symbols(), example.arrays()
        made = _flat(name, example.apply(*given))
        if not example.is_certain or not _converts(given, made):
            continue
        if are_layers:
            answer = keras.Model(given, made)(values, training=False)
        else:
            answer = _flat(
                name, example.apply(*map(keras.ops.convert_to_tensor, values))
            )
        symbols += given
        arrays += values
        outputs.update(made)
        expected.update({key: np.asarray(y) for key, y in answer.items()})
        limits.update(dict.fromkeys(made, example.tolerance))
    answers = _run(api.convert(keras.Model(symbols, outputs)), arrays)
    for name, wanted in expected.items():
        text = _difference(answers[name], wanted, limits[name])
        if text:
            yield f"{name}: {text}"


def _flat(name: str, results: Any) -> dict[str, Any]:
    """Results by name; of several, each has a number."""
    flat = trace.flatten(results)
    if len(flat) == 1:
        return {name: flat[0]}
    return {f"{name}/{index}": y for index, y in enumerate(flat)}


def _converts(symbols: list[Any], outputs: dict[str, Any]) -> bool:
    """Whether it depends on its inputs, and is not refused."""
    if not all(map(trace.is_symbolic, outputs.values())):
        return False
    try:
        api.convert(keras.Model(symbols, outputs))
    except ConversionError:
        return False
    return True


def _run(data: bytes, arrays: Sequence[Array]) -> dict[str, Array]:
    interpreter = Interpreter(model_content=data)
    for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
        interpreter.resize_tensor_input(detail["index"], array.shape)
    interpreter.allocate_tensors()
    names = list(read(data).signatures[0].inputs)
    runner = interpreter.get_signature_runner()
    return runner(**dict(zip(names, arrays, strict=True)))


def _difference(found: Array, expected: Array, tolerance: float) -> str:
    if found.shape != expected.shape:
        return f"shape {found.shape}, and Keras gives {expected.shape}"
    one, other = (array.astype(np.float64) for array in (found, expected))
    finite = other[np.isfinite(other)]
    limit = tolerance * max(1.0, float(np.ptp(finite)) if finite.size else 0.0)
    wrong = ~np.isclose(one, other, rtol=0, atol=limit, equal_nan=True)
    if not wrong.any():
        return ""
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    return (
        f"{wrong.sum()} of {wrong.size} differ; at {place} {found[place]!r}, and Keras "
        f"gives {expected[place]!r}"
    )


def main() -> None:
    """Compare, and say what differs."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = differences(step)
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
