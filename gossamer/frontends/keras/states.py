"""Variables that a model assigns when it is called, such as a decoder's cache.

Keras records no call that reads or assigns a variable. While a call is traced here,
such a variable stands for a Keras tensor, the value that it has at that moment: an
operation that is given the variable is given that tensor, and an assignment changes
which tensor it is. Which variables these are shows when they are first assigned; what
was traced before then is to be traced again.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.keras.trace import enter, is_symbolic, map_structure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping


@dataclass(slots=True)
class Traced:
    """What one traced call did to variables.

    Attributes:
        start: the Keras tensors that variables are as it begins, by identity.
        current: those that they are now.
        used: the variables that the call has read.
    """

    start: dict[int, Any]
    current: dict[int, Any]
    used: dict[int, None] = field(default_factory=dict[int, None])

    @property
    def written(self) -> list[int]:
        """The variables that the call has assigned."""
        return [key for key, y in self.current.items() if y is not self.start[key]]

    def read(self, variable: Any) -> Any:
        """The tensor that a variable is now."""
        tensor = self.current[id(variable)]
        if tensor is self.start[id(variable)]:
            self.used[id(variable)] = None
        return tensor


@dataclass(slots=True)
class States:
    """The variables that are assigned, found as calls are traced.

    `last` is what the call did that was traced last.
    """

    variables: dict[int, Any] = field(default_factory=dict[int, Any])
    last: Traced = field(default_factory=lambda: Traced({}, {}))
    traced: Traced | None = None

    def enter(self, layer: Any, arguments: Mapping[str, Any]) -> Any:
        """What the layer's own call returns; see `trace.enter`."""
        try:
            with self._tracing() as self.last:
                return map_structure(self._current, enter(layer, arguments))
        except Exception:
            self._find(layer, arguments)
            raise

    def _find(self, layer: Any, arguments: Mapping[str, Any]) -> None:
        """Notice what a call assigns that could not be traced."""
        backend: Any = importlib.import_module("keras.src.backend")
        with self._patched(), contextlib.suppress(Exception):
            backend.compute_output_spec(layer.call, **arguments)

    @contextlib.contextmanager
    def _tracing(self) -> Generator[Traced]:
        """Let variables stand for Keras tensors in what is called within."""
        start = {key: _symbol(variable) for key, variable in self.variables.items()}
        self.traced = Traced(start, dict(start))
        with contextlib.ExitStack() as stack:
            for variable in list(self.variables.values()):
                stack.enter_context(self._symbolic(variable))
            stack.enter_context(self._patched())
            try:
                yield self.traced
            finally:
                self.traced = None

    @contextlib.contextmanager
    def _symbolic(self, variable: Any) -> Generator[None]:
        """Make a variable a Keras tensor to all that asks for its class."""
        kind = variable.__class__
        variable.__class__ = _symbolic_class(kind, self._current)
        try:
            yield
        finally:
            variable.__class__ = kind

    @contextlib.contextmanager
    def _patched(self) -> Generator[None]:
        """Have calls read variables through their tensors, and notice assignments."""
        owner = _owner(keras().Variable, "assign")
        with contextlib.ExitStack() as stack:
            for kind, name, wrap in (
                (keras().Operation, "symbolic_call", self._given),
                (keras().layers.Layer, "__call__", self._given),
                (owner, "assign", self._assigning),
            ):
                stack.enter_context(_replaced(kind, name, wrap))
            yield

    def _given(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """A call that is given tensors, and in which variables are themselves again.

        Keras infers its shapes by calling it with values of the back end.
        """

        @functools.wraps(method)
        def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
            args, kwargs = map_structure(self._current, (args, kwargs))
            with contextlib.ExitStack() as stack:
                for variable in list(self.variables.values()):
                    if is_symbolic(variable):
                        stack.enter_context(_plain(variable))
                return method(operation, *args, **kwargs)

        return call

    def _current(self, leaf: Any) -> Any:
        is_state = self.traced is not None and id(leaf) in self.variables
        return self.traced.read(leaf) if is_state and self.traced else leaf

    def _assigning(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """An assignment, noted in what is traced."""

        @functools.wraps(method)
        def assign(variable: Any, value: Any) -> Any:
            self._notice(variable)
            if self.traced is None or _in_inference():
                return method(variable, value)
            return self._assign(self.traced, variable, value)

        return assign

    def _notice(self, variable: Any) -> None:
        key = id(variable)
        if key in self.variables:
            return
        self.variables[key] = variable
        if self.traced is not None:
            symbol = _symbol(variable)
            self.traced.start[key] = self.traced.current[key] = symbol

    def _assign(self, traced: Traced, variable: Any, value: Any) -> Any:
        new = self._current(value)
        if not is_symbolic(new):
            new = to_numpy(new).astype(str(variable.dtype))
        elif str(new.dtype) != str(variable.dtype):
            new = keras().ops.cast(new, variable.dtype)
        traced.current[id(variable)] = new
        return new


def _symbol(variable: Any) -> Any:
    return keras().KerasTensor(tuple(variable.shape), dtype=str(variable.dtype))


def _symbolic_class(kind: Any, current: Callable[[Any], Any]) -> Any:
    """The class of variables that are Keras tensors too, and `current` when read."""
    own = {"original": kind, "value": property(current), "_sparse": False}
    return type("StateVariable", (keras().KerasTensor, kind), {**own, "_ragged": False})


@contextlib.contextmanager
def _replaced(kind: Any, name: str, wrap: Callable[[Any], Any]) -> Generator[None]:
    """A class with what `wrap` makes of one of its methods."""
    method: Any = getattr(kind, name)
    setattr(kind, name, wrap(method))
    try:
        yield
    finally:
        setattr(kind, name, method)


@contextlib.contextmanager
def _plain(variable: Any) -> Generator[None]:
    kind = variable.__class__
    variable.__class__ = kind.original
    try:
        yield
    finally:
        variable.__class__ = kind


def _owner(kind: Any, name: str) -> Any:
    """The class that has the method."""
    return next(one for one in kind.__mro__ if name in vars(one))


def _in_inference() -> bool:
    """Whether Keras calls a layer only to find the shapes of what it returns."""
    backend: Any = importlib.import_module("keras.src.backend")
    return bool(backend.in_stateless_scope())
