"""What a converter is given, as functions: a frozen graph, its inputs and outputs."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from gossamer.errors import ConversionError
from gossamer.frontends.tensorflow.framework import tensorflow

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A graph whose variables are constants.

    Attributes:
        key: the signature's name.
        graph: a `tf.Graph`.
        inputs: symbolic tensors where it begins, by name.
        outputs: symbolic tensors where it ends, by name.
    """

    key: str
    graph: Any
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]


def of_saved_model(
    folder: str | os.PathLike[str],
    signature_keys: Sequence[str] | None = None,
    tags: Iterable[str] | None = None,
) -> list[Function]:
    """The signatures of a SavedModel.

    Args:
        folder: where it is stored.
        signature_keys: which; None for all, `serving_default` first (Keras writes it a
            second time as `serve`, which is left out).
        tags: of the meta graph; None for "serve".

    Raises:
        ConversionError: there is no SavedModel, or no such signature.
    """
    place = Path(folder)
    if not any((place / f"saved_model.{end}").is_file() for end in ("pb", "pbtxt")):
        raise ConversionError(
            f"{place} is no SavedModel: it holds no saved_model.pb (looked in "
            f"{place.absolute()}). Give the folder that model.export() or "
            "tf.saved_model.save() wrote."
        )
    wanted_tags = None if tags is None else sorted(tags)
    loaded = tensorflow().saved_model.load(str(place), tags=wanted_tags)
    found: dict[str, Any] = dict(loaded.signatures)
    keys = _chosen_keys(found, signature_keys)
    return [_frozen(key, found[key]) for key in keys]


def _chosen_keys(found: Mapping[str, Any], wanted: Sequence[str] | None) -> list[str]:
    if not found:
        raise ConversionError(
            "Only support at least one signature key. The SavedModel has none: save it "
            "with signatures=..., as in tf.saved_model.save(module, folder, "
            "signatures=module.function.get_concrete_function(spec))."
        )
    for key in wanted or ():
        if key not in found:
            raise ConversionError(
                f"Invalid signature key '{key}' found. Valid keys are "
                f"'{','.join(found)}'."
            )
    if not wanted and "serving_default" in found:
        wanted = [key for key in found if key != "serve"]
    return sorted(wanted or found, key=lambda key: (key != "serving_default", key))


def of_concrete(functions: Sequence[Any]) -> list[Function]:
    """Concrete functions of `tf.function`s.

    Raises:
        ConversionError: what was given is something else.
    """
    kind = tensorflow().types.experimental.ConcreteFunction
    for function in functions:
        if not isinstance(function, kind):
            raise ConversionError(
                "This function takes in a list of ConcreteFunction. To get the "
                "ConcreteFunction from a Function, call get_concrete_function. Found "
                f"{type(function).__name__}."
            )
    if len(functions) == 1:
        return [_frozen("serving_default", functions[0])]
    return [_frozen(_plain_name(each), each) for each in functions]


def _plain_name(function: Any) -> str:
    """The Python function's name, around which TensorFlow puts words and numbers."""
    given = function.name
    name = given.decode() if isinstance(given, bytes) else str(given)
    name = name.removeprefix("__inference_")
    return name.rstrip("0123456789_")


def _frozen(key: str, function: Any) -> Function:
    """A concrete function with its variables as constants, its calls inlined."""
    freezing: Any = importlib.import_module(
        "tensorflow.python.framework.convert_to_constants"
    )
    frozen = freezing.convert_variables_to_constants_v2(
        function, lower_control_flow=False
    )
    inputs = {_input_key(tensor): tensor for tensor in frozen.inputs}
    return Function(key, frozen.graph, inputs, _named(function, frozen.outputs))


def _input_key(tensor: Any) -> str:
    return str(tensor.op.name)


def _named(function: Any, outputs: Sequence[Any]) -> dict[str, Any]:
    structured: Any = function.structured_outputs
    if _is_dict(structured) and len(structured) == len(outputs):
        return dict(zip(sorted(structured), outputs, strict=True))
    return {f"output_{index}": tensor for index, tensor in enumerate(outputs)}


def _is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def of_graph_file(
    path: str | os.PathLike[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    shapes: Mapping[str, Sequence[int | None]] | None = None,
) -> Function:
    """A frozen GraphDef file (`.pb`).

    Args:
        path: the file.
        inputs: names of the operations, or tensors, where it begins.
        outputs: where it ends.
        shapes: of inputs that state none, by name.

    Raises:
        ConversionError: it is no GraphDef, or has no tensor of such a name.
    """
    place = Path(path)
    if not place.is_file():
        raise ConversionError(f"There is no file {place} (looked in {Path.cwd()}).")
    definition = _parsed(place)
    for node in definition.node:
        if shapes and node.name in shapes and node.op == "Placeholder":
            _set_shape(node, shapes[node.name])
    return _of_definition(definition, inputs, outputs, str(place))


def of_session(session: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> Function:
    """What a session of TensorFlow 1 computes from tensors to tensors of its graph.

    Variables become constants with the values that they have in the session.

    Raises:
        ConversionError: something else than a session was given.
    """
    legacy: Any = tensorflow().compat.v1
    if not isinstance(session, legacy.Session | legacy.InteractiveSession):
        raise ConversionError(
            f"from_session was given a {type(session).__name__}; expected a "
            "tf.compat.v1.Session. For a function of TensorFlow 2 use "
            "from_concrete_functions([function.get_concrete_function(...)])."
        )
    names = [str(tensor.op.name) for tensor in outputs]
    definition = legacy.graph_util.convert_variables_to_constants(
        session, session.graph.as_graph_def(), names
    )
    begins, ends = (
        [str(x.name).removesuffix(":0") for x in part] for part in (inputs, outputs)
    )
    return _of_definition(definition, begins, ends, "the session's graph")


def _of_definition(
    definition: Any, inputs: Sequence[str], outputs: Sequence[str], source: str
) -> Function:
    graph = tensorflow().Graph()
    with graph.as_default():
        tensorflow().graph_util.import_graph_def(definition, name="")
    return Function(
        "serving_default",
        graph,
        {name: _tensor_in(graph, name, source) for name in inputs},
        {name: _tensor_in(graph, name, source) for name in outputs},
    )


def _parsed(place: Path) -> Any:
    definition = tensorflow().compat.v1.GraphDef()
    try:
        definition.ParseFromString(place.read_bytes())
    except Exception as error:
        raise ConversionError(
            f"{place} is no frozen GraphDef: {error}. A SavedModel is a folder, and is "
            "read with from_saved_model."
        ) from error
    return definition


def _set_shape(node: Any, shape: Sequence[int | None]) -> None:
    tensor_shape = tensorflow().TensorShape(
        [dim if dim != -1 else None for dim in shape]
    )
    node.attr["shape"].shape.CopyFrom(tensor_shape.as_proto())


def _tensor_in(graph: Any, name: str, source: str) -> Any:
    full = name if ":" in name else f"{name}:0"
    try:
        return graph.get_tensor_by_name(full)
    except (KeyError, ValueError) as error:
        some = [op.name for op in graph.get_operations()]
        ends = ", ".join([*some[:3], "...", *some[-3:]] if len(some) > 6 else some)
        raise ConversionError(
            f"{source} has no tensor '{full}'. Its operations are {ends}."
        ) from error
