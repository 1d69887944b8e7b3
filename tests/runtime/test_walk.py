from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.evaluate import evaluate
from gossamer.ir.types import DType
from gossamer.ops import Where
from gossamer.runtime.walk import walk
from tests.quantization import graphs

GRAPHS = [
    graphs.network,
    graphs.classifier,
    graphs.several_outputs,
    graphs.upsampled,
    graphs.free_batch,
    graphs.padded_sigmoid,
]


def walked(model, inputs):
    shapes = {x: array.shape for x, array in inputs.items()}
    run = walk(model, 0, shapes)
    found = {}
    for _ in range(2):  # a second run must not see what the first one left
        found.clear()
        run(inputs, lambda tensor, array: found.setdefault(tensor, array.copy()))
    return found


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_value_is_shown_once_it_is_there(graph):
    model = graph()
    sample = graphs.samples(model, 1)[0]
    inputs = {x: sample[x.name] for x in model.main.inputs}
    expected = evaluate(model.main, inputs)
    found = walked(model, inputs)
    for tensor in model.main.tensors:
        if not tensor.is_constant:
            np.testing.assert_allclose(
                found[tensor], expected[tensor], rtol=1e-4, atol=1e-5
            )


def test_a_batch_has_the_shape_it_is_given():
    model = graphs.free_batch()
    found = walked(model, {model.main.inputs[0]: graphs.normal(1, 5, 4, 4)})
    assert found[model.main.outputs[0]].shape == (5, 4)


def test_values_share_memory():
    model = graphs.classifier()
    inputs = {x: np.zeros(x.shape, np.float32) for x in model.main.inputs}
    places = {}
    run = walk(model, 0, {x: x.shape for x in inputs})
    run(inputs, lambda tensor, array: places.setdefault(tensor.name, array.ctypes.data))
    # RESHAPE is a name for the input's memory.
    assert places["flat"] == places["image"]


def test_shapes_that_depend_on_data_are_walked_too():
    build = Builder()
    x = build.input("x", graphs.floats(6))
    kept = build.node(graphs.Neg(), x, name="kept")
    found = build.node(Where(), x, name="found")
    model = graphs.model_of(build, [x], [kept, found])
    shown = walked(model, {x: np.float32([0, 1, 0, 2, 3, 0])})
    assert shown[found].tolist() == [[1], [3], [4]]
    assert shown[kept].dtype == DType.FLOAT32.numpy
