"""How a subgraph would run on this machine, without running or compiling it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.codegen.compile import image_of
from gossamer.codegen.host import host
from gossamer.errors import UnsupportedError
from gossamer.lowering.link import Linker
from gossamer.lowering.lower import lower
from gossamer.lowering.specialize import specialize
from gossamer.runtime.procedures import Division
from gossamer.runtime.reference import require_meaning
from gossamer.runtime.state import State

if TYPE_CHECKING:
    from gossamer.ir.graph import Model
    from gossamer.lowering.program import Program


def plan(model: Model, subgraph: int) -> Program:
    """The program of a subgraph, for the shapes that the file states.

    Raises:
        CompilationError: there is no code generator for this machine.
        GraphError: the shapes do not fit.
        UnsupportedError: an operator cannot run, or a shape depends on data.
    """
    graph = model.subgraphs[subgraph]
    target = host()
    require_meaning(model, subgraph)
    for tensor in graph.tensors:
        if tensor.dtype.numpy.hasobject:
            raise UnsupportedError(
                f"machine code works on numbers, and '{tensor.name}' holds "
                f"{tensor.dtype.title}"
            )
    state = State(lambda: model.subgraphs)
    state.begin(graph)
    linker = Linker(state.subgraphs, state.types(), state.done)
    fixed, _ = specialize(graph, {}, linker=linker)
    return lower(fixed, target, variables=tuple(linker.variables.values()))


def code_bytes(program: Program) -> int:
    """The size of a program's machine code, which is compiled for that.

    Raises:
        CompilationError: the code cannot be made.
    """
    division = Division(1)
    division.parts(program.actions)
    return len(image_of(program.target, division.procedures).code)
