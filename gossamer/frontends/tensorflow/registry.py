"""Which rule converts which of TensorFlow's operations."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.frontends.tensorflow.operation import Operation, Values
    from gossamer.ir.graph import Tensor

    Rule: TypeAlias = Callable[[Operation], Tensor | Sequence[Tensor]]

FAMILIES = (
    "activation",
    "arithmetic",
    "array",
    "control",
    "convolution",
    "error_function",
    "image",
    "linear",
    "lists",
    "reduction",
    "shaping",
)
"""The modules of `operations` that declare rules."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule, and what it reads.

    Attributes:
        rule: emits the nodes.
        known: the inputs of which it reads only what is known beforehand; what
            computes such an input is not converted for its sake.
        reads: the one tensor that it reads where it stands for several operations,
            else None.
    """

    rule: Rule
    known: frozenset[int]
    reads: Callable[[Any, Values], Any] | None = None


_entries: dict[str, Entry] = {}


def operation(
    *kinds: str,
    known: Sequence[int] = (),
    reads: Callable[[Any, Values], Any] | None = None,
) -> Callable[[Rule], Rule]:
    """Declare the rule of operations of these types; see `Entry`.

    Negative indices in `known` count from the end.
    """

    def declare(rule: Rule) -> Rule:
        _entries.update(dict.fromkeys(kinds, Entry(rule, frozenset(known), reads)))
        return rule

    return declare


def entry_of(kind: str) -> Entry | None:
    """The rule of a type of operations, None where there is none."""
    _load_families()
    return _entries.get(kind)


@functools.cache
def _load_families() -> None:
    place = "gossamer.frontends.tensorflow.operations"
    for family in FAMILIES:
        importlib.import_module(f"{place}.{family}")
