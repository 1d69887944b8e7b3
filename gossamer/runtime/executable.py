"""What runs a subgraph: the protocol, and the choice between its implementations."""

from __future__ import annotations

import platform
import sys
import warnings
from functools import cache
from typing import TYPE_CHECKING, Protocol

from gossamer.codegen.host import host, is_supported
from gossamer.errors import UnsupportedError
from gossamer.runtime import store
from gossamer.runtime.options import Options
from gossamer.runtime.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.ir.graph import Model, Subgraph, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.runtime.compiled import Compiled
    from gossamer.runtime.pieces import Piece
    from gossamer.runtime.source import Source
    from gossamer.runtime.state import State

__all__ = ["Divisible", "Executable", "Options", "build", "prepare"]


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


class Divisible(Executable, Protocol):
    """An executable that was compiled just now."""

    def pieces(self) -> list[Piece]:
        """What `invoke` does, piece by piece, to be run one after another."""
        ...


class KeptExecutable:
    """A program that was compiled before, with memory of its own."""

    __slots__ = ("_positions", "compiled", "moving", "runner")

    def __init__(
        self, compiled: Compiled, tensors: Sequence[Tensor], state: State, threads: int
    ) -> None:
        self.compiled = compiled
        self.runner = Runner(compiled, state, threads)
        self.moving: frozenset[Tensor] = frozenset()
        self._positions = {x: index for index, x in enumerate(tensors)}

    @property
    def invoke(self) -> Callable[[], None]:
        return self.runner.invoke

    @property
    def is_brief(self) -> bool:
        return self.runner.is_brief

    def view(self, tensor: Tensor) -> Array | None:
        if tensor.data is not None:
            return tensor.data
        return self.runner.view(self._positions[tensor])

    def shape(self, tensor: Tensor) -> Shape:
        return self.compiled.shapes.get(self._positions[tensor], tensor.shape)


class RenamedExecutable:
    """An executable of a whole model, spoken to by the tensors of its outline."""

    __slots__ = ("_real", "executable", "moving")

    def __init__(self, executable: Executable, real: Mapping[Tensor, Tensor]) -> None:
        self.executable = executable
        self._real = real
        self.moving = frozenset(
            outline for outline, tensor in real.items() if tensor in executable.moving
        )

    @property
    def invoke(self) -> Callable[[], None]:
        return self.executable.invoke

    @property
    def is_brief(self) -> bool:
        return self.executable.is_brief

    def view(self, tensor: Tensor) -> Array | None:
        return self.executable.view(self._real[tensor])

    def shape(self, tensor: Tensor) -> Shape:
        return self.executable.shape(self._real[tensor])


def prepare(
    source: Source,
    subgraph: int,
    shapes: Mapping[Tensor, Shape],
    state: State,
    options: Options,
) -> Executable:
    """Make one subgraph of a model ready to run.

    Args:
        source: the model; operators may call its other subgraphs.
        subgraph: the index of the subgraph to run.
        shapes: the shape of every input tensor of that subgraph's outline.
        state: the variables of the interpreter.
        options: how to run.

    Raises:
        GraphError: an operator cannot take the shapes that reach it.
        UnsupportedError: there is no kernel for an operator.
    """
    if not options.reference and not is_supported():
        _warn_of_slowness()
        options = Options(options.threads, options.keep_all, reference=True)
    outline = source.outline.model.subgraphs[subgraph]
    key = _key(source, subgraph, [shapes[x] for x in outline.inputs], options)
    compiled = key and store.find_program(key)
    if compiled:
        return KeptExecutable(compiled, outline.tensors, state, options.threads)
    model = source.model
    if _holds(model, _of_users(source)):
        key = None
    graph = model.subgraphs[subgraph]
    real = dict(zip(outline.tensors, graph.tensors, strict=True))
    sizes = {real[x]: shape for x, shape in shapes.items()}
    executable = build(model, subgraph, sizes, state, options, key)
    return executable if graph is outline else RenamedExecutable(executable, real)


def _key(
    source: Source, subgraph: int, shapes: Sequence[Shape], options: Options
) -> str | None:
    """What the compiled subgraph is known by; None for what is not kept."""
    if options.reference or source.digest is None:
        return None
    # What users declare may be another thing in the next process, or the next line.
    known = " ".join([source.digest, *sorted(_of_users(source))])
    return store.program_key(known, subgraph, shapes, options, host())


def _of_users(source: Source) -> frozenset[str]:
    """The custom operators that a model may hold and that are not Gossamer's."""
    registry = sys.modules.get("gossamer.ir.custom_registry")
    # Before it is imported, nobody can have declared any.
    everywhere = registry.custom_of_users() if registry else frozenset[str]()
    return everywhere | frozenset(source.custom_operators)


def _holds(model: Model, names: frozenset[str]) -> bool:
    """Whether a model has one of some custom operators."""
    from gossamer.ir.op import CUSTOM_CODE  # noqa: PLC0415  (not for kept programs)

    return any(
        node.op.code == CUSTOM_CODE and node.op.name in names
        for graph in model.subgraphs
        for node in graph.nodes
    )


def build(
    model: Model,
    subgraph: int,
    shapes: Mapping[Tensor, Shape],
    state: State,
    options: Options,
    key: str | None = None,
) -> Divisible:
    """Compile one subgraph of a model, for its own tensors' shapes; see `prepare`.

    The program is kept on disk by `key`, if there is one.

    Raises:
        GraphError: an operator cannot take the shapes that reach it.
        UnsupportedError: there is no kernel for an operator.
    """
    # What compiles imports every operator and kernel: not needed for kept programs.
    from gossamer.runtime.native import NativeExecutable  # noqa: PLC0415
    from gossamer.runtime.reference import (  # noqa: PLC0415
        ReferenceExecutable,
        require_meaning,
    )
    from gossamer.runtime.staged import StagedExecutable  # noqa: PLC0415

    require_meaning(model, subgraph)
    graph = model.subgraphs[subgraph]
    threads, keep_all = options.threads, options.keep_all
    if options.reference:
        return ReferenceExecutable(graph, shapes, state, keep_all=keep_all)
    if _has_numbers_only(graph):
        try:
            made = NativeExecutable(
                graph, shapes, state=state, threads=threads, keep_all=keep_all
            )
        except UnsupportedError:
            pass  # A shape or a variable that depends on data: only running can tell.
        else:
            if key is not None and not state.done:
                store.keep_program(key, made.compiled)
            return made
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
