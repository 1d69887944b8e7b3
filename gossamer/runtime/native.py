"""Compile a subgraph, and run it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gossamer.codegen.compile import image_of
from gossamer.codegen.host import host
from gossamer.ir.graph import Node
from gossamer.lowering.link import Linker
from gossamer.lowering.lower import lower
from gossamer.lowering.program import steps_of
from gossamer.lowering.specialize import specialize
from gossamer.lowering.threads import worthwhile_threads
from gossamer.memory import ARENA, CONSTANTS
from gossamer.runtime.compiled import Alarm, Compiled, Place
from gossamer.runtime.pieces import piece_of
from gossamer.runtime.procedures import Division
from gossamer.runtime.runner import Runner
from gossamer.runtime.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.codegen.image import Image
    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.types import Array, Shape
    from gossamer.lowering.program import Program
    from gossamer.nest.target import Target
    from gossamer.runtime.compiled import Part
    from gossamer.runtime.pieces import Piece


class NativeExecutable:
    """A compiled subgraph with its memory."""

    __slots__ = ("_positions", "_state", "compiled", "moving", "program", "runner")

    def __init__(
        self,
        subgraph: Subgraph,
        shapes: Mapping[Tensor, Shape],
        *,
        keep_all: bool = False,
        target: Target | None = None,
        state: State | None = None,
        threads: int = 1,
    ) -> None:
        """Compile `subgraph` for the shapes of its inputs.

        Raises:
            GraphError: an operator cannot take the shapes that reach it.
            UnsupportedError: a shape depends on data.
        """
        state = state or State()
        state.begin(subgraph)
        work = Compilation(subgraph, shapes, target or host(), state, keep_all=keep_all)
        self.program: Program = work.program
        self.compiled: Compiled = work.finish(threads)
        self.runner = Runner(self.compiled, state, threads)
        self._state = state
        self.moving: frozenset[Tensor] = frozenset()
        self._positions = {x: index for index, x in enumerate(subgraph.tensors)}

    @property
    def invoke(self) -> Callable[[], None]:
        """What computes the outputs: the native function itself, where it can be."""
        return self.runner.invoke

    @property
    def is_brief(self) -> bool:
        """Whether `invoke` keeps other Python threads out while it runs."""
        return self.runner.is_brief

    def pieces(self) -> list[Piece]:
        """Every step on its own, in the order in which they run, on one thread.

        From now on the executable works on the memory of the pieces.
        """
        actions, division = self.program.actions, Division(1)
        parts = [division.parts((action,)) for action in actions]
        compiled = replace(
            self.compiled,
            image=image_of(self.program.target, division.procedures),
            parts=tuple(part for each in parts for part in each),
        )
        runner = Runner(compiled, self._state, 1)
        runner.bases[ARENA][:] = self.runner.bases[ARENA]
        self.runner = runner
        return [
            piece_of(action, runner.run_of(part), self)
            for action, part in zip(actions, parts, strict=True)
        ]

    def view(self, tensor: Tensor) -> Array | None:
        """The live memory of a tensor's value; None where it is not kept."""
        if tensor.data is not None:
            return tensor.data
        return self.runner.view(self._positions[tensor])

    def shape(self, tensor: Tensor) -> Shape:
        """The shape of a tensor's value."""
        return self.compiled.shapes.get(self._positions[tensor], tensor.shape)


@dataclass(slots=True, init=False)
class Compilation:
    """The way of one subgraph through `lowering` and `codegen`."""

    subgraph: Subgraph
    moved: dict[Tensor, Tensor]
    linker: Linker
    program: Program

    def __init__(
        self,
        subgraph: Subgraph,
        shapes: Mapping[Tensor, Shape],
        target: Target,
        state: State,
        *,
        keep_all: bool = False,
        apart: bool = False,
    ) -> None:
        self.subgraph = subgraph
        self.linker = Linker(state.subgraphs, state.types(), state.done)
        fixed, self.moved = specialize(
            subgraph, shapes, keep_all=keep_all, linker=self.linker
        )
        self.program = lower(
            fixed,
            target,
            keep_all=keep_all,
            apart=apart,
            variables=tuple(self.linker.variables.values()),
            known=_known(subgraph, self.moved, keep_all=keep_all),
        )

    def finish(self, threads: int) -> Compiled:
        """The program in as few parts as can be."""
        program = self.program
        threads = worthwhile_threads(program.actions, threads)
        division = Division(threads)
        parts = division.parts(program.actions)
        image = image_of(program.target, division.procedures, threads=threads)
        return self.compiled(image, parts)

    def compiled(self, image: Image, parts: tuple[Part, ...]) -> Compiled:
        """Machine code with all that it needs to run."""
        program = self.program
        keys = self.linker.variables
        return Compiled(
            image,
            program.constants,
            program.arena_bytes,
            parts,
            self._places(),
            program.is_brief,
            tuple((key, tensor.type) for key, tensor in keys.items()),
            self._inner(),
            {node: index for index, node in enumerate(program.subgraph.nodes)},
            self._alarms(),
            self._shapes(),
        )

    def _alarms(self) -> tuple[Alarm, ...]:
        index = {node: i for i, node in enumerate(self.program.subgraph.nodes)}
        return tuple(
            Alarm(index.get(alarm.node, -1), alarm.node.op.name, alarm.text)
            for alarm in self.program.alarms
        )

    def _shapes(self) -> dict[int, Shape]:
        """Shapes that are others than the file's."""
        return {
            index: self.moved[x].shape
            for index, x in enumerate(self.subgraph.tensors)
            if x in self.moved and self.moved[x].shape != x.shape
        }

    def _places(self) -> dict[int, Place]:
        """Where the values of the subgraph's tensors lie, of those that have one."""
        found: dict[int, Place] = {}
        for index, tensor in enumerate(self.subgraph.tensors):
            made = self.moved.get(tensor, tensor)
            if made in self.program.folded:
                address = (CONSTANTS, self.program.folded[made])
            elif made in self.program.places:
                address = self.program.places[made]
            else:
                continue
            found[index] = Place(address, made.type)
        return found

    def _inner(self) -> dict[Tensor, Place]:
        found: dict[Tensor, Place] = {}
        for node in steps_of(self.program.actions):
            if not isinstance(node, Node):
                continue
            for x in (*node.inputs, *node.outputs):
                if x is not None and x.data is None:
                    found[x] = Place(self.program.places[x], x.type)
        return found


def _known(
    subgraph: Subgraph, moved: Mapping[Tensor, Tensor], *, keep_all: bool
) -> tuple[Tensor, ...]:
    """What was computed ahead, of the tensors that somebody may read."""
    read = subgraph.tensors if keep_all else subgraph.outputs
    made = (moved[x] for x in read if x in moved)
    return tuple(x for x in made if x.data is not None)
