"""Several models in one file: a signature for each, and their weights stored once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from gossamer.errors import ConversionError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.graph import Model, Node, Signature
from gossamer.ops.variable import ReadVariable, VarHandle
from gossamer.provenance import ORIGIN, with_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gossamer.ir.graph import Subgraph
    from gossamer.ir.op import Op
    from gossamer.ir.types import TensorType


def combine(models: Mapping[str, bytes]) -> bytes:
    """One `.tflite` file that holds several, each under a signature of its own.

    Constants with the same bytes are stored once. Variables of one name are one
    variable, which all signatures share.

    Args:
        models: the bytes of the files by the key that their signature is to have. A
            file with several signatures keeps their keys, behind its own and a `/`.

    Raises:
        ConversionError: there is none, or two have a variable of one name that differs.
        FormatError: one is not a `.tflite` file.

    Example:
        >>> data = combine({"encode": encoder, "decode": decoder})
        >>> runner = Interpreter(model_content=data).get_signature_runner("encode")
    """
    if not models:
        raise ConversionError("no model was given; expected one or more, by signature")
    parts = {key: read(data) for key, data in models.items()}
    _require_same_variables(parts)
    subgraphs: list[Subgraph] = []
    signatures: list[Signature] = []
    for key, model in parts.items():
        offset = len(subgraphs)
        signatures += [
            replace(each, subgraph=each.subgraph + offset)
            for each in _named(key, model)
        ]
        moved = [_shifted(subgraph, offset) for subgraph in model.subgraphs]
        subgraphs += [replace(moved[0], name=key), *moved[1:]]
    first = next(iter(parts.values()))
    joined = Model(tuple(subgraphs), tuple(signatures), first.description)
    return write(with_metadata(joined, _origin(parts.values())))


def convert_each(
    models: Mapping[str, Any], convert: Callable[..., bytes], **given: Any
) -> bytes:
    """Convert several models to one file.

    Args:
        models: frameworks' models by the keys of their signatures.
        convert: makes a file of one.
        given: arguments of `convert` that are told for each, by the same keys.

    Raises:
        ConversionError: an argument is not told for one of them.
    """
    return combine(
        {
            key: convert(
                each, **{name: _entry(name, of, key) for name, of in given.items()}
            )
            for key, each in models.items()
        }
    )


def _entry(name: str, given: Any, key: str) -> Any:
    if given is None:
        return None
    if isinstance(given, Mapping) and key in given:
        return cast("Mapping[str, Any]", given)[key]
    raise ConversionError(
        f"{name} has no entry '{key}'. For several models it is a dict with what is "
        "meant for each, by the keys of their signatures."
    )


def _named(key: str, model: Model) -> Sequence[Signature]:
    """The signatures of a model under its key; one of all ends where it has none."""
    if len(model.signatures) == 1:
        return [replace(model.signatures[0], key=key)]
    if model.signatures:
        return [replace(each, key=f"{key}/{each.key}") for each in model.signatures]
    main = model.main
    return [
        Signature(
            key, {x.name: x for x in main.inputs}, {y.name: y for y in main.outputs}
        )
    ]


def _shifted(subgraph: Subgraph, offset: int) -> Subgraph:
    """The subgraph with the indices of those that it calls counted from `offset`."""
    nodes = tuple(_shifted_node(node, offset) for node in subgraph.nodes)
    return replace(subgraph, nodes=nodes)


def _shifted_node(node: Node, offset: int) -> Node:
    moved = {
        name: tuple(x + offset for x in value) if many else value + offset
        for name, value, many in _called(node.op)
    }
    if not moved:
        return node
    op: Any = node.op
    return replace(node, op=dataclasses.replace(op, **moved))


def _called(op: Op) -> Iterable[tuple[str, Any, bool]]:
    """The options that name subgraphs: name, value, and whether there are several."""
    if not dataclasses.is_dataclass(op):
        return
    for field in dataclasses.fields(op):
        if field.name.endswith("subgraph_index"):
            yield field.name, getattr(op, field.name), False
        elif field.name.endswith("subgraph_indices"):
            yield field.name, getattr(op, field.name), True


def _origin(models: Iterable[Model]) -> str | None:
    """The origins of all, each once; None where none tells its own."""
    found = dict.fromkeys(
        model.metadata[ORIGIN].decode("utf-8", "replace")
        for model in models
        if ORIGIN in model.metadata
    )
    return " | ".join(found) or None


def _require_same_variables(parts: Mapping[str, Model]) -> None:
    found: dict[str, tuple[str, TensorType]] = {}
    for key, model in parts.items():
        for name, kind in _variables(model):
            other, before = found.setdefault(name, (key, kind))
            if before != kind:
                raise ConversionError(
                    f"the variable '{name}' is {before} in '{other}' and {kind} in "
                    f"'{key}'. Variables of one name are shared: give one of the "
                    "layers another name."
                )


def _variables(model: Model) -> Iterable[tuple[str, TensorType]]:
    """Each variable that is read, with its type."""
    for subgraph in model.subgraphs:
        handles = {
            node.output: node.op.shared_name
            for node in subgraph.nodes
            if isinstance(node.op, VarHandle)
        }
        for node in subgraph.nodes:
            if isinstance(node.op, ReadVariable) and node.input(0) in handles:
                yield handles[node.input(0)], node.output.type
