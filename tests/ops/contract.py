"""One test for every operator: all that its record says must agree.

A `Case` is one use of an operator with values for its inputs. `check(case)` builds a
model of one node and runs `STAGES` over it; each stage compares two of: the types
that `infer` states, the arrays of `reference` or `integer`, LiteRT's reference
kernels on the file that we write, the operator read back from it, and machine code
for each kind of machine that the CPU can stand for.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from gossamer.errors import UnsupportedError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder, free_shape
from gossamer.ir.evaluate import evaluate
from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.rewrite import substitute, with_nodes
from gossamer.ir.types import DType, TensorType
from gossamer.memory import ARENA, CONSTANTS
from gossamer.runtime.native import NativeExecutable
from tests.codegen.machines import RUNNABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.op import Op
    from gossamer.ir.quantization import Quantization
    from gossamer.ir.types import Array
    from gossamer.nest.target import Target


@dataclass(frozen=True, eq=False)
class Feed:
    """An input that is given when the model runs."""

    array: Array
    quantization: Quantization | None = None
    dtype: DType | None = None


@dataclass(frozen=True, eq=False)
class Constant:
    """An input that is stored in the model."""

    array: Array
    quantization: Quantization | None = None
    dtype: DType | None = None


@dataclass(frozen=True, eq=False)
class Variable:
    """State: an input that keeps what a run leaves in it; `array` is its start."""

    array: Array
    quantization: Quantization | None = None


Input: TypeAlias = Feed | Constant | Variable | None


@dataclass(frozen=True, eq=False)
class Case:
    """One use of an operator.

    `output` is the quantization of the outputs, unless `outputs` has one for each.
    `output_dtype` overrides the element type that `infer` gives, for the operators
    whose output tensor decides it.
    `tolerance` is the allowed difference of floats, as a share of the output's range.
    `judge` is LiteRT's set of kernels to compare with, where the reference set lacks
    the operator or is known to be wrong. Where all of them are, `expected` is the
    output by the operator's definition. `intermediates` are the quantizations of the
    tensors that a node has beside inputs and outputs.
    """

    op: Op
    inputs: tuple[Input, ...]
    output: Quantization | None = None
    output_dtype: DType | None = None
    tolerance: float = 1e-5
    judge: OpResolverType = OpResolverType.BUILTIN_REF
    name: str = ""
    intermediates: tuple[Quantization, ...] = ()
    outputs: tuple[Quantization, ...] = ()
    expected: Array | None = None

    def __str__(self) -> str:
        shapes = " ".join(
            "none" if x is None else "x".join(map(str, np.shape(x.array))) or "scalar"
            for x in self.inputs
        )
        kinds = {x.array.dtype.name for x in self.inputs if x is not None}
        described = self.name or shapes
        return f"{self.op.name}-{'-'.join(sorted(kinds))}-{described}"


@dataclass(frozen=True, eq=False)
class Run:
    """A case as a model, with the values of its tensors by our own arithmetic."""

    case: Case
    model: Model
    feeds: Mapping[Tensor, Array]
    values: Mapping[Tensor, Array] = field(default_factory=dict[Tensor, Any])

    @property
    def node(self) -> Node:
        return self.model.main.nodes[0]


def check(case: Case) -> None:
    """Run every stage over a case."""
    run = prepare(case)
    for stage in STAGES:
        stage(run)


def check_compiled(case: Case) -> None:
    """The same for a case that there must be a kernel for."""
    run = prepare(case)
    for stage in STAGES[:-1]:
        stage(run)
    for target in MACHINES:
        found = compiled_agrees_on(run, target)
        assert found, f"{case} has no kernel on {target.cpu}"


def prepare(case: Case) -> Run:
    """Build the case's model and evaluate it."""
    graph, feeds = graph_of(case)
    return Run(case, Model((graph,)), feeds, evaluate(graph, feeds))


def graph_of(case: Case) -> tuple[Subgraph, dict[Tensor, Array]]:
    """A graph of one node, and what it is fed."""
    build = Builder("main")
    feeds: dict[Tensor, Array] = {}
    tensors: list[Tensor | None] = []
    for index, given in enumerate(case.inputs):
        tensors.append(_tensor(build, f"input_{index}", given, feeds))
    outputs = build.nodes(case.op, *tensors, quantization=case.output)
    graph = _with_output_type(build.finish(outputs), case.output_dtype)
    graph = _with_outputs(graph, case.outputs)
    return _with_intermediates(graph, case.intermediates), feeds


def _tensor(
    build: Builder,
    name: str,
    given: Input,
    feeds: dict[Tensor, Array],
) -> Tensor | None:
    match given:
        case None:
            return None
        case Constant(array, quantization, dtype):
            return build.constant(name, array, quantization, dtype)
        case Feed(array, quantization, dtype):
            kind = dtype or DType.of_numpy(array.dtype)
            type_ = TensorType(kind, np.shape(array))
            tensor = build.input(name, type_, quantization)
            feeds[tensor] = array
            return tensor
        case Variable(array, quantization):
            type_ = TensorType(DType.of_numpy(array.dtype), array.shape)
            tensor = Tensor(name, type_, quantization=quantization, is_variable=True)
            feeds[tensor] = array
            return tensor


def _with_output_type(graph: Subgraph, dtype: DType | None) -> Subgraph:
    if dtype is None:
        return graph
    moved = {
        y: replace(y, type=TensorType(dtype, y.shape)) for y in graph.nodes[0].outputs
    }
    return substitute(graph, moved)


def _with_outputs(graph: Subgraph, quantizations: Sequence[Quantization]) -> Subgraph:
    outputs = graph.nodes[0].outputs[: len(quantizations)]
    pairs = zip(outputs, quantizations, strict=True)
    return substitute(graph, {y: replace(y, quantization=each) for y, each in pairs})


def _with_intermediates(
    graph: Subgraph, quantizations: Sequence[Quantization]
) -> Subgraph:
    if not quantizations:
        return graph
    (node,) = graph.nodes
    made = tuple(
        Tensor(f"intermediate_{i}", TensorType(DType.INT16, (1,)), quantization=each)
        for i, each in enumerate(quantizations)
    )
    return with_nodes(graph, [replace(node, intermediates=made)])


def types_agree(run: Run) -> None:
    """The inferred types are those of the arrays that come out."""
    for tensor in run.node.outputs:
        value = run.values[tensor]
        inferred = free_shape(tensor)
        assert value.dtype == tensor.dtype.numpy, f"{tensor} came out {value.dtype}"
        assert len(inferred) == value.ndim, f"{inferred} came out {value.shape}"
        fits = (a in (-1, b) for a, b in zip(inferred, value.shape, strict=True))
        assert all(fits), f"{inferred} came out {value.shape}"


def round_trip(run: Run) -> None:
    """The file holds an equal operator, at the version that its rule gives."""
    node = read(write(run.model)).main.nodes[0]
    assert node.op == run.node.op
    assert node.version == run.node.op.version(run.node)


def litert_agrees(run: Run) -> None:
    """LiteRT's reference kernels give the same: integers to the bit."""
    given = run.case.expected
    expected = litert_results(run) if given is None else [given]
    for tensor, theirs in zip(run.node.written, expected, strict=True):
        assert_same(run.values[tensor], theirs, run.case.tolerance)


def litert_results(run: Run) -> list[Array]:
    """What LiteRT's reference kernels write, by the written model: outputs, states."""
    interpreter = Interpreter(
        model_content=write(run.model),
        experimental_op_resolver_type=run.case.judge,
    )
    interpreter.allocate_tensors()
    places = {each: i for i, each in enumerate(run.model.main.tensors)}
    for tensor, array in run.feeds.items():
        interpreter.set_tensor(places[tensor], array)
    interpreter.invoke()
    return [interpreter.get_tensor(places[tensor]) for tensor in run.node.written]


def assert_same(ours: Array, theirs: Array, tolerance: float) -> None:
    """Equal types and shapes; floats within a share of the range, the rest equal."""
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    if ours.dtype == DType.BFLOAT16.numpy:
        ours, theirs = ours.astype(np.float32), theirs.astype(np.float32)
    if ours.dtype.kind not in "fc":
        np.testing.assert_array_equal(ours, theirs)
        return
    finite = theirs[np.isfinite(theirs)]
    reach = float(np.abs(finite).max()) if finite.size else 0.0
    np.testing.assert_allclose(
        ours, theirs, rtol=0, atol=max(tolerance * reach, 1e-30), equal_nan=True
    )


ON_ALL_MACHINES = "GOSSAMER_TEST_MACHINES"
"""Set to `all`, every case is compiled for every machine; else to the name of one."""

_CHOSEN = os.environ.get(ON_ALL_MACHINES, "")
_NAMES = ("amx", "vnni", "avx2", "sse2", "scalar")
MACHINES = tuple(
    RUNNABLE[name]
    for name in ((_CHOSEN,) if _CHOSEN in _NAMES else _NAMES)
    if name in RUNNABLE
)
"""What machine code is made for."""


def compiled_agrees(run: Run) -> None:
    """Machine code gives the same as our arithmetic: integers to the bit."""
    for target in machines_of(run.case):
        if not compiled_agrees_on(run, target):
            return


def machines_of(case: Case) -> tuple[Target, ...]:
    """This machine, and one of the lesser ones, which differ from case to case."""
    if os.environ.get(ON_ALL_MACHINES) == "all" or len(MACHINES) < 3:
        return MACHINES
    best, *others = MACHINES
    return best, others[zlib.crc32(str(case).encode()) % len(others)]


def compiled_agrees_on(run: Run, target: Target) -> bool:
    """Whether there was a kernel, whose results must then be right."""
    if any(t.dtype.numpy.hasobject for t in run.model.main.tensors):
        return False
    shapes = {tensor: np.shape(array) for tensor, array in run.feeds.items()}
    try:
        executable = NativeExecutable(run.model.main, shapes, target=target)
    except UnsupportedError:
        return False  # the output's shape depends on data
    for _ in range(2):
        for byte in (
            executable.runner.bases[ARENA],
            executable.runner.bases[CONSTANTS][-target.alignment :],
        ):
            byte[:] = 0xA5
        for tensor, array in run.feeds.items():
            view = executable.view(tensor)
            assert view is not None
            view[...] = array
        executable.invoke()
        for tensor in run.node.written:
            found = executable.view(tensor)
            assert found is not None
            assert_same(found, run.values[tensor], run.case.tolerance)
    return not executable.program.interpreted


OPTIMIZED = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
"""LiteRT's own optimized kernels, as a `judge`."""

STAGES = (types_agree, round_trip, litert_agrees, compiled_agrees)
