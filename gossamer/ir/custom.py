"""Operators that a user adds: a NumPy function, or a record like any other."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast, overload

import numpy as np

from gossamer.errors import (
    ExecutionError,
    FormatError,
    GraphError,
    InputError,
    UnsupportedError,
)
from gossamer.ir.custom_options import converted
from gossamer.ir.custom_registry import declare_custom
from gossamer.ir.flexbuffers import decode_map, encode
from gossamer.ir.op import CUSTOM_CODE, Op
from gossamer.ir.types import DType, TensorType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from gossamer.ir.custom_registry import Declared
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

Lower: TypeAlias = "Callable[[Node, Target], Sequence[Step] | None]"
Results: TypeAlias = "npt.ArrayLike | tuple[npt.ArrayLike, ...]"
AnyOp = TypeVar("AnyOp", bound=Op)
AnyFunction = TypeVar("AnyFunction", bound="Callable[..., Any]")

RAW = "options"
"""The keyword of a function that wants its options as the file's bytes."""

_TRIALS = (2, 3)
"""Sizes that stand for one that is not known: what follows from it differs."""


class CustomFunction:
    """A NumPy function that is a custom operator; `custom_operator` makes it.

    It can still be called as the function that it is.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        dtypes: Sequence[npt.DTypeLike] = (),
        dynamic: bool = False,
        stored: bool = False,
    ) -> None:
        self.name = name
        self.function = function
        self.dtypes = tuple(DType.of_numpy(dtype) for dtype in dtypes)
        self.dynamic = dynamic
        self.stored = stored
        self.shape_rule: Callable[..., Any] | None = None
        self.lowering: Lower | None = None
        parameters = inspect.signature(function).parameters.values()
        self._keywords = {x.name: x for x in parameters if x.kind is x.KEYWORD_ONLY}
        self._takes_any = any(x.kind is x.VAR_KEYWORD for x in parameters)
        update_wrapper(self, function)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        return self.function(*inputs, **options)

    def __repr__(self) -> str:
        return f"<custom operator {self.name}>"

    def shape(self, rule: AnyFunction) -> AnyFunction:
        """Declare the shape rule: from shapes to the output's shape, or to several.

        The rule is given a tuple for each input, with -1 where a size is not known,
        and the options.
        """
        self.shape_rule = rule
        return rule

    def lower(self, lowering: Lower) -> Lower:
        """Declare the kernel: from a node and a target to steps (see `Op.lower`)."""
        self.lowering = lowering
        return lowering

    def operator(self, **options: Any) -> Op:
        """One use of the operator with these options, to build a model of."""
        return FunctionOp(self, self._checked(options))

    def from_bytes(self, data: bytes) -> Op:
        """The operator with the options of a file.

        Raises:
            FormatError: the bytes are not this operator's options.
        """
        if RAW in self._keywords:
            return FunctionOp(self, {RAW: data}, data)
        if not self._keywords and not self._takes_any:
            return FunctionOp(self, {}, data)
        hints = {name: each.annotation for name, each in self._keywords.items()}
        given = decode_map(data)
        found = converted(self.name, given, hints)
        rest = given if self._takes_any else {}
        try:
            return FunctionOp(self, self._checked(rest | found), data)
        except InputError as error:
            raise FormatError(
                f"{error}; the file has {', '.join(given) or 'none'}"
            ) from None

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        for name, each in self._keywords.items():
            if name not in options and each.default is each.empty:
                raise InputError(f"{self.name} lacks its option '{name}'")
        unknown = [name for name in options if name not in self._keywords]
        if unknown and not self._takes_any:
            raise InputError(f"{self.name} has no option '{unknown[0]}'")
        return options


@dataclass(frozen=True, slots=True)
class FunctionOp(Op):
    """A `CustomFunction` with its options."""

    function: CustomFunction
    arguments: Mapping[str, Any]
    encoded: bytes = field(default=b"", compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def code(self) -> int:
        return CUSTOM_CODE

    @property
    def options(self) -> str | None:
        return None

    def to_bytes(self) -> bytes:
        if self.encoded or not self.arguments:
            return self.encoded
        raw = self.arguments.get(RAW)
        return raw if isinstance(raw, bytes) else encode(dict(self.arguments))

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        rule = self.function.shape_rule
        if rule is None:
            return self._tried(inputs)
        shapes = [None if x is None else x.shape for x in inputs]
        try:
            found = _several(rule(*shapes, **self.arguments))
        except Exception as error:
            raise self._failed("the shape rule failed", error) from error
        dtypes = self.function.dtypes or [_first_type(inputs)] * len(found)
        return tuple(
            TensorType(dtype, shape) for dtype, shape in zip(dtypes, found, strict=True)
        )

    def _tried(self, inputs: Sequence[Tensor | None]) -> tuple[TensorType, ...]:
        """Run on zeros; where sizes are not known, on two, and see what differs."""
        whole = all(x is None or x.type.is_static for x in inputs)
        first, *others = (
            self._results([self._trial(x, size) for x in inputs])
            for size in (_TRIALS[:1] if whole else _TRIALS)
        )
        types: list[TensorType] = []
        for index, array in enumerate(first):
            shapes = [array.shape, *(each[index].shape for each in others)]
            if self.function.dynamic or len({len(shape) for shape in shapes}) > 1:
                shapes = [(-1,) * array.ndim]
            same = (set(sizes) for sizes in zip(*shapes, strict=True))
            shape = tuple(sizes.pop() if len(sizes) == 1 else -1 for sizes in same)
            types.append(TensorType(self._type(index, array, inputs), shape))
        return tuple(types)

    def _type(self, index: int, array: Array, inputs: Sequence[Tensor | None]) -> DType:
        """The element type of an output: real numbers from quantized ones go back."""
        if self.function.dtypes:
            return self.function.dtypes[index]
        quantized = not self.function.stored and _first_quantized(inputs)
        return quantized or DType.of_numpy(array.dtype)

    def _trial(self, tensor: Tensor | None, size: int) -> Array | None:
        """A constant's data, or zeros with `size` for each size that is not known."""
        if tensor is None:
            return None
        real = tensor.is_quantized and not self.function.stored
        if tensor.data is not None and tensor.sparsity is None and not real:
            return tensor.data
        shape = [size if dim < 0 else dim for dim in tensor.shape]
        dtype = np.dtype(np.float32) if real else tensor.dtype.numpy
        return np.full(shape, b"", dtype) if dtype.hasobject else np.zeros(shape, dtype)

    def _results(self, arrays: Sequence[Any]) -> tuple[Array, ...]:
        try:
            return self.reference(*arrays)
        except ExecutionError as error:
            raise GraphError(
                f"{error}. It was run on zeros to learn the shape of what it gives; "
                "state the shape with a rule instead (the operator's `shape`)"
            ) from error

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        arrays = [None if x is None else _sealed(x) for x in inputs]
        try:
            results = self.function.function(*arrays, **self.arguments)
        except Exception as error:
            raise self._failed("it failed", error) from error
        if results is None:
            raise ExecutionError(f"{self.name}: the function gave None, not an array")
        if isinstance(results, (tuple, list)):
            return tuple(map(np.asarray, cast("Sequence[Any]", results)))
        return (np.asarray(results),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        if self.function.stored:
            return self.reference(*inputs)
        return Op.integer(self, node, *inputs)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        lowering = self.function.lowering
        return None if lowering is None else lowering(node, target)

    def _failed(self, what: str, error: Exception) -> ExecutionError:
        kind = type(error).__name__
        return ExecutionError(f"{self.name}: {what} with {kind}: {error}")


class Declaration:
    """What `custom_operator` gives: a decorator for functions and for classes."""

    def __init__(
        self, name: str, dtypes: Sequence[npt.DTypeLike], *, dynamic: bool, stored: bool
    ) -> None:
        self.name = name
        self.dtypes = dtypes
        self.dynamic = dynamic
        self.stored = stored

    @overload
    def __call__(self, meaning: type[AnyOp]) -> type[AnyOp]: ...
    @overload
    def __call__(self, meaning: Callable[..., Results]) -> CustomFunction: ...

    def __call__(self, meaning: Any) -> Any:
        if inspect.isclass(meaning):
            if not issubclass(meaning, Op):
                raise InputError(
                    f"{meaning.__name__} cannot be the operator {self.name}: derive it "
                    "from gossamer.CustomOperator, or decorate a function"
                )
            return declare_custom(self.name, meaning, replace=True)
        made = CustomFunction(
            self.name,
            meaning,
            dtypes=self.dtypes,
            dynamic=self.dynamic,
            stored=self.stored,
        )
        declare_custom(self.name, made, replace=True)
        return made


def custom_operator(
    name: str,
    *,
    dtypes: Sequence[npt.DTypeLike] = (),
    dynamic: bool = False,
    stored: bool = False,
) -> Declaration:
    """Say what the custom operator `name` of `.tflite` files computes.

    Decorate a function of NumPy arrays, one for each input (None for one that is left
    out), that returns an array, or a tuple of them. Its keyword-only parameters are
    options, which are read from the file's FlexBuffer by name; `options: bytes` is
    given the bytes as they are. Or decorate a subclass of `CustomOperator`, which is
    an operator like Gossamer's own, and may have a kernel.

    The shape of the outputs is learned by running the function on zeros, unless it has
    a shape rule. Declaring a name again replaces what was declared.

    Args:
        name: the operator's name in files.
        dtypes: the element types of the outputs, where the function's own, or with a
            shape rule the first input's, are not right.
        dynamic: whether the output's sizes depend on more than the inputs' shapes.
        stored: whether the function takes and gives quantized tensors as the integers
            that are stored; else it is given real numbers.

    Example:
        >>> @gossamer.custom_operator("Swish")
        ... def swish(x, *, beta: float = 1.0):
        ...     return x / (1 + np.exp(-beta * x))
    """
    return Declaration(name, dtypes, dynamic=dynamic, stored=stored)


def declarations(given: Mapping[str, Any]) -> dict[str, Declared]:
    """Operators by name, for functions, classes and what `custom_operator` made.

    Raises:
        InputError: one of them is none of these.
    """
    return {name: _declared(name, meaning) for name, meaning in given.items()}


def named(given: Sequence[Any]) -> dict[str, Any]:
    """What `custom_operator` made, by name.

    Raises:
        UnsupportedError: one of them is something else, such as a C++ registerer.
    """
    found: dict[str, Any] = {}
    for each in given:
        name = _name_of(each)
        if name is None:
            raise UnsupportedError(
                f"{each!r} is no operator: kernels made for TensorFlow Lite cannot be "
                "called from compiled code. Decorate a Python function with "
                "gossamer.custom_operator and give that"
            )
        found[name] = each
    return found


def _name_of(meaning: Any) -> str | None:
    """The name that something was declared with, if it was."""
    if isinstance(meaning, CustomFunction):
        return meaning.name
    is_class = inspect.isclass(meaning) and issubclass(meaning, Op)
    name: object = getattr(cast("object", meaning), "name", None) if is_class else None
    return name if isinstance(name, str) else None


def _declared(name: str, meaning: Any) -> Declared:
    if isinstance(meaning, CustomFunction):
        return meaning
    if inspect.isclass(meaning) and issubclass(meaning, Op):
        return meaning
    if not callable(meaning):
        raise InputError(
            f"the custom operator {name} is given as {meaning!r}; give a function of "
            "NumPy arrays, or what gossamer.custom_operator made"
        )
    return CustomFunction(name, meaning)


def _several(found: Any) -> list[Shape]:
    """Shapes from one shape, or from a list of them."""
    items = list(found)
    if all(isinstance(item, (int, np.integer)) for item in items):
        items = [items]
    return [tuple(int(size) for size in item) for item in items]


def _first_type(inputs: Sequence[Tensor | None]) -> DType:
    return next((x.dtype for x in inputs if x is not None), DType.FLOAT32)


def _first_quantized(inputs: Sequence[Tensor | None]) -> DType | None:
    return next((x.dtype for x in inputs if x is not None and x.is_quantized), None)


def _sealed(array: Any) -> Array:
    """The same memory, which the function cannot change."""
    view: Array = np.asarray(array).view()
    view.flags.writeable = False
    return view
