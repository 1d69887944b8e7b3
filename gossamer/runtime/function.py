"""A model as a function of arrays: the short road to running a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import InputError
from gossamer.runtime.interpreter import Interpreter
from gossamer.runtime.library import SUFFIXES, LibraryFunction

if TYPE_CHECKING:
    from gossamer.ir.types import Array


def load(
    model: str | os.PathLike[str] | bytes | bytearray | memoryview,
    num_threads: int | None = None,
) -> Function | LibraryFunction:
    """Make a function of a `.tflite` file, or of a library that `build` made.

    Args:
        model: the path of a file, or a model's bytes.
        num_threads: threads that a call may use, 1 if None. A library uses one.

    Raises:
        InputError: no such file.
        FormatError: the bytes are not a valid model.
        UnsupportedError: there is no kernel for one of the model's operators.

    Example:
        >>> scores = gossamer.load("digits.tflite")(image)  # float32 [1, 10]
    """
    if isinstance(model, (str, os.PathLike)):
        if os.fspath(model).endswith(SUFFIXES):
            return LibraryFunction(model)
        return Function(Interpreter(model_path=model, num_threads=num_threads))
    return Function(Interpreter(model_content=model, num_threads=num_threads))


class Function:
    """A loaded model; `load` makes it.

    Attributes:
        interpreter: what runs the model, for everything but calling it.
    """

    __slots__ = ("_inputs", "_outputs", "_shapes", "interpreter")

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self._inputs = interpreter.get_input_details()
        self._outputs = [each["index"] for each in interpreter.get_output_details()]
        self._shapes = [tuple(each["shape"]) for each in self._inputs]
        interpreter.allocate_tensors()

    def __call__(self, *inputs: Any) -> Any:
        """Run the model once.

        Args:
            inputs: an array for each input, in the file's order, of any shape that
                the model can take. Floats of another width are converted.

        Returns:
            The output, a new array; a tuple of them where there are several.

        Raises:
            InputError: the number of inputs or a value's type does not fit.
            ExecutionError: the model cannot take the shapes, or is in use.
        """
        arrays = self._arrays(inputs)
        self._fit([array.shape for array in arrays])
        for detail, array in zip(self._inputs, arrays, strict=True):
            self.interpreter.set_tensor(detail["index"], array)
        self.interpreter.invoke()
        results = tuple(self.interpreter.get_tensor(index) for index in self._outputs)
        return results[0] if len(results) == 1 else results

    def _arrays(self, inputs: tuple[Any, ...]) -> list[Array]:
        if len(inputs) != len(self._inputs):
            names = ", ".join(f"'{each['name']}'" for each in self._inputs)
            raise InputError(
                f"the model was called with {len(inputs)} arrays; it takes "
                f"{len(self._inputs)}: {names}"
            )
        return [
            _of_width(np.asarray(value), detail["dtype"])
            for value, detail in zip(inputs, self._inputs, strict=True)
        ]

    def _fit(self, shapes: list[tuple[int, ...]]) -> None:
        """Resize the inputs where the shapes are others than before."""
        if shapes == self._shapes:
            return
        for detail, shape in zip(self._inputs, shapes, strict=True):
            self.interpreter.resize_tensor_input(detail["index"], shape)
        self._shapes = []  # until it is known that the model takes them
        self.interpreter.allocate_tensors()
        self._shapes = shapes

    def __repr__(self) -> str:
        return f"<Function of {self.interpreter!r}>"


def _of_width(array: Array, dtype: Any) -> Array:
    """Floats in the width that the model takes; everything else as it is."""
    wanted = np.dtype(dtype)
    return array.astype(wanted) if array.dtype.kind == wanted.kind == "f" else array
