"""Keras's record of symbolic calls: the only file that reads its private attributes.

Every call of a layer or an operation on a `KerasTensor` leaves a node, and every
tensor remembers the node that made it. Walking back from the outputs gives the graph;
calling a layer's `call` on fresh tensors gives the graph inside of that layer.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from gossamer.frontends.keras.framework import keras

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Container,
        Generator,
        Iterator,
        Mapping,
        Sequence,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One recorded call: the operation, its arguments by name, and what it returned.

    `arguments` may nest Keras tensors in lists and dicts; `outputs` is flat. A mask
    that Keras would give to the call stands among the arguments; `masks` are all those
    that its tensors carry.
    """

    operation: Any
    arguments: Mapping[str, Any]
    outputs: tuple[Any, ...]
    masks: tuple[Any, ...] = ()

    @property
    def sources(self) -> list[Any]:
        """The Keras tensors that it rests on."""
        return [*symbolic_leaves(dict(self.arguments)), *self.masks]


def is_symbolic(value: Any) -> bool:
    return isinstance(value, keras().KerasTensor)


def is_layer(operation: Any) -> bool:
    return isinstance(operation, keras().layers.Layer)


def flatten(structure: Any) -> list[Any]:
    """The leaves of nested lists, tuples and dicts."""
    return list(keras().tree.flatten(structure))


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same nesting with `function` applied to each leaf."""
    return keras().tree.map_structure(function, structure)


def uses(layer: Any) -> int:
    """How often the layer was called on Keras tensors."""
    return len(layer._inbound_nodes)  # noqa: SLF001


def is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def as_list(value: Any) -> list[Any]:
    """The entries of a list or tuple; of anything else, the thing itself."""
    return list(value) if isinstance(value, (list, tuple)) else [value]  # pyright: ignore[reportUnknownArgumentType]


def symbolic_leaves(structure: Any) -> list[Any]:
    """The Keras tensors in a nested structure, in order."""
    return [leaf for leaf in flatten(structure) if is_symbolic(leaf)]


def mask_of(tensor: Any) -> Any:
    """The mask of valid time steps that a layer before has attached, or None."""
    return getattr(tensor, "_keras_mask", None)


def attach_mask(tensor: Any, mask: Any) -> None:
    """Let a Keras tensor carry a mask."""
    tensor._keras_mask = mask  # noqa: SLF001


def steps(
    inputs: Sequence[Any], outputs: Sequence[Any], around: Container[int] = ()
) -> list[Step]:
    """The recorded calls that lead from `inputs` to `outputs`, each after its sources.

    `around` holds the identities of further tensors that are known.

    Raises:
        LookupError: an output rests on a tensor that is neither an input nor computed
            from the inputs.
    """
    known = {id(tensor) for tensor in inputs}
    found: list[Step] = []
    done: set[int] = set()
    pending: list[tuple[Any, bool]] = [(x, False) for x in reversed(outputs)]
    while pending:
        tensor, is_ready = pending.pop()
        if id(tensor) in known or id(tensor) in around:
            continue
        node = _node_of(tensor)
        if id(node) in done:
            continue
        step = _step_of(node)
        if is_ready:
            done.add(id(node))
            found.append(step)
            continue
        pending.append((tensor, True))
        pending.extend((x, False) for x in reversed(step.sources))
    return found


def _node_of(tensor: Any) -> Any:
    history = getattr(tensor, "_keras_history", None)
    if history is None or history.operation is None:
        raise LookupError(tensor.name)
    node = history.operation._inbound_nodes[history.node_index]  # noqa: SLF001
    if node.is_input:
        raise LookupError(tensor.name)
    return node


def calls(step: Step) -> bool:
    """Whether the call is given functions, which may read tensors around them."""
    if is_layer(step.operation):
        return False
    operation: object = step.operation
    held: list[Any] = list(vars(operation).values())
    return any(map(callable, held + flatten(list(step.arguments.values()))))


def _step_of(node: Any) -> Step:
    operation, given = node.operation, node.arguments
    bound = bind(operation, given.args, given.kwargs)
    if not is_layer(operation):
        return Step(operation, bound, tuple(node.outputs))
    carried = (mask_of(x) for x in symbolic_leaves(bound))
    masks = tuple(mask for mask in carried if mask is not None)
    if masks:
        bound.update(_implied_masks(operation, bound))
    return Step(operation, bound, tuple(node.outputs), masks)


def _implied_masks(layer: Any, bound: Mapping[str, Any]) -> dict[str, Any]:
    """The masks that Keras adds to the arguments of a layer's call, by name.

    The mask of its one tensor argument is `mask`; of several, each has a name of its
    own. What the call does not take is left out.
    """
    known = inspect.signature(layer.call).parameters
    tensors = {name: x for name, x in bound.items() if symbolic_leaves(x)}
    names = {name: f"{name}_mask" for name in tensors}
    if len(tensors) == 1:
        names = dict.fromkeys(tensors, "mask")
    found = {
        names[name]: map_structure(mask_of, x)
        for name, x in tensors.items()
        if names[name] in known and bound.get(names[name]) is None
    }
    return {name: mask for name, mask in found.items() if symbolic_leaves(mask)}


def bind(
    operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """A call's arguments under the names that the operation's `call` gives them."""
    try:
        signature = inspect.signature(operation.call)
        bound = signature.bind(*args, **kwargs)
    except (TypeError, ValueError):
        return {**{str(index): x for index, x in enumerate(args)}, **kwargs}
    named: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            named.update(value)
        else:
            named[name] = value
    return named


def graph_of(operation: Any) -> tuple[list[Any], Any] | None:
    """A Sequential's or Functional's input tensors and structure of outputs.

    None where there is no recorded graph, or where a subclass has a `call` of its own.
    """
    models: Any = importlib.import_module("keras.src.models")
    kinds: tuple[Any, ...] = (models.Functional, models.Sequential, keras().Function)
    if not any(
        isinstance(operation, kind) and _call_of(operation) is kind.call
        for kind in kinds
    ):
        return None
    recorded = operation
    if isinstance(operation, models.Sequential):
        recorded = operation._functional  # noqa: SLF001
        if recorded is None:
            return None
    return list(recorded.inputs), recorded._outputs_struct  # noqa: SLF001


def _call_of(operation: Any) -> Any:
    return cast("Any", type(operation)).call


def input_structure(operation: Any) -> Any:
    """How a Functional nests its inputs: one tensor, a list, or a dict."""
    recorded = getattr(operation, "_functional", None) or operation
    return getattr(recorded, "_inputs_struct", None)


def is_deferred(model: Any) -> bool:
    """Whether a Sequential took its input shape, batch and all, from a first call.

    Such a Sequential makes its input layer itself, and states the whole shape and the
    dtype, but nothing else.
    """
    layers: Any = getattr(model, "_layers", [])
    if not isinstance(model, keras().Sequential) or not layers:
        return False
    config = getattr(getattr(layers[0], "_auto_config", None), "config", None)
    if config is None or config.get("sparse") is not None:
        return False
    return bool(config.get("batch_shape")) and bool(config.get("dtype"))


def built_shapes(model: Any) -> dict[str, Any]:
    """The shapes on which a subclassed model was built, by argument of `build`."""
    return dict(getattr(model, "_build_shapes_dict", None) or {})


def required_arguments(operation: Any) -> int:
    """How many arguments without a default the operation's `call` takes."""
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return sum(
        parameter.kind in kinds and parameter.default is inspect.Parameter.empty
        for parameter in inspect.signature(operation.call).parameters.values()
    )


def trains_by_default(operation: Any) -> bool:
    """Whether a call without `training` is one in training, as in layers for images.

    Such a call, which is recorded like one with training=True, is one for inference
    where the model is used for inference.
    """
    parameter = inspect.signature(operation.call).parameters.get("training")
    return parameter is not None and parameter.default is True


def enter(operation: Any, arguments: Mapping[str, Any]) -> Any:
    """What the operation's own `call` returns for inference, node by node recorded."""
    given = dict(arguments)
    parameters = inspect.signature(operation.call).parameters
    if "training" in parameters:
        given["training"] = False
    positional = list(_positional(parameters, given))
    return operation.call(*positional, **given)


def _positional(
    parameters: Mapping[str, inspect.Parameter], given: dict[str, Any]
) -> Iterator[Any]:
    """Take the arguments that cannot be passed by name out of `given`."""
    for name, parameter in parameters.items():
        if name not in given:
            return
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            yield from given.pop(name)
        elif parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            yield given.pop(name)


@contextlib.contextmanager
def open_functions() -> Generator[None]:
    """Let functions that an operation is given read Keras tensors around them.

    Keras asks its backend what such a function returns, and a backend knows no Keras
    tensors; the function is then called on Keras tensors instead.
    """
    backend: Any = importlib.import_module("keras.src.backend")
    ask = backend.compute_output_spec

    def spec(function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return ask(function, *args, **kwargs)
        except Exception:
            if not inspect.isfunction(function):
                raise
            return map_structure(_like, function(*args, **kwargs))

    backend.compute_output_spec = spec
    try:
        yield
    finally:
        backend.compute_output_spec = ask


def _like(value: Any) -> Any:
    if not hasattr(value, "shape"):
        return value
    return keras().KerasTensor(tuple(value.shape), dtype=value.dtype)


@contextlib.contextmanager
def unmarked(model: Any) -> Generator[None]:
    """Take back the nodes that tracing adds to a model's layers.

    Without it `layer.output` would become ambiguous after a conversion.
    """
    layers = list(model._flatten_layers())  # noqa: SLF001
    before = [
        (layer, len(layer._inbound_nodes), len(layer._outbound_nodes))  # noqa: SLF001
        for layer in layers
    ]
    try:
        yield
    finally:
        for layer, inbound, outbound in before:
            del layer._inbound_nodes[inbound:]  # noqa: SLF001
            del layer._outbound_nodes[outbound:]  # noqa: SLF001
