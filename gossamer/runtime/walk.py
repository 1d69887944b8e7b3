"""Run a subgraph node by node and show each value as soon as it is there.

Values share memory as in a plain run, so that a look at all of them takes no more
memory than the largest ones: each is gone when the walk goes on. Floats are multiplied
as they are: to pack weights for the matrix unit would take longer than it saves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from gossamer.codegen.compile import image_of
from gossamer.codegen.host import host, is_supported
from gossamer.errors import UnsupportedError
from gossamer.ir.graph import Node, Tensor
from gossamer.ir.transient import names_of
from gossamer.ir.types import Array
from gossamer.lowering.program import PlacedStep
from gossamer.ops.bound import BoundIf, BoundWhile
from gossamer.runtime.executable import Options, build
from gossamer.runtime.native import Compilation
from gossamer.runtime.procedures import Division
from gossamer.runtime.reference import require_meaning
from gossamer.runtime.runner import Runner
from gossamer.runtime.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Model
    from gossamer.ir.types import Shape
    from gossamer.lowering.program import Action, Program

See: TypeAlias = Callable[[Tensor, Array], None]
"""Is shown a tensor and its value, which it must not keep nor change."""

Walk: TypeAlias = Callable[[Mapping[Tensor, Array], See], None]
"""A run from the inputs' values on, which shows the value of every tensor."""


def walk(model: Model, subgraph: int, shapes: Mapping[Tensor, Shape]) -> Walk:
    """Compile one subgraph of a model to be walked through.

    Where a shape depends on data, or there is no code generator for the machine, all
    values are kept to the end of a run instead.

    Args:
        model: the model; operators may call its other subgraphs.
        subgraph: the index of the subgraph.
        shapes: the shape of every input.

    Raises:
        GraphError: an operator cannot take the shapes that reach it.
        UnsupportedError: there is no kernel for an operator.
    """
    require_meaning(model, subgraph)
    graph = model.subgraphs[subgraph]
    numbers = not any(tensor.dtype.numpy.hasobject for tensor in graph.tensors)
    if numbers and is_supported():
        try:
            return _CompiledWalk(model, subgraph, shapes)
        except UnsupportedError:
            pass  # A shape or a variable that depends on data: only running can tell.
    return _kept_walk(model, subgraph, shapes)


class _CompiledWalk:
    """Compiled steps, and what is to be shown after each node's."""

    __slots__ = ("_check", "_inputs", "_known", "_runner", "_states", "_steps")

    def __init__(
        self, model: Model, subgraph: int, shapes: Mapping[Tensor, Shape]
    ) -> None:
        graph = model.subgraphs[subgraph]
        state = State(lambda: model.subgraphs)
        state.begin(graph)
        target = host(exact=True)
        work = Compilation(graph, shapes, target, state, apart=True)
        division = Division(1)
        groups = _groups(work.program)
        parts = [division.parts(group) for group in groups]
        image = image_of(work.program.target, division.procedures)
        whole = tuple(part for each in parts for part in each)
        compiled = work.compiled(image, whole)
        self._runner = runner = Runner(compiled, state, 1)
        self._check = runner.alarmed(_nothing) if compiled.alarms else _nothing
        views = {x: runner.view(index) for index, x in enumerate(graph.tensors)}
        self._inputs = {x: view for x in graph.inputs if (view := views[x]) is not None}
        self._states = [(views[x], x.blank) for x in _transient(model, subgraph)]
        names = _names(graph.tensors, work.moved)
        self._steps = [
            (runner.run_of(part), _shown(node, names, views))
            for node, part in zip(work.program.subgraph.nodes, parts, strict=True)
        ]
        self._known = [(x, y.data) for x, y in work.moved.items() if y.data is not None]

    def __call__(self, inputs: Mapping[Tensor, Array], see: See) -> None:
        _clear(self._states)
        for tensor, view in self._inputs.items():
            view[...] = inputs[tensor]
            see(tensor, view)
        for tensor, array in self._known:
            see(tensor, array)
        for run, shown in self._steps:
            run()
            for tensor, view in shown:
                see(tensor, view)
        self._check()


def _nothing() -> None:
    pass


def _transient(model: Model, subgraph: int) -> list[Tensor]:
    """The variables that each run begins without."""
    names = names_of(model.metadata)
    tensors = model.subgraphs[subgraph].tensors
    return [x for x in tensors if x.is_variable and x.name in names]


def _clear(states: Sequence[tuple[Array | None, int]]) -> None:
    for view, value in states:
        if view is not None:
            view.fill(value)


def _groups(program: Program) -> list[list[Action]]:
    """What each node of the program's graph does; nothing for one that only renames."""
    nodes = program.subgraph.nodes
    positions = {node: index for index, node in enumerate(nodes)}
    control = iter(
        index
        for index, node in enumerate(nodes)
        if isinstance(node.op, (BoundIf, BoundWhile))
    )
    groups: list[list[Action]] = [[] for _ in nodes]
    for action in program.actions:
        match action:
            case PlacedStep(node=node) | (Node() as node):
                groups[positions[node]].append(action)
            case _:
                groups[next(control)].append(action)
    return groups


def _names(
    tensors: Sequence[Tensor], moved: Mapping[Tensor, Tensor]
) -> dict[Tensor, list[Tensor]]:
    """The model's tensors by those of the program."""
    found: dict[Tensor, list[Tensor]] = {}
    for tensor in tensors:
        found.setdefault(moved.get(tensor, tensor), []).append(tensor)
    return found


def _shown(
    node: Node,
    names: Mapping[Tensor, Sequence[Tensor]],
    views: Mapping[Tensor, Array | None],
) -> list[tuple[Tensor, Array]]:
    found = (x for y in node.outputs for x in names.get(y, ()))
    return [(x, view) for x in found if (view := views[x]) is not None]


def _kept_walk(model: Model, subgraph: int, shapes: Mapping[Tensor, Shape]) -> Walk:
    graph = model.subgraphs[subgraph]
    options = Options(keep_all=True, reference=not is_supported())
    state = State(lambda: model.subgraphs)
    executable = build(model, subgraph, shapes, state, options)
    transient = _transient(model, subgraph)

    def run(inputs: Mapping[Tensor, Array], see: See) -> None:
        _clear([(executable.view(x), x.blank) for x in transient])
        for tensor in graph.inputs:
            view = executable.view(tensor)
            assert view is not None
            view[...] = inputs[tensor]
        executable.invoke()
        for tensor in graph.tensors:
            value = None if tensor.is_constant else executable.view(tensor)
            if value is not None:
                see(tensor, value)

    return run
