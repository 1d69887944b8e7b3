"""A library that `gossamer build` made, called from Python: NumPy and nothing else."""

from __future__ import annotations

import ctypes
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import ExecutionError, InputError
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from gossamer.ir.types import Array

_DESCRIBE = "_describe"
_FORMAT = 1
SUFFIXES = (".so", ".dylib", ".dll")
"""By which a library's path is told from a model's."""


class LibraryFunction:
    """A compiled model as a function of arrays; `gossamer.load` makes it.

    It has memory of its own, so that several of one file do not disturb each other.
    Do not call one from two threads at once.

    Attributes:
        interface: what the library tells of itself: names, shapes, types, bytes.
    """

    __slots__ = ("_code", "_inputs", "_invoke", "_memory", "_outputs", "interface")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Load the library at a path.

        Raises:
            InputError: it cannot be loaded here, or `gossamer build` did not make it.
        """
        where = os.fspath(path)
        try:
            self._code = ctypes.CDLL(os.path.abspath(where))
        except OSError as error:
            raise InputError(
                f"'{where}' cannot be loaded on this computer: {error}"
            ) from None
        name = self._name(where)
        self.interface: dict[str, Any] = _described(self._code, name, where)
        self._memory = _aligned(
            self.interface["memory_bytes"], self.interface["alignment"]
        )
        self._invoke = self._function("invoke", ctypes.c_int, ctypes.c_void_p)
        self.reset()
        self._inputs = self._views("input")
        self._outputs = self._views("output")

    def _name(self, where: str) -> str:
        """The library's name, which is in its file's."""
        stem = os.path.basename(where).partition(".")[0].removeprefix("lib")
        if not hasattr(self._code, stem + _DESCRIBE):
            raise InputError(
                f"'{where}' has no function '{stem}{_DESCRIBE}'. Load a library that "
                "`gossamer build` made, under the name that it was given"
            )
        return stem

    def _function(self, word: str, result: Any, *arguments: Any) -> Any:
        function = getattr(self._code, f"{self.interface['name']}_{word}")
        function.restype, function.argtypes = result, arguments
        return function

    def _views(self, word: str) -> list[Array]:
        find = self._function(word, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
        return [
            _view(find(self._memory.ctypes.data, index), port)
            for index, port in enumerate(self.interface[f"{word}s"])
        ]

    def reset(self) -> None:
        """Forget what the network has seen: variables are as at the start."""
        begin = self._function("init", ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
        if begin(self._memory.ctypes.data, self._memory.nbytes):
            raise ExecutionError("the library refuses its own memory")

    def __call__(self, *inputs: Any) -> Any:
        """Run the model once.

        Args:
            inputs: an array for each input, of the shape and type that the library was
                compiled for. Floats of another width are converted.

        Returns:
            The output, a new array; a tuple of them where there are several.

        Raises:
            InputError: the number of inputs, a shape or a type does not fit.
            ExecutionError: an operator refused its data.
        """
        ports = self.interface["inputs"]
        if len(inputs) != len(ports):
            raise InputError(
                f"the library takes {len(ports)} arrays, and was given {len(inputs)}"
            )
        for view, port, value in zip(self._inputs, ports, inputs, strict=True):
            _set(view, port["name"], np.asarray(value))
        code = self._invoke(self._memory.ctypes.data)
        if code:
            errors = self.interface["errors"]
            reason = (
                errors[code - 2] if 2 <= code < len(errors) + 2 else f"error {code}"
            )
            raise ExecutionError(f"{self.interface['name']}: {reason}")
        results = tuple(view.copy() for view in self._outputs)
        return results[0] if len(results) == 1 else results

    def __repr__(self) -> str:
        return f"<library '{self.interface['name']}' for {self.interface['target']}>"


def _described(code: ctypes.CDLL, name: str, where: str) -> dict[str, Any]:
    describe = getattr(code, name + _DESCRIBE)
    describe.restype = ctypes.c_char_p
    found: dict[str, Any] = json.loads(describe())
    if found.get("format") != _FORMAT:
        raise InputError(
            f"'{where}' was made by another version of Gossamer; build it again"
        )
    return found


def _aligned(nbytes: int, alignment: int) -> Array:
    memory = np.zeros(nbytes + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start : start + nbytes]


def _view(address: int, port: dict[str, Any]) -> Array:
    """The memory of an input or output as an array."""
    dtype = DType[port["dtype"].upper()].numpy
    shape = tuple(port["shape"])
    nbytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory: Any = (ctypes.c_uint8 * nbytes).from_address(address)
    return np.frombuffer(memory, dtype).reshape(shape)


def _set(view: Array, name: str, value: Array) -> None:
    if value.shape != view.shape:
        raise InputError(
            f"'{name}' was given an array of shape {list(value.shape)}; the library "
            f"was compiled for {list(view.shape)}"
        )
    if value.dtype != view.dtype and not value.dtype.kind == view.dtype.kind == "f":
        raise InputError(f"'{name}' was given {value.dtype}; it takes {view.dtype}")
    view[...] = value
