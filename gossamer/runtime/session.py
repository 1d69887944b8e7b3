"""One subgraph in use: the shapes of its inputs, its executable, its memory."""

from __future__ import annotations

import itertools
import operator
import weakref
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.errors import ExecutionError, InputError
from gossamer.ir.transient import names_of
from gossamer.runtime import details, executable, mistakes
from gossamer.runtime.evaluate import UNFIT

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.runtime.options import Options
    from gossamer.runtime.source import Source
    from gossamer.runtime.state import State

Slot: TypeAlias = "tuple[Array, np.dtype[Any], Shape]"
"""Memory that can be set, with its type and shape at hand for the check."""

LARGEST_DIMENSION = 2**31 - 1
LARGEST_SIZE = 2**63 - 1


class Session:
    """A subgraph with memory: resize, allocate, set, run, read.

    `slots` and `readable` map a tensor's index to its memory where that stays the
    same from run to run; they are emptied and filled in place, so that whoever
    holds them sees the present state. `compute` is the native call itself; `run` is the
    same, or refuses a second thread where one can come in.
    """

    __slots__ = (
        "_constants",
        "_ends",
        "_executable",
        "_options",
        "_positions",
        "_requested",
        "_source",
        "_state",
        "_views",
        "compute",
        "index",
        "lock",
        "readable",
        "run",
        "slots",
        "subgraph",
        "tensors",
    )

    def __init__(
        self,
        source: Source,
        index: int,
        options: Options,
        lock: threading.Lock,
        state: State,
    ) -> None:
        self.subgraph: Subgraph = source.outline.model.subgraphs[index]
        self.index = index
        self.tensors: tuple[Tensor, ...] = self.subgraph.tensors
        self.lock = lock
        self.slots: dict[int, Slot] = {}
        self.readable: dict[int, Array] = {}
        self.run: Callable[[], None] = not_ready
        self.compute: Callable[[], None] = not_ready
        self._source = source
        self._constants = source.outline.constants[index]
        self._options = options
        self._state = state
        self._positions = {tensor: i for i, tensor in enumerate(self.tensors)}
        self._requested = {tensor: tensor.shape for tensor in self.subgraph.inputs}
        self._ends = frozenset(self.subgraph.outputs)
        self._executable: executable.Executable | None = None
        self._views: weakref.WeakValueDictionary[int, Array]
        self._views = weakref.WeakValueDictionary()
        self.release()

    @property
    def allocated(self) -> bool:
        return self._executable is not None

    def position(self, tensor: Tensor) -> int:
        """The index of a tensor in its subgraph."""
        return self._positions[tensor]

    def tensor(self, index: Any) -> Tensor:
        """The tensor at an index that a caller gave."""
        try:
            place = operator.index(index)
        except TypeError:
            raise TypeError(
                f"a tensor index must be an integer, not {type(index).__name__} "
                f"({index!r}); take the 'index' that get_input_details() gives"
            ) from None
        if not 0 <= place < len(self.tensors):
            raise mistakes.no_such_tensor(index, len(self.tensors))
        return self.tensors[place]

    def release(self) -> None:
        """Give the memory back; constants stay readable."""
        self._executable = None
        self.run = self.compute = not_ready
        self.slots.clear()
        self.readable.clear()
        for index, tensor in enumerate(self.tensors):
            if tensor.data is not None:
                self.readable[index] = tensor.data

    def close(self) -> None:
        """Give all memory back, for good."""
        if self.lock.locked():
            raise ExecutionError(mistakes.BUSY)
        self.release()
        self.readable.clear()
        self.run = self.compute = closed

    def allocate(self) -> None:
        """Prepare the subgraph for the present input shapes, if that is not done.

        Raises:
            ExecutionError: a view is alive, or the shapes do not suit the model.
            UnsupportedError: there is no kernel for an operator.
        """
        self.require_free("allocate_tensors()")
        if self._executable is not None:
            return
        if self.run is closed:
            closed()
        try:
            prepared = executable.prepare(
                self._source,
                self.index,
                self._requested,
                self._state,
                self._options,
            )
        except UNFIT as error:
            raise ExecutionError(self._cannot_allocate(error)) from error
        self._install(prepared)

    def _install(self, prepared: executable.Executable) -> None:
        settable = {x for x in self.tensors if x.is_variable}
        settable.update(self.subgraph.inputs)
        for index, tensor in enumerate(self.tensors):
            if index in self._constants or tensor in prepared.moving:
                continue
            view = prepared.view(tensor) if self._keeps(tensor) else None
            if view is None:
                continue
            self.readable[index] = view
            if tensor in settable:
                self.slots[index] = (view, view.dtype, view.shape)
        self.reset_variables()
        self._executable = prepared
        states = self._transient()
        self.compute = self.run = clearing(prepared.invoke, states)
        if states or not prepared.is_brief:
            self.run = guarded(self.compute, self.lock)

    def _transient(self) -> list[tuple[Array, int]]:
        """The memory of variables that each run begins without, and what blanks it."""
        names = names_of(self._source.outline.model.metadata)
        return [
            (view, self.tensors[index].blank)
            for index, (view, _, _) in self.slots.items()
            if self.tensors[index].is_variable and self.tensors[index].name in names
        ]

    def _keeps(self, tensor: Tensor) -> bool:
        """Whether a tensor's value outlives the run: the memory of others is reused."""
        return (
            self._options.keep_all
            or tensor.is_variable
            or tensor in self._requested
            or tensor in self._ends
        )

    def _cannot_allocate(self, error: Exception) -> str:
        shapes = ", ".join(
            f"'{tensor.name}' {list(shape)}"
            for tensor, shape in self._requested.items()
        )
        reason = str(error).rstrip(".") or "there is not enough memory"
        return (
            f"{reason}. The inputs have the shapes {shapes}; call "
            "resize_tensor_input() with shapes that the model can take"
        )

    def require_free(self, call: str) -> None:
        """Refuse to move memory that an array of a caller's still shows."""
        if self.lock.locked():
            raise ExecutionError(mistakes.BUSY)
        if self._views:
            raise ExecutionError(mistakes.VIEW_ALIVE.format(call=call))

    def resize(self, index: int, sizes: Sequence[int], *, strict: bool) -> None:
        """Ask for another shape of an input; `allocate` makes it so.

        Raises:
            ExecutionError: not an input, a size that cannot be, or a strict resize
                of a fixed dimension.
        """
        self.require_free("resize_tensor_input()")
        if not 0 <= index < len(self.tensors):
            raise mistakes.resize_of_no_input(index, len(self.tensors))
        tensor = self.tensors[index]
        if tensor not in self._requested:
            raise mistakes.resize_of_no_input(index, len(self.tensors))
        shape = tuple(int(size) for size in sizes)
        self._check_sizes(tensor, index, shape)
        if strict:
            self._check_strict(tensor, index, shape)
        if shape != self._requested[tensor]:
            self._requested[tensor] = shape
            self.release()

    def _check_sizes(self, tensor: Tensor, index: int, shape: Shape) -> None:
        size = tensor.dtype.numpy.itemsize
        for dimension in shape:
            size *= dimension
            if not 0 <= dimension <= LARGEST_DIMENSION or size > LARGEST_SIZE:
                raise mistakes.bad_size(tensor, index, shape)

    def _check_strict(self, tensor: Tensor, index: int, shape: Shape) -> None:
        signature = tensor.signature or self._requested[tensor]
        fits = len(shape) == len(signature) and all(
            want in (-1, got) for got, want in zip(shape, signature, strict=True)
        )
        if not fits:
            raise mistakes.strict_resize(tensor, index, shape, signature)

    def set(self, index: Any, value: Any) -> None:
        """Copy a value into an input or a variable.

        Raises:
            InputError: the index, type, rank or size does not fit.
        """
        tensor = self.tensor(index)
        array = _as_array(value)
        if tensor not in self._requested and not tensor.is_variable:
            constant = index in self._constants
            raise mistakes.not_settable(tensor, index, constant=constant)
        dtype, shape = tensor.dtype.numpy, self.shape(tensor)
        if array.dtype != dtype and not _is_text(array, dtype):
            raise mistakes.wrong_type(tensor, index, array)
        if array.shape != shape:
            raise mistakes.wrong_shape(tensor, index, array.shape, shape)
        slot = self.slots.get(index)
        if slot is None:
            raise mistakes.unallocated_set(tensor, index)
        view = slot[0]
        view[...] = _encoded(array) if view.dtype.hasobject else array

    def memory(self, index: Any) -> Array:
        """The live array of a tensor's value.

        Raises:
            InputError: there is no such tensor, or it has no memory now.
        """
        tensor = self.tensor(index)
        view = self.readable.get(index)
        if view is None and index in self._constants:
            view = self._source.constant(self.index, int(index))
        elif view is None and self._executable is not None and self._keeps(tensor):
            view = self._executable.view(tensor)
        if view is None:
            raise mistakes.no_data(tensor, index, allocated=self.allocated)
        return view

    def lend(self, index: Any) -> Array:
        """A fresh view of a tensor's memory, which pins it while it is alive."""
        array = self.memory(index)
        if array.dtype.hasobject:
            return array.copy()
        root = np.asarray(array.reshape(-1).view(np.uint8).data)
        if index in self._constants:
            root.flags.writeable = False
        self._views[next(_tickets)] = root
        # NumPy gives every slice the base `root`, whose base is not an array.
        return root.view(array.dtype).reshape(array.shape)

    def shape(self, tensor: Tensor) -> Shape:
        """The shape of a tensor now; the file's where only running can tell."""
        if self._executable is None:
            return self._requested.get(tensor, tensor.shape)
        shape = self._executable.shape(tensor)
        return tensor.shape if min(shape, default=0) < 0 else shape

    def details(self, index: Any) -> dict[str, Any]:
        """What `gossamer.runtime.details.tensor_details` says of one tensor."""
        tensor = self.tensor(index)
        return details.tensor_details(tensor, int(index), self.shape(tensor))

    def reset_variables(self) -> None:
        """Set each variable to zero, or to what stands for zero in int8."""
        for index, (view, _, _) in self.slots.items():
            tensor = self.tensors[index]
            if tensor.is_variable:
                view[...] = b"" if view.dtype.hasobject else tensor.blank


_tickets = itertools.count()


def clearing(
    compute: Callable[[], None], states: Sequence[tuple[Array, int]]
) -> Callable[[], None]:
    """`compute`, with states blank before it; the very function if there are none."""
    if not states:
        return compute

    def run() -> None:
        for view, value in states:
            view.fill(value)
        compute()

    return run


def guarded(compute: Callable[[], None], lock: threading.Lock) -> Callable[[], None]:
    """`compute`, for one thread at a time."""

    def run() -> None:
        if not lock.acquire(False):
            raise ExecutionError(mistakes.BUSY)
        try:
            compute()
        finally:
            lock.release()

    return run


def not_ready() -> None:
    """What runs before there is something to run."""
    raise ExecutionError(mistakes.NOT_READY)


def closed() -> None:
    """What runs after the end."""
    raise ExecutionError(mistakes.CLOSED)


def _as_array(value: Any) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(
            f"Cannot set tensor: the value is not a regular array: {error}. Give a "
            "numpy.ndarray"
        ) from error
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder())


def _is_text(array: Array, dtype: np.dtype[Any]) -> bool:
    """Whether strings are set where strings are held (as `bytes` objects)."""
    return dtype.hasobject and array.dtype.kind in "SU"


def _encoded(texts: Array) -> Array:
    """Strings as `bytes` objects in UTF-8."""
    encoded = np.empty(texts.shape, np.object_)
    for place, text in np.ndenumerate(texts):
        encoded[place] = text.encode() if isinstance(text, str) else bytes(text)
    return encoded
