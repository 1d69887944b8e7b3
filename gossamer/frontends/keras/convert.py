"""A Keras 3 model as a `Model`: trace, apply a rule to each call, name the ends."""

from __future__ import annotations

import contextlib
from collections import ChainMap
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gossamer.errors import ConversionError, GraphError, UnsupportedError
from gossamer.frontends.emitter import Emitter, Store, dims
from gossamer.frontends.keras import signature, trace
from gossamer.frontends.keras.call import Call
from gossamer.frontends.keras.checks import (
    explained,
    require_inference,
)
from gossamer.frontends.keras.framework import dtype_of, keras
from gossamer.frontends.keras.held import Held
from gossamer.frontends.keras.registry import ENTER, rule_of
from gossamer.frontends.keras.states import States, Traced
from gossamer.frontends.parts.state import first_values
from gossamer.frontends.report import (
    GENERAL_REMEDY,
    Issue,
    Unsupported,
    raise_for,
)
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Signature, Tensor
from gossamer.ir.rewrite import with_nodes
from gossamer.ir.transient import transient_states
from gossamer.ir.types import TensorType

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, MutableMapping, Sequence
    from typing import TypeAlias

    from gossamer.frontends.emitter import Recurrence
    from gossamer.ir.graph import Subgraph

    Values: TypeAlias = MutableMapping[int, Tensor]
    """Our tensors by the identities of Keras's."""


def from_keras(
    model: Any,
    input_signature: Any = None,
    *,
    recurrence: Recurrence = "fused",
    say: Callable[[str], None] | None = None,
    seen: Callable[[Sequence[Seen]], None] | None = None,
) -> Model:
    """Convert a Keras model to the operators of `.tflite`, in float32, for inference.

    Args:
        model: a Sequential, Functional or subclassed model, on any Keras backend.
        input_signature: shapes, arrays or `keras.KerasTensor`s, nested as the model's
            inputs are; needed only for a model that was never built or called.
        recurrence: whether an LSTM becomes one operator where it can ("fused"), or a
            loop over time ("while").
        say: told what a user should know of the result.
        seen: shown the calls of layers, those within others before these.

    Raises:
        ConversionError: the model has no known input shape, or parts of it have no
            conversion; every such part is named.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> from_keras(model).main.nodes[0].op.name
        'FULLY_CONNECTED'
    """
    signature.require_model(model)
    conversion, made = _with_states(model, input_signature, recurrence)
    raise_for(model.name, conversion.issues)
    if say is not None:
        for note in conversion.store.notes:
            say(note)
    if seen is not None:
        seen(conversion.seen)
    return made


def _with_states(
    model: Any, input_signature: Any, recurrence: Recurrence
) -> tuple[Conversion, Model]:
    """Convert, and once more where variables turn out to be assigned."""
    states = States()
    while True:
        known, states.last = len(states.variables), Traced({}, {})
        conversion = Conversion(Store(recurrence=recurrence), states)
        try:
            made = _converted(model, input_signature, conversion)
        except ConversionError:
            if len(states.variables) == known:
                raise
            continue
        if len(states.variables) == known:
            return conversion, made


def _converted(model: Any, input_signature: Any, conversion: Conversion) -> Model:
    with trace.unmarked(model), trace.open_functions():
        entry = signature.entry_of(model, input_signature, conversion.states.enter)
        tensors = [
            conversion.builder.input(spec.name, _type_of(spec)) for spec in entry.inputs
        ]
        outputs = conversion.inside("", entry.symbols, entry.outputs, tensors)
    conversion.held.store()
    main = _prepared(conversion, outputs)
    ends = Signature(
        "serving_default",
        dict(zip((spec.key for spec in entry.inputs), tensors, strict=True)),
        dict(zip(entry.output_names, outputs, strict=True)),
    )
    subgraphs = (main, *conversion.store.subgraphs)
    return Model(
        subgraphs,
        (ends,),
        "Gossamer converted.",
        transient_states(conversion.store.transient),
    )


def _prepared(conversion: Conversion, outputs: Sequence[Tensor]) -> Subgraph:
    """The main graph, which gives variables their first values before all else."""
    main = conversion.builder.finish(outputs)
    begin = first_values(conversion.store)
    return main if begin is None else with_nodes(main, (begin, *main.nodes))


def _type_of(spec: signature.InputSpec) -> TensorType:
    return TensorType(spec.dtype, spec.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A layer's call that was converted: where, from what, and to what."""

    layer: Any
    path: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(slots=True)
class Conversion:
    """The walk through a model; it goes on after a failure to find the others."""

    store: Store = field(default_factory=Store)
    states: States = field(default_factory=States)
    builder: Builder = field(default_factory=Builder)
    issues: list[Issue] = field(default_factory=list[Issue])
    values: Values = field(default_factory=dict[int, Tensor])
    seen: list[Seen] = field(default_factory=list[Seen])
    held: Held = field(init=False)

    def __post_init__(self) -> None:
        self.held = Held(Emitter("", self.builder, self.store))

    def graph(
        self,
        path: str,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        tensors: Sequence[Tensor],
        around: Values | None = None,
    ) -> list[Tensor]:
        """Convert all calls between `inputs` and `outputs`, in order.

        Args:
            path: the layer that contains them, "" for the model itself.
            inputs: Keras tensors where the graph begins.
            outputs: Keras tensors, or arrays for outputs that do not depend on inputs.
            tensors: what `inputs` are in our graph.
            around: further tensors that calls may read, by the Keras tensor's identity.
        """
        values: Values = ChainMap({}, around or {})
        values.update((id(x), y) for x, y in zip(inputs, tensors, strict=True))
        symbolic = [y for y in outputs if trace.is_symbolic(y)]
        self._steps(path, trace.steps(inputs, symbolic, around or ()), values)
        return [
            values[id(y)]
            if trace.is_symbolic(y)
            else self._call_of(path, None, {}, ()).constant(f"output_{index}", y)
            for index, y in enumerate(outputs)
        ]

    def function(self, path: str, function: Any, x: Tensor, dtype: str) -> Tensor:
        """Convert a Python function of one tensor by calling it on a Keras tensor."""
        symbol = _symbol(x, dtype)
        return self.graph(path, [symbol], [function(symbol)], [x])[0]

    def traced(
        self, place: Emitter, function: Any, arguments: Any, *, hoists: bool = False
    ) -> Any:
        """Convert a Python function by calling it on Keras tensors.

        Args:
            place: where its nodes go.
            function: takes `arguments`, and may use Keras tensors around it.
            arguments: a list, with our tensors in the place of Keras's.
            hoists: whether to compute what does not depend on `arguments` before, in
                the graph around it.

        Returns:
            Our tensors, nested as what the function returns.
        """
        symbols: list[Any] = []
        tensors: list[Tensor] = []

        def symbol(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            symbols.append(_symbol(leaf, leaf.dtype.title))
            tensors.append(leaf)
            return symbols[-1]

        results = _called(function, trace.map_structure(symbol, list(arguments)))
        flat = [y for y in trace.flatten(results) if y is not None]
        if hoists:
            self._hoist(place.path, symbols, flat)
        with self._within(place.builder):
            made = iter(self.graph(place.path, symbols, flat, tensors, self.values))
        return trace.map_structure(lambda y: None if y is None else next(made), results)

    def _hoist(self, path: str, symbols: list[Any], outputs: list[Any]) -> None:
        """Convert here what `outputs` rest on and `symbols` have no part in."""
        symbolic = [y for y in outputs if trace.is_symbolic(y)]
        dependent = {id(x) for x in symbols}
        free: list[trace.Step] = []
        for step in trace.steps(symbols, symbolic, self.values):
            if any(id(x) in dependent for x in step.sources) or trace.calls(step):
                dependent.update(id(y) for y in step.outputs)
            else:
                free.append(step)
        self._steps(path, free, self.values)

    @contextlib.contextmanager
    def _within(self, builder: Builder) -> Generator[None]:
        outer, self.builder = self.builder, builder
        try:
            yield
        finally:
            self.builder = outer

    def _steps(self, path: str, recorded: Sequence[trace.Step], values: Values) -> None:
        """Convert calls in order; `values` learns of what they return."""
        outer, self.values = self.values, values
        try:
            for step in recorded:
                results = self._step(path, step, values)
                pairs = zip(step.outputs, results, strict=True)
                values.update((id(y), result) for y, result in pairs)
        finally:
            self.values = outer

    def _step(self, path: str, step: trace.Step, values: Values) -> Sequence[Tensor]:
        call = self._call_of(
            path,
            step.operation,
            trace.map_structure(lambda x: values.get(id(x), x), dict(step.arguments)),
            step.outputs,
        )
        try:
            require_inference(step)
            return self._shown(call, self._apply(call, step, values))
        except Unsupported as problem:
            self._note(call, problem.reason, problem.remedy)
        except (GraphError, UnsupportedError) as problem:
            self._note(call, str(problem), GENERAL_REMEDY)
        return [self._stand_in(call.path, y) for y in step.outputs]

    def _shown(self, call: Call, results: Sequence[Tensor]) -> Sequence[Tensor]:
        """The results, a layer's call having been put down."""
        if trace.is_layer(call.operation):
            ends = (tuple(call.inputs), tuple(results))
            self.seen.append(Seen(call.operation, call.path, *ends))
        return results

    def _apply(self, call: Call, step: trace.Step, values: Values) -> Sequence[Tensor]:
        rule = rule_of(call.operation, masked=step.is_masked)
        carried = tuple(values.get(id(mask)) for mask in step.carried)
        result = ENTER if rule is None else rule(replace(call, masks=carried))
        if isinstance(result, Tensor):
            return [result]
        if result is not ENTER:
            return result
        recorded = trace.graph_of(call.operation)
        if recorded is not None and not step.masks:
            inputs, outputs = recorded
            return self.graph(call.path, inputs, trace.flatten(outputs), call.inputs)
        if not trace.is_layer(call.operation):
            raise Unsupported("this operation of keras.ops has no conversion rule")
        return self._enter(call, step, values)

    def _enter(self, call: Call, step: trace.Step, values: Values) -> Sequence[Tensor]:
        """Convert what a layer's own `call` does."""
        symbols: list[Any] = []
        tensors: list[Tensor] = []

        def fresh(leaf: Any) -> Any:
            tensor = values.get(id(leaf))
            if tensor is None:
                return leaf
            symbol = _symbol(tensor, leaf.dtype)
            symbols.append(symbol)
            tensors.append(tensor)
            mask = trace.mask_of(leaf)
            if mask is not None:
                trace.attach_mask(symbol, fresh(mask))
            return symbol

        arguments = trace.map_structure(fresh, dict(step.arguments))
        with explained("there is no rule for this layer, and its call"):
            outputs = self.states.enter(call.operation, arguments)
        return self.inside(call.path, symbols, trace.flatten(outputs), tensors)

    def inside(
        self,
        path: str,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        tensors: Sequence[Tensor],
    ) -> list[Tensor]:
        """`graph` of the call traced last, with the variables that it uses."""
        last, variables = self.states.last, self.states.variables
        read = [last.start[key] for key in last.used]
        held = [self.held.read(variables[key]) for key in last.used]
        assigned = [last.current[key] for key in last.written]
        results = self.graph(
            path, [*inputs, *read], [*outputs, *assigned], [*tensors, *held]
        )
        count = len(outputs)
        for key, value in zip(last.written, results[count:], strict=True):
            self.held.assign(variables[key], value, self.builder)
        return results[:count]

    def _call_of(
        self,
        path: str,
        operation: Any,
        arguments: dict[str, Any],
        outputs: tuple[Any, ...],
    ) -> Call:
        name = _name_of(operation)
        full = "/".join(part for part in (path, name) if part)
        return Call(full, self.builder, self.store, operation, arguments, outputs, self)

    def _note(self, call: Call, reason: str, remedy: str) -> None:
        shapes = ", ".join(str(_free_type(x)) for x in call.inputs) or "no tensor"
        kind = type(call.operation).__name__
        self.issues.append(Issue(call.path, kind, shapes, reason, remedy))

    def _stand_in(self, path: str, symbol: Any) -> Tensor:
        """A tensor for what could not be converted, so that the walk can go on."""
        shape = tuple(1 if dim is None else int(dim) for dim in symbol.shape)
        signature = tuple(-1 if dim is None else int(dim) for dim in symbol.shape)
        kind = TensorType(dtype_of(symbol.dtype), shape)
        return Tensor(path, kind, signature=signature)


def _called(function: Any, arguments: list[Any]) -> Any:
    with explained(f"the function {getattr(function, '__name__', function)}"):
        return function(*arguments)


def _symbol(tensor: Tensor, dtype: str) -> Any:
    shape = tuple(None if dim < 0 else dim for dim in dims(tensor))
    return keras().KerasTensor(shape, dtype=dtype)


def _free_type(tensor: Tensor) -> TensorType:
    return TensorType(tensor.dtype, dims(tensor))


def _name_of(operation: Any) -> str:
    """A layer's own name; an operation's class, whose automatic name counts calls."""
    if operation is None:
        return ""
    if trace.is_layer(operation):
        return str(operation.name)
    name = type(operation).__name__
    return "".join(
        f"_{letter.lower()}" if letter.isupper() and index else letter.lower()
        for index, letter in enumerate(name)
    )
