"""Programs: who runs how, and which tensors share memory."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.evaluate import evaluate
from gossamer.ir.graph import Node, Subgraph, Tensor
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.step import Constant
from gossamer.lowering.layout import Layout
from gossamer.lowering.lower import lower
from gossamer.lowering.program import PlacedStep, Program
from gossamer.lowering.share import Sharing
from gossamer.lowering.specialize import specialize
from gossamer.memory import ALIGNMENT, ARENA, CONSTANTS, aligned
from gossamer.nest.interpret import interpret
from gossamer.ops import Add, Conv2D, Cumsum, FullyConnected, Relu, Reshape, Softmax
from gossamer.runtime.native import NativeExecutable
from tests.codegen.machines import TARGETS

TARGET = TARGETS["avx2"]


def floats(*shape: int) -> TensorType:
    return TensorType(DType.FLOAT32, shape)


def shape_of(build: Builder, *sizes: int) -> Tensor:
    return build.constant("shape", np.array(sizes, np.int32))


def lowered(graph: Subgraph, *, keep_all: bool = False) -> tuple[Program, dict]:
    fixed, moved = specialize(graph, {}, keep_all=keep_all)
    return lower(fixed, TARGET, keep_all=keep_all), moved


def steps_of(program: Program) -> list[str]:
    steps = [each for each in program.actions if isinstance(each, PlacedStep)]
    return [step.node.op.name for step in steps]


def reshaped() -> tuple[Subgraph, list[Tensor]]:
    build = Builder()
    x = build.input("x", floats(2, 6))
    one = build.node(Softmax(1.0), x)
    two = build.node(Reshape(), one, shape_of(build, 3, 4))
    three = build.node(Reshape(), two, shape_of(build, 12))
    four = build.node(Softmax(1.0), three)
    return build.finish([four]), [one, two, three, four]


def test_a_reshape_shares_its_inputs_memory() -> None:
    graph, (one, two, three, four) = reshaped()
    program, moved = lowered(graph)
    places = program.places
    assert places[moved[one]] == places[moved[two]] == places[moved[three]]
    assert places[moved[four]] != places[moved[one]]
    assert steps_of(program) == ["SOFTMAX", "SOFTMAX"]


def test_shared_memory_lives_as_long_as_any_of_its_tensors() -> None:
    """The first result is read again, by another shape's name, after the second."""
    build = Builder()
    x = build.input("x", floats(2, 6))
    one = build.node(Relu(), x)
    other = build.node(Reshape(), one, shape_of(build, 12))
    two = build.node(Softmax(1.0), one)
    three = build.node(Softmax(2.0), two)
    flat = build.node(Reshape(), three, shape_of(build, 12))
    graph = build.finish([build.node(Add(), other, flat)])
    array = np.random.default_rng(0).normal(size=(2, 6)).astype(np.float32)
    assert_runs(graph, array)


@pytest.mark.parametrize("as_output", [False, True])
def test_a_reshaped_input_or_output(as_output: bool) -> None:  # noqa: FBT001
    build = Builder()
    x = build.input("x", floats(2, 6))
    flat = build.node(Reshape(), x, shape_of(build, 12))
    last = flat if as_output else build.node(Relu(), flat)
    graph = build.finish([last])
    program, moved = lowered(graph)
    shares = program.places[moved[x]] == program.places[moved[flat]]
    assert shares is not as_output
    assert_runs(graph, np.arange(-6, 6, dtype=np.float32).reshape(2, 6))


def test_every_tensor_has_its_own_memory_where_all_are_kept() -> None:
    graph, tensors = reshaped()
    program, moved = lowered(graph, keep_all=True)
    kept = [graph.inputs[0], *tensors]
    spans = [(program.places[moved[t]], moved[t].type.nbytes) for t in kept]
    for ((_, one), size), ((_, two), other) in combinations(spans, 2):
        assert one + size <= two or two + other <= one
    executable = NativeExecutable(graph, {}, keep_all=True)
    array = np.arange(-6, 6, dtype=np.float32).reshape(2, 6)
    view(executable, graph.inputs[0])[...] = array
    executable.invoke()
    for tensor, value in evaluate(graph, {graph.inputs[0]: array}).items():
        np.testing.assert_allclose(view(executable, tensor), value, rtol=1e-6)


def view(executable: NativeExecutable, tensor: Tensor) -> np.ndarray:
    found = executable.view(tensor)
    assert found is not None
    return found


def assert_runs(graph: Subgraph, array: np.ndarray) -> None:
    """Machine code leaves what the operators mean, run after run."""
    executable = NativeExecutable(graph, {})
    expected = evaluate(graph, {graph.inputs[0]: array})
    for _ in range(2):
        view(executable, graph.inputs[0])[...] = array
        executable.invoke()
        for y in graph.outputs:
            np.testing.assert_allclose(view(executable, y), expected[y], atol=1e-6)


def test_a_node_without_a_kernel_runs_between_compiled_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Cumsum, "lower", lambda op, node, target: None)
    build = Builder()
    x = build.input("x", floats(2, 6))
    summed = build.node(
        Cumsum(), build.node(Relu(), x), build.constant("a", np.int32(1))
    )
    graph = build.finish([build.node(Relu(), summed)])
    program, _ = lowered(graph)
    assert [node.op.name for node in program.interpreted] == ["CUMSUM"]
    assert [isinstance(each, Node) for each in program.actions] == [False, True, False]
    assert_runs(graph, np.arange(-6, 6, dtype=np.float32).reshape(2, 6))


def test_an_input_that_is_an_output_is_left_alone() -> None:
    build = Builder()
    x = build.input("x", floats(2, 6))
    graph = build.finish([x, build.node(Relu(), x)])
    assert_runs(graph, np.arange(-6, 6, dtype=np.float32).reshape(2, 6))


def test_a_graph_of_constants_needs_no_steps() -> None:
    build = Builder()
    one = build.constant("c", np.array([1, -2], np.float32))
    graph = build.finish([build.node(Relu(), one)])
    executable = NativeExecutable(graph, {})
    executable.invoke()
    assert view(executable, graph.outputs[0]).tolist() == [1, 0]


def network() -> Subgraph:
    rng = np.random.default_rng(1)

    def weights(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    build = Builder()
    x = build.input("x", floats(1, 8, 8, 3))
    for channels, inputs in ((16, 3), (8, 16)):
        kernel = build.constant("w", weights(channels, 3, 3, inputs))
        x = build.node(
            Conv2D("same", 1, 1, "relu"),
            x,
            kernel,
            build.constant("b", weights(channels)),
        )
    flat = build.node(Reshape(), x, shape_of(build, 1, 512))
    dense = build.node(
        FullyConnected(), flat, build.constant("w", weights(4, 512)), None
    )
    return build.finish([build.node(Softmax(1.0), dense)])


def test_every_address_lies_within_its_memory_and_is_aligned() -> None:
    program, _ = lowered(network())
    sizes = {ARENA: program.arena_bytes, CONSTANTS: len(program.constants)}
    for step in program.actions:
        assert isinstance(step, PlacedStep)
        for base, offset in step.addresses:
            assert 0 <= offset < sizes[base]
            assert offset % ALIGNMENT == 0
    assert program.constants.ctypes.data % ALIGNMENT == 0


@pytest.mark.parametrize("name", TARGETS)
def test_no_step_leaves_the_arena_or_the_constants(name: str) -> None:
    """Interpreted, where every access is checked, on every machine."""
    graph = network()
    fixed, moved = specialize(graph, {})
    program = lower(fixed, TARGETS[name])
    array = np.random.default_rng(2).normal(size=(1, 8, 8, 3)).astype(np.float32)
    arena = np.full(program.arena_bytes, 0xA5, np.uint8)
    _, place = program.places[moved[graph.inputs[0]]]
    arena[place : place + array.nbytes] = array.reshape(-1).view(np.uint8)
    memory = {ARENA: arena, CONSTANTS: program.constants}
    for step in program.actions:
        assert isinstance(step, PlacedStep)
        buffers = [memory[base][offset:] for base, offset in step.addresses]
        interpret(step.kernel, buffers, 0, step.units)
    (y,) = graph.outputs
    _, place = program.places[moved[y]]
    found = arena[place : place + y.type.nbytes].view(np.float32)
    expected = evaluate(graph, {graph.inputs[0]: array})[y]
    np.testing.assert_allclose(found, expected[0], atol=1e-6)


def test_a_network_of_several_layers_runs() -> None:
    array = np.random.default_rng(2).normal(size=(1, 8, 8, 3)).astype(np.float32)
    assert_runs(network(), array)


def products_by(*kernels: np.ndarray) -> int:
    """Bytes of the constants of products with square matrices, one after another."""
    build = Builder()
    x = build.input("x", floats(1, len(kernels[0])))
    for kernel in kernels:
        x = build.node(FullyConnected(), x, build.constant("w", kernel), None)
    program, _ = lowered(build.finish([x]))
    return len(program.constants)


@pytest.mark.parametrize("size", [64, 192])
def test_equal_constants_are_stored_once(size: int) -> None:
    kernel = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    assert products_by(kernel, kernel, kernel) < 2 * kernel.nbytes


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_constants_that_differ_in_one_number_are_two(place: int) -> None:
    kernel = np.random.default_rng(0).normal(size=(192, 192)).astype(np.float32)
    other = kernel.copy()
    other.reshape(-1)[place] += 1
    assert products_by(kernel, other, kernel) >= 2 * kernel.nbytes


def test_runs_of_one_byte_lie_within_the_longest_before() -> None:
    layout = Layout(Sharing(network(), keep_all=False), (), 64)
    rows = [Constant(np.full(size, 7, np.uint8)) for size in (100, 300, 200, 300)]
    other = Constant(np.full(100, 8, np.uint8))
    offsets = [layout.address(row)[1] for row in rows]
    assert offsets[1:] == [offsets[1]] * 3
    at = layout.address(other)[1]
    content = layout.constant_bytes()
    assert (content[offsets[1] : offsets[1] + 300] == 7).all()
    assert (content[at : at + 100] == 8).all()


@pytest.mark.parametrize("nbytes", [0, 1, 64, 1000])
def test_aligned_memory_is_zeroed(nbytes: int) -> None:
    memory = aligned(nbytes)
    assert memory.shape == (nbytes,)
    assert memory.ctypes.data % ALIGNMENT == 0 or nbytes == 0
    assert not memory.any()
