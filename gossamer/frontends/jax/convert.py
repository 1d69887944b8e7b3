"""A JAX function as a `Model`: trace, apply a rule to each step, name the ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gossamer.errors import ConversionError, GraphError, UnsupportedError
from gossamer.frontends.emitter import Emitter, Store
from gossamer.frontends.jax import entry, framework
from gossamer.frontends.jax.call import Call
from gossamer.frontends.jax.recognize import live
from gossamer.frontends.jax.registry import rule_of
from gossamer.frontends.jax.sizes import Sizes
from gossamer.frontends.jax.steps import Known, Step, Value, flat, known, sizes
from gossamer.frontends.report import Issue, Unsupported, raise_for
from gossamer.ir.build import Builder, split_signature
from gossamer.ir.graph import Model, Signature, Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.ops.reshape import Reshape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.frontends.jax.steps import Operand

REMEDY = (
    "Compose it of functions of jax.numpy, jax.lax and jax.nn that are supported, or "
    "convert the function up to this line and compute the rest outside of it."
)


def from_jax(
    function: Callable[..., Any],
    *inputs: Any,
    weights: Any = None,
    free_axis: int | None = None,
    input_names: Sequence[str] | None = None,
    name: str = "serving_default",
) -> Model:
    """Convert a Python function of JAX arrays to the operators of `.tflite`.

    Args:
        function: a function of arrays, or of pytrees of arrays, made of `jax.numpy`,
            `jax.lax` and `jax.nn`. Arrays that it closes over become weights.
        inputs: an example of each argument: an array, a `jax.ShapeDtypeStruct`, or a
            pytree of these; only shape and type count. A size may be a symbol of
            `jax.export.symbolic_shape`, and is then free in the model.
        weights: a pytree of arrays that the function takes before `inputs`, such as
            the parameters of a network. They become constants, with their keys for
            names.
        free_axis: an axis of every input, such as 0 for the batch, whose size is free.
        input_names: names for the arguments, where the function's own will not do.
        name: the key of the signature.

    Returns:
        The float model; `gossamer.convert` takes it as it takes a Keras model.

    Raises:
        ConversionError: the function cannot be traced, or parts of it have no
            conversion; every such part is named with its line.

    Example:
        >>> def dense(x):
        ...     return jax.nn.relu(x @ kernel + bias)
        >>> data = gossamer.convert(gossamer.from_jax(dense, np.zeros((1, 4), "f4")))
    """
    traced = entry.traced(function, inputs, weights, free_axis, input_names)
    conversion = Conversion(names=traced.weights)
    operands = [*(known(array) for array in traced.constants), *traced.inputs]
    tensors = conversion.declare(traced.input_names, traced.inputs)
    outputs = conversion.graph(traced.jaxpr, operands, traced.name.strip("<>_"))
    raise_for(traced.name, conversion.issues, "JAX function")
    main = conversion.builder.finish(outputs)
    ends = Signature(
        name,
        dict(zip(traced.input_names, tensors, strict=True)),
        dict(zip(traced.output_names, outputs, strict=True)),
    )
    subgraphs = (main, *conversion.store.subgraphs)
    return Model(subgraphs, (ends,), description="Gossamer converted.")


@dataclass(slots=True)
class Conversion:
    """The walk through the steps; it goes on after a failure to find the others."""

    builder: Builder = field(default_factory=Builder)
    store: Store = field(default_factory=Store)
    issues: list[Issue] = field(default_factory=list[Issue])
    names: Mapping[int, str] = field(default_factory=dict[int, str])
    tensors: dict[Value, Tensor] = field(default_factory=dict[Value, Tensor])
    taken: set[Tensor] = field(default_factory=set[Tensor])
    symbols: Sizes = field(init=False)

    def __post_init__(self) -> None:
        self.symbols = Sizes(Emitter("sizes", self.builder, self.store))

    def declare(self, names: Sequence[str], values: Sequence[Value]) -> list[Tensor]:
        """Make the inputs of the graph."""
        for name, value in zip(names, values, strict=True):
            kind = TensorType(_input_dtype(name, value), sizes(value))
            self.tensors[value] = self.builder.input(name, kind)
            self.symbols.learn(self.tensors[value], value.shape)
            self.taken.add(self.tensors[value])
        return [self.tensors[value] for value in values]

    def graph(self, jaxpr: Any, operands: Sequence[Operand], path: str) -> list[Tensor]:
        """Convert a jaxpr; each of its outputs is a tensor of its own."""
        return [
            self._own(index, y, tensor)
            for index, (y, tensor) in enumerate(self._converted(jaxpr, operands, path))
        ]

    def outputs(
        self, jaxpr: Any, operands: Sequence[Operand], path: str
    ) -> list[Tensor]:
        """Convert a jaxpr; its outputs may be its inputs, or the same tensor twice."""
        return [tensor for _, tensor in self._converted(jaxpr, operands, path)]

    def _converted(
        self, jaxpr: Any, operands: Sequence[Operand], path: str
    ) -> list[tuple[Operand, Tensor]]:
        steps, results = flat(jaxpr, operands, path)
        for step in live(steps, results):
            self._step(step)
        return [(y, self._end(index, y).wide(0)) for index, y in enumerate(results)]

    def tensor(self, value: Value) -> Tensor:
        return self.tensors[value]

    def size(self, dim: Any) -> Tensor:
        return self.symbols.tensor(dim)

    def place(self, dim: Any) -> int | tuple[Tensor, int]:
        return int(dim) if framework.is_size(dim) else self.symbols.place(dim)

    def name_of(self, array: Any) -> str | None:
        return self.names.get(id(array))

    def inline(
        self, place: Emitter, jaxpr: Any, operands: Sequence[Tensor | Known]
    ) -> list[Tensor]:
        inner = Conversion(place.builder, self.store, self.issues, self.names)
        inner.symbols.places.update(self.symbols.places)
        given: list[Operand] = []
        variables = framework.opened(jaxpr)[0].invars
        for variable, operand in zip(variables, operands, strict=True):
            if isinstance(operand, Known):
                given.append(operand)
                continue
            value = Value(tuple(variable.aval.shape), variable.aval.dtype)
            inner.tensors[value] = operand
            given.append(value)
        return inner.outputs(jaxpr, given, place.path)

    def _end(self, index: int, operand: Operand) -> Call:
        end = Step(None, {}, (operand,), (), "", None)
        return Call(f"output_{index}", self.builder, self.store, end, self)

    def _own(self, index: int, operand: Operand, tensor: Tensor) -> Tensor:
        """The tensor, or a copy where it is an input or an output already."""
        if tensor not in self.taken:
            self.taken.add(tensor)
            return tensor
        call = self._end(index, operand)
        shape = call.sizes(operand.shape)
        return call.emit_as(sizes(operand), Reshape(), tensor, shape)

    def _step(self, step: Step) -> None:
        call = Call(step.path, self.builder, self.store, step, self)
        try:
            results = self._apply(call)
        except Unsupported as problem:
            self._note(step, problem.reason, problem.remedy)
        except (GraphError, UnsupportedError) as problem:
            self._note(step, str(problem), REMEDY)
        else:
            self.tensors.update(zip(step.results, results, strict=True))
            return
        for result in step.results:
            self.tensors[result] = _stand_in(result)

    def _apply(self, call: Call) -> Sequence[Tensor]:
        rule = rule_of(call.step.name)
        if rule is None:
            raise Unsupported("this primitive of JAX has no conversion rule", REMEDY)
        results = rule(call)
        return [results] if isinstance(results, Tensor) else results

    def _note(self, step: Step, reason: str, remedy: str) -> None:
        shapes = ", ".join(_shown(x) for x in step.operands) or "no array"
        where = framework.source_of(step.equation)
        self.issues.append(Issue(where, step.name, shapes, reason, remedy))


def _input_dtype(name: str, value: Value) -> DType:
    try:
        return framework.dtype_of(value.dtype)
    except Unsupported as problem:
        raise ConversionError(
            f"The input '{name}' is {_shown(value)}: {problem.reason}. {problem.remedy}"
        ) from problem


def _stand_in(value: Value) -> Tensor:
    """A tensor for what could not be converted, so that the walk can go on."""
    shape, signature = split_signature(sizes(value))
    try:
        dtype = framework.dtype_of(value.dtype)
    except Unsupported:
        dtype = DType.INT32
    kind = TensorType(dtype, shape)
    return Tensor("missing", kind, signature=signature)


def _shown(operand: Operand) -> str:
    shape = "x".join(str(dim) for dim in operand.shape)
    return f"{operand.dtype}[{shape}]"
