"""Compare a Keras model with its file over several runs, here and in LiteRT."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter as LiteRT
from ai_edge_litert.interpreter import OpResolverType

from gossamer import Interpreter, api
from gossamer.flatbuffer.read import read
from tests.frontends.keras.compare import TOLERANCE, answers, is_stateful, randomize

RUNS = 3


def assert_runs(model, *batches, lstm="fused", in_litert=True, tolerance=TOLERANCE):
    """Each batch of inputs, run one after the other, gives what Keras gives for it.

    Every batch is a tuple of arrays in the order of the inputs. LiteRT's variables are
    reset between runs unless the model is stateful. Returns the file's bytes.
    """
    randomize(model)
    data = api.convert(model, lstm=lstm)
    expected = [answers(model, *batch) for batch in batches]
    _compare(Interpreter(model_content=data), batches, expected, tolerance)
    if in_litert:
        interpreter = LiteRT(
            model_content=data,
            experimental_op_resolver_type=(
                OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            ),
        )
        resets = not is_stateful(model)
        _compare(interpreter, batches, expected, tolerance, resets=resets)
    return data


def _compare(interpreter, batches, expected, tolerance, *, resets=False):
    for batch, wanted in zip(batches, expected, strict=True):
        found = run(interpreter, batch, resets=resets)
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert one.shape == other.shape
            limit = tolerance * max(1.0, float(np.ptp(other.astype(np.float64))))
            np.testing.assert_allclose(one, other, rtol=0, atol=limit)


def run(interpreter, batch, *, resets=False):
    """The outputs in order, after a resize where the batch has another shape."""
    details = interpreter.get_input_details()
    for detail, array in zip(details, batch, strict=True):
        interpreter.resize_tensor_input(detail["index"], array.shape)
    interpreter.allocate_tensors()
    if resets:
        interpreter.reset_all_variables()
    for detail, array in zip(details, batch, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    return [interpreter.get_tensor(detail["index"]) for detail in outputs]


def batches(*shapes, count=RUNS, seed=5):
    """Several batches of normal numbers, each with an array of every shape."""
    random = np.random.default_rng(seed)
    return [
        tuple(random.normal(0, 1, shape).astype(np.float32) for shape in shapes)
        for _ in range(count)
    ]


def names_in(data):
    """The operators of each subgraph."""
    return [[node.op.name for node in graph.nodes] for graph in read(data).subgraphs]


def all_names(data):
    return [name for names in names_in(data) for name in names]
