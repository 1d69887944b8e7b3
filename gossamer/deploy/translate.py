"""A model as a library's program: all memory in one block, and no Python left in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.codegen.image import Image
from gossamer.codegen.library import Library, Span
from gossamer.deploy.ports import Interface, ports
from gossamer.errors import UnsupportedError
from gossamer.lowering.arena import align
from gossamer.memory import ALARMS, ARENA, CONSTANTS, VARIABLES
from gossamer.runtime.native import Compilation
from gossamer.runtime.procedures import Division
from gossamer.runtime.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.deploy.network import Network
    from gossamer.ir.graph import Node, Subgraph, Tensor
    from gossamer.nest.target import Target
    from gossamer.runtime.compiled import Compiled, Place

_ALARM_BYTES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Translated:
    """A library, what callers must know of it, and the program it was made of."""

    library: Library
    interface: Interface
    work: Compilation


def translate(network: Network, target: Target, device: str) -> Translated:
    """A graph of a model as a library for a machine.

    Args:
        network: the graph, and the shapes of its inputs.
        target: the machine.
        device: the device's name, for people.

    Raises:
        UnsupportedError: an operator has no kernel, or a shape depends on data.
    """
    graph, name = network.graph, network.name
    state = State(lambda: network.model.subgraphs)
    state.begin(graph)
    work = Compilation(graph, network.shapes, target, state)
    _refuse(work.program.interpreted)
    compiled = work.compiled(Image(b"", {}), ())
    memory = _Memory.of(compiled, state, target.alignment)
    places = [_places(graph, compiled, xs) for xs in (graph.inputs, graph.outputs)]
    fixed = [[place.type.shape for place in each] for each in places]
    called = network.signature
    interface = Interface(
        name,
        device,
        memory.nbytes,
        target.alignment,
        ports(graph.inputs, fixed[0], called.inputs if called else {}),
        ports(graph.outputs, fixed[1], called.outputs if called else {}),
        tuple(f"{alarm.name}: {alarm.text}" for alarm in compiled.alarms),
    )
    division = Division(1)
    division.parts(work.program.actions)
    actions = division.procedures.get("part0", ())
    library = Library(
        name,
        actions,
        memory.bases,
        CONSTANTS,
        compiled.constants.tobytes(),
        memory.nbytes,
        memory.state,
        memory.initial,
        len(compiled.alarms),
        [place.address for place in places[0]],
        [place.address for place in places[1]],
        interface.as_json(),
    )
    return Translated(library, interface, work)


def _refuse(nodes: Sequence[Node]) -> None:
    """A library holds machine code only."""
    if not nodes:
        return
    names = ", ".join(sorted({node.op.name for node in nodes}))
    raise UnsupportedError(
        f"no kernel exists for {names}, which run through Python on the desk; a "
        "library cannot hold them. `gossamer inspect` shows where they are"
    )


def _places(
    graph: Subgraph, compiled: Compiled, tensors: Sequence[Tensor]
) -> list[Place]:
    """Where what the caller sets or reads lies."""
    positions = {x: i for i, x in enumerate(graph.tensors)}
    found = [compiled.places.get(positions[x]) for x in tensors]
    for tensor, place in zip(tensors, found, strict=True):
        if place is None:
            raise UnsupportedError(
                f"the output '{tensor.name}' is a constant of the file, which no "
                "operator gives; leave it out of the model's outputs"
            )
    return [place for place in found if place is not None]


@dataclass(frozen=True, slots=True)
class _Memory:
    """The block: intermediate tensors, then alarms and variables, which `init` sets."""

    bases: dict[int, int]
    state: Span
    nbytes: int
    initial: bytes | None

    @classmethod
    def of(cls, compiled: Compiled, state: State, alignment: int) -> _Memory:
        start = align(compiled.arena_bytes, alignment)
        position = align(start + len(compiled.alarms) * _ALARM_BYTES, alignment)
        bases = {ARENA: 0, ALARMS: start}
        initial = bytearray(position - start)
        for index, (key, type_) in enumerate(compiled.variables):
            bases[VARIABLES + index] = position
            initial += state.memory(key, type_).tobytes()
            position = align(position + type_.nbytes, alignment)
            initial.extend(bytes(position - start - len(initial)))
        span = Span(start, position - start)
        return cls(bases, span, position, bytes(initial) if any(initial) else None)
