"""The reference executable: memory, variables, strings, missing operators."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import ExecutionError, UnsupportedError
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Node, Subgraph, Tensor
from gossamer.ir.op import Builtin, Custom
from gossamer.ir.types import DType, TensorType
from gossamer.ops import FullyConnected, Reshape
from gossamer.runtime.reference import ReferenceExecutable, require_meaning
from gossamer.runtime.state import State

FLOATS = TensorType(DType.FLOAT32, (2, 2))


def chain(length):
    """x -> RESHAPE -> ... -> RESHAPE, all tensors in order."""
    build = Builder()
    tensors = [build.input("x", FLOATS)]
    target = build.constant("target", np.array([4], np.int32))
    for _ in range(length):
        tensors.append(build.node(Reshape(), tensors[-1], target, name="y"))
    return build.finish([tensors[-1]]), tensors


def test_intermediates_are_dropped_after_their_last_use():
    graph, (x, middle, last) = chain(2)
    executable = ReferenceExecutable(graph, {}, State(), keep_all=False)
    executable.view(x)[...] = 3
    executable.invoke()
    assert executable.view(middle) is None
    assert executable.view(last).tolist() == [3, 3, 3, 3]


def test_results_do_not_share_memory_with_inputs():
    graph, (x, y) = chain(1)
    executable = ReferenceExecutable(graph, {}, State(), keep_all=False)
    executable.invoke()
    assert not np.shares_memory(executable.view(x), executable.view(y))


def test_outputs_can_be_read_before_the_first_run():
    graph, (_, y) = chain(1)
    executable = ReferenceExecutable(graph, {}, State(), keep_all=False)
    assert executable.view(y).tolist() == [0, 0, 0, 0]


def test_variables_keep_their_memory():
    variable = Tensor("state", FLOATS, is_variable=True)
    output = Tensor("y", TensorType(DType.FLOAT32, (4,)))
    target = Tensor("t", TensorType(DType.INT32, (1,)), np.array([4], np.int32))
    node = Node(Reshape(), (variable, target), (output,))
    graph = Subgraph("main", (variable, target, output), (), (output,), (node,))
    executable = ReferenceExecutable(graph, {}, State(), keep_all=False)
    executable.view(variable)[...] = 7
    for _ in range(2):
        executable.invoke()
        assert executable.view(output).tolist() == [7, 7, 7, 7]
    assert variable not in executable.moving


@pytest.mark.parametrize(
    ("op", "words"),
    [
        (Custom("MyOp"), "Encountered unresolved custom op: MyOp"),
        (
            Builtin("NEW_OP", 999, None, {}),
            "Didn't find op for builtin opcode 'NEW_OP' version '3'",
        ),
    ],
)
def test_operators_without_a_meaning_are_named(op, words):
    x, y = Tensor("x", FLOATS), Tensor("y", FLOATS)
    node = Node(op, (x,), (y,), version=3)
    graph = Subgraph("main", (x, y), (x,), (y,), (node,))
    with pytest.raises(UnsupportedError) as caught:
        require_meaning(Model((graph,)), 0)
    assert words in str(caught.value)
    assert f"Node number 0 ({op.name}) failed to prepare" in str(caught.value)


def test_what_numpy_refuses_names_the_node():
    x, y = Tensor("x", TensorType(DType.FLOAT32, (2, 2))), Tensor("y", FLOATS)
    weights = Tensor("w", TensorType(DType.FLOAT32, (3, 2)), np.ones(5, np.float32))
    node = Node(FullyConnected(), (x, weights, None), (y,))
    graph = Subgraph("main", (x, weights, y), (x,), (y,), (node,))
    executable = ReferenceExecutable(graph, {}, State(), keep_all=False)
    with pytest.raises(ExecutionError, match=r"Node number 0 \(FULLY_CONNECTED\)"):
        executable.invoke()
