"""Graphs that break an invariant; files that do are in tests/flatbuffer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.graph import (
    DimensionMetadata,
    Model,
    Node,
    Signature,
    Sparsity,
    Subgraph,
    Tensor,
)
from gossamer.ir.op import Builtin
from gossamer.ir.quantization import Blockwise, Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ir.verify import verify
from gossamer.ir.verify_calls import MAX_CALL_DEPTH

VECTOR = TensorType(DType.FLOAT32, (2,))


def relu(x: Tensor | None, *outputs: Tensor) -> Node:
    return Node(Builtin("RELU", 19, None, {}), (x,), outputs)


def model_of(*nodes: Node, inputs=(), outputs=(), more=()) -> Model:
    mentioned = [*inputs, *outputs, *more]
    for node in nodes:
        mentioned += [*(x for x in node.inputs if x is not None), *node.outputs]
    tensors = tuple(dict.fromkeys(mentioned))
    return Model((Subgraph("main", tensors, inputs, outputs, nodes),))


def vectors(names: str) -> list[Tensor]:
    return [Tensor(name, VECTOR) for name in names]


def refused(model: Model, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        verify(model)


def test_a_chain_of_nodes_holds():
    x, y, z = vectors("xyz")
    verify(model_of(relu(x, y), relu(y, z), inputs=(x,), outputs=(z,)))


def test_constants_and_variables_may_be_read_and_be_outputs():
    c = Tensor("c", VECTOR, np.zeros(2, np.float32))
    v = Tensor("v", VECTOR, is_variable=True)
    y, z = vectors("yz")
    verify(model_of(relu(c, y), relu(v, z), relu(None), outputs=(c, v, y, z)))


def test_nodes_in_the_wrong_order():
    x, y, z = vectors("xyz")
    message = r"RELU \(node 0 of subgraph 0 'main'\) reads 'y', which no node before"
    refused(model_of(relu(y, z), relu(x, y), inputs=(x,)), message)


def test_a_tensor_is_computed_once():
    x, y = vectors("xy")
    message = r"RELU \(node 1 .*\) computes 'y', as RELU \(node 0 .*\) does"
    refused(model_of(relu(x, y), relu(x, y), inputs=(x,)), message)
    refused(model_of(relu(x, y, y), inputs=(x,)), "computes 'y', as RELU")


@pytest.mark.parametrize("kind", ["constant", "variable", "graph input"])
def test_what_has_a_value_is_not_computed(kind):
    x = Tensor("x", VECTOR)
    y = Tensor(
        "y",
        VECTOR,
        np.zeros(2, np.float32) if kind == "constant" else None,
        is_variable=kind == "variable",
    )
    inputs = (x, y) if kind == "graph input" else (x,)
    refused(model_of(relu(x, y), inputs=inputs), f"computes 'y', which is a {kind};")


def test_an_output_that_nothing_computes():
    x, y = vectors("xy")
    refused(model_of(inputs=(x,), outputs=(y,)), "nothing computes 'y', an output of")


def test_a_tensor_of_another_graph():
    x, y = vectors("xy")
    graph = Subgraph("main", (x,), (x,), (), (relu(x, y),))
    refused(Model((graph,)), "'y' is not among the tensors of subgraph 0 'main'")


def test_a_model_without_a_subgraph():
    refused(Model(()), "no subgraph")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, -1), "sizes must not be negative"),
        ((1,) * 9, "9 dimensions are more than 8"),
        ((2**16, 2**15), "2147483648 elements are more than can be held"),
    ],
)
def test_shapes_that_cannot_be_held(shape, message):
    tensor = Tensor("t", TensorType(DType.INT8, shape))
    refused(model_of(more=(tensor,)), message)


def test_bytes_that_cannot_be_held():
    tensor = Tensor("t", TensorType(DType.COMPLEX128, (2**30,)))
    refused(model_of(more=(tensor,)), "more than can be held")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros(3, np.float32), r"its data is an array of shape \[3\]"),
        (np.zeros(2, np.float64), "its data is an array of float64"),
    ],
)
def test_data_of_another_type(data, message):
    refused(model_of(more=(Tensor("t", VECTOR, data),)), message)


def blockwise(scale_shape, block_size, dtype=DType.FLOAT32, shape=(4, 64)) -> Model:
    array = np.ones(scale_shape, dtype.numpy)
    scales = Tensor("scales", TensorType(dtype, scale_shape), array)
    quantization = Quantization(blockwise=Blockwise(scales, None, block_size))
    weights = Tensor("w", TensorType(DType.INT4, shape), quantization=quantization)
    return model_of(more=(weights, scales))


def test_blocks_with_a_scale_each_hold():
    verify(blockwise((4, 2), 32))
    verify(blockwise((4, 2), 32, DType.FLOAT16))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (blockwise((4, 3), 32), "its scales 'scales' are 12 for 8 blocks"),
        (blockwise((4, 2), 0), r"blocks of \[1, 0\] do not divide its shape"),
        (blockwise((4, 2), 48), r"blocks of \[1, 48\] do not divide its shape"),
        (blockwise((4, 2), 32, DType.INT8), "its scales 'scales' are int8"),
        (blockwise((1,), 32, shape=()), "do not divide its shape"),
    ],
)
def test_blocks_that_do_not_fit(model, message):
    refused(model, message)


def sparse(block: int, segments, indices, stored: int) -> Model:
    """A 4x8 matrix of rows of blocks of `block` columns; blocks are compressed."""
    levels = (
        DimensionMetadata(4),
        DimensionMetadata(0, segments, indices),
        DimensionMetadata(block),
    )
    sparsity = Sparsity((0, 1, 2), (1,), levels)
    type_ = TensorType(DType.FLOAT32, (4, 8))
    values = np.zeros(stored, np.float32)
    return model_of(more=(Tensor("s", type_, values, sparsity=sparsity),))


def test_sparse_blocks_hold():
    verify(sparse(4, (0, 1, 1, 3, 3), (1, 0, 1), 12))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (sparse(3, (0, 0, 0, 0, 0), (), 0), "blocks of 3 do not divide axis 1"),
        (sparse(0, (0, 0, 0, 0, 0), (), 0), "blocks of 0 do not divide axis 1"),
        (sparse(4, (0, 1, 1, 3), (1, 0, 1), 12), "must be 5 numbers that rise from 0"),
        (sparse(4, (0, 1, 1, 3, 4), (1, 0, 1), 12), "rise from 0 to its 3 indices"),
        (sparse(4, (0, 1, 1, 3, 3), (1, 0, 2), 12), "leave 0 to 1"),
        (sparse(4, (0, 1, 1, 3, 3), (1, 0, 1), 11), "speaks of 12 values, 11 stored"),
    ],
)
def test_sparse_layouts_that_lie(model, message):
    refused(model, message)


def calling(index: int, target: int) -> Subgraph:
    (x,) = vectors("x")
    node = Node(Builtin("CALL", 31, "CallOptions", {"subgraph": target}), (x,), ())
    return Subgraph(f"graph_{index}", (x,), (x,), (), (node,))


def leaf() -> Subgraph:
    return Subgraph("leaf", (), (), (), ())


def test_a_ring_of_calls():
    ring = Model(tuple(calling(index, (index + 1) % 3) for index in range(3)))
    refused(ring, "leads back to subgraph")


def test_a_chain_of_calls_is_bounded():
    def chain(length):
        calls = [calling(index, index + 1) for index in range(length - 1)]
        return Model((*calls, leaf()))

    verify(chain(MAX_CALL_DEPTH))
    refused(chain(MAX_CALL_DEPTH + 1), f"a chain of {MAX_CALL_DEPTH + 1} calls")


def test_a_diamond_of_calls_is_no_ring():
    op = Builtin("STABLEHLO_CASE", 209, "Case", {"branch_subgraph_indices": (1, 2)})
    given = vectors("ix")
    main = model_of(Node(op, tuple(given), ()), inputs=tuple(given)).main
    verify(Model((main, calling(1, 3), calling(2, 3), leaf())))
    refused(Model((main, leaf())), r"has branch_subgraph_indices\[1\] 2; the model has")


def test_a_branch_that_takes_something_else():
    x, flag, y = vectors("xfy")
    fields = {"then_subgraph_index": 1, "else_subgraph_index": 1}
    node = Node(Builtin("IF", 118, "IfOptions", fields), (flag, x), (y,))
    main = model_of(node, inputs=(flag, x), outputs=(y,)).main
    refused(
        Model((main, leaf())),
        r"runs subgraph 1 \(then_subgraph_index\) of 0 inputs and 0 outputs; it must "
        "have 1 and 1",
    )


def signed(signature: Signature) -> Model:
    x, y = signature.inputs["x"], signature.outputs["y"]
    return replace(
        model_of(relu(x, y), inputs=(x,), outputs=(y,)), signatures=(signature,)
    )


def test_signatures():
    x, y = vectors("xy")
    good = Signature("run", {"x": x}, {"y": y})
    verify(signed(good))
    refused(replace(signed(good), signatures=(good, good)), "two signatures 'run'")
    refused(signed(replace(good, subgraph=3)), "'run' is of subgraph 3; there are 1")
    swapped = replace(signed(good), signatures=(Signature("run", {"x": y}, {}),))
    refused(swapped, "the input 'x' is the tensor 'y', which is no input of its")
