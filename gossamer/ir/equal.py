"""Whether two models say the same, and where they first differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gossamer.ir.graph import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gossamer.ir.graph import Model, Node, Signature, Subgraph
    from gossamer.ir.types import Array

Places = dict[Tensor, int]

_NODE_TENSORS = ("inputs", "outputs", "intermediates")


def same(a: Model, b: Model) -> str | None:
    """The first difference of two models in words, or None where there is none.

    Tensors correspond by their place among the tensors of their subgraph. The
    version of an operator is compared as a writer would store it; NaN equals NaN.

    Example:
        >>> same(model, read(write(model))) is None
        True
    """
    return next(_differences(a, b), None)


def _differences(a: Model, b: Model) -> Iterator[str]:
    for name in ("version", "description"):
        yield from _values(f"the model's {name}", getattr(a, name), getattr(b, name))
    yield from _values("the metadata", dict(a.metadata), dict(b.metadata))
    yield from _values("the number of subgraphs", len(a.subgraphs), len(b.subgraphs))
    places: list[tuple[Places, Places]] = []
    for index, (one, other) in enumerate(zip(a.subgraphs, b.subgraphs, strict=True)):
        places.append((_places(one), _places(other)))
        yield from _subgraphs(f"subgraph {index}", one, other, *places[-1])
    yield from _values("the number of signatures", len(a.signatures), len(b.signatures))
    for one, other in zip(a.signatures, b.signatures, strict=True):
        yield from _signatures(one, other, places)


def _places(subgraph: Subgraph) -> Places:
    return {tensor: index for index, tensor in enumerate(subgraph.tensors)}


def _subgraphs(
    where: str, a: Subgraph, b: Subgraph, of_a: Places, of_b: Places
) -> Iterator[str]:
    yield from _values(f"{where}: the name", a.name, b.name)
    yield from _values(f"{where}: debug metadata", a.debug_metadata, b.debug_metadata)
    yield from _values(
        f"{where}: the number of tensors", len(a.tensors), len(b.tensors)
    )
    for one, other in zip(a.tensors, b.tensors, strict=True):
        yield from _tensors(f"{where}: tensor '{one.name}'", one, other, of_a, of_b)
    for name in ("inputs", "outputs"):
        at_a, at_b = _at(getattr(a, name), of_a), _at(getattr(b, name), of_b)
        yield from _values(f"{where}: the {name}", at_a, at_b)
    yield from _values(f"{where}: the number of nodes", len(a.nodes), len(b.nodes))
    for index, (one, other) in enumerate(zip(a.nodes, b.nodes, strict=True)):
        label = f"{where}: node {index} ({one.op.name})"
        yield from _nodes(label, one, other, of_a, of_b)


def _tensors(
    where: str, a: Tensor, b: Tensor, of_a: Places, of_b: Places
) -> Iterator[str]:
    for name in (field.name for field in fields(Tensor)):
        yield from _compare(
            f"{where}: {name}", getattr(a, name), getattr(b, name), of_a, of_b
        )


def _nodes(where: str, a: Node, b: Node, of_a: Places, of_b: Places) -> Iterator[str]:
    yield from _values(f"{where}: the operator", a.op.name, b.op.name)
    yield from _compare(f"{where}: options", a.op, b.op, of_a, of_b)
    for name in _NODE_TENSORS:
        at_a, at_b = _at(getattr(a, name), of_a), _at(getattr(b, name), of_b)
        yield from _values(f"{where}: {name}", at_a, at_b)
    for name in ("mutating_inputs", "debug_metadata"):
        yield from _values(f"{where}: {name}", getattr(a, name), getattr(b, name))
    versions = (node.version or node.op.version(node) for node in (a, b))
    yield from _values(f"{where}: the version", *versions)


def _signatures(
    a: Signature, b: Signature, places: list[tuple[Places, Places]]
) -> Iterator[str]:
    where = f"signature '{a.key}'"
    yield from _values(f"{where}: the key", a.key, b.key)
    yield from _values(f"{where}: the subgraph", a.subgraph, b.subgraph)
    of_a, of_b = places[a.subgraph]
    for name in ("inputs", "outputs"):
        at_a, at_b = _named(getattr(a, name), of_a), _named(getattr(b, name), of_b)
        yield from _values(f"{where}: the {name}", at_a, at_b)


def _named(tensors: Mapping[str, Tensor], places: Places) -> dict[str, int | None]:
    return {name: places.get(tensor) for name, tensor in tensors.items()}


def _at(tensors: tuple[Tensor | None, ...], places: Places) -> list[int | None]:
    return [-1 if x is None else places.get(x) for x in tensors]


def _compare(where: str, a: Any, b: Any, of_a: Places, of_b: Places) -> Iterator[str]:
    """Differences of two records, field by field; a tensor stands for its place."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        yield from _values(where, of_a.get(a), of_b.get(b))
    elif type(a) is type(b) and is_dataclass(a) and not isinstance(a, type):
        for field in fields(a):
            one, other = getattr(a, field.name), getattr(b, field.name)
            yield from _compare(f"{where}.{field.name}", one, other, of_a, of_b)
    else:
        yield from _values(where, a, b)


def _values(where: str, a: Any, b: Any) -> Iterator[str]:
    if not _equal(a, b):
        yield f"{where} is {_short(a)} in one and {_short(b)} in the other"


def _equal(a: Any, b: Any) -> bool:
    for kind, equal in _EQUALITIES:
        if isinstance(a, kind) and isinstance(b, kind):
            return equal(a, b)
    return bool(a == b)


def _floats_equal(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _sequences_equal(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))


def _mappings_equal(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> bool:
    return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)


def _arrays_equal(a: Any, b: Any) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype == np.object_:
        return a.tolist() == b.tolist()
    # Bit for bit, so that NaN equals itself and 0.0 is not -0.0.
    one, other = (np.ascontiguousarray(x).reshape(-1) for x in (a, b))
    return np.array_equal(one.view(np.uint8), other.view(np.uint8))


_EQUALITIES: tuple[tuple[type[Any], Callable[[Any, Any], bool]], ...] = (
    (np.ndarray, _arrays_equal),
    (tuple, _sequences_equal),
    (list, _sequences_equal),
    (Mapping, _mappings_equal),
    (float, _floats_equal),
)


def _short(value: Any) -> str:
    text = repr(value)
    if isinstance(value, np.ndarray):
        array = cast("Array", value)
        text = f"{array.dtype}{list(array.shape)} {array.reshape(-1)[:8].tolist()}"
    return text if len(text) <= 120 else text[:117] + "..."
