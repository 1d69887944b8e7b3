"""What runs a subgraph: the protocol, and the choice between its implementations."""

from __future__ import annotations

import platform
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from gossamer.codegen.host import is_supported
from gossamer.errors import UnsupportedError
from gossamer.runtime.native import NativeExecutable
from gossamer.runtime.reference import ReferenceExecutable, require_meaning
from gossamer.runtime.staged import StagedExecutable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.ir.graph import Model, Subgraph, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.runtime.state import State


class Executable(Protocol):
    """A subgraph that is ready to run with fixed input shapes.

    `invoke` takes no arguments, so that it can be the native function itself.
    """

    @property
    def invoke(self) -> Callable[[], None]:
        """What computes the outputs; it stays the same."""
        ...

    @property
    def is_brief(self) -> bool:
        """Whether `invoke` is so short that it keeps other Python threads out."""
        ...

    @property
    def moving(self) -> frozenset[Tensor]:
        """Tensors whose array is another one after each `invoke`."""
        ...

    def view(self, tensor: Tensor) -> Array | None:
        """The live memory of a tensor's value; None where it is not kept.

        Inputs, outputs and variables always have one.
        """
        ...

    def shape(self, tensor: Tensor) -> Shape:
        """The shape of a tensor's value, -1 where only running can tell."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """How to run.

    `threads` is how many may work on one run, at least 1; with `keep_all` every
    intermediate result can be read after it; with `reference` the operators' meaning
    runs instead of machine code.
    """

    threads: int = 1
    keep_all: bool = False
    reference: bool = False


def prepare(
    model: Model,
    subgraph: int,
    shapes: Mapping[Tensor, Shape],
    state: State,
    options: Options,
) -> Executable:
    """Make one subgraph of a model ready to run.

    Args:
        model: the whole model; operators may call its other subgraphs.
        subgraph: the index of the subgraph to run.
        shapes: the shape of every input tensor of that subgraph.
        state: the variables of the interpreter.
        options: how to run.

    Raises:
        GraphError: an operator cannot take the shapes that reach it.
        UnsupportedError: there is no kernel for an operator.
    """
    graph = model.subgraphs[subgraph]
    require_meaning(model, subgraph)
    reference = options.reference
    if not reference and not is_supported():
        _warn_of_slowness()
        reference = True
    if reference:
        return ReferenceExecutable(graph, shapes, state, keep_all=options.keep_all)
    threads, keep_all = options.threads, options.keep_all
    if _has_numbers_only(graph):
        try:
            return NativeExecutable(
                graph, shapes, state=state, threads=threads, keep_all=keep_all
            )
        except UnsupportedError:
            pass  # A shape or a variable that depends on data: only running can tell.
    return StagedExecutable(graph, shapes, state, threads=threads, keep_all=keep_all)


def _has_numbers_only(graph: Subgraph) -> bool:
    """Whether machine code can work on all tensors, which it cannot on strings."""
    return not any(tensor.dtype.numpy.hasobject for tensor in graph.tensors)


@cache
def _warn_of_slowness() -> None:
    """Say once that models run without machine code."""
    warnings.warn(
        f"There is no code generator for {platform.machine()} on {platform.system()} "
        "yet, so models run through NumPy: with the same results, but slowly. Machine "
        "code is made for x86-64 Linux",
        RuntimeWarning,
        stacklevel=2,
    )
