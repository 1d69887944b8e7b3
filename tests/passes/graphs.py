"""Small graphs for the passes, and what must hold between before and after."""

from __future__ import annotations

import numpy as np

from gossamer.ir.build import Builder
from gossamer.ir.evaluate import evaluate
from gossamer.ir.graph import Model, Signature
from gossamer.ir.types import DType, TensorType
from gossamer.passes.base import Log, run


class Graph(Builder):
    """A builder with random float32 constants."""

    def __init__(self):
        super().__init__("main")
        self.rng = np.random.default_rng(0)

    def floats(self, name, *shape):
        return self.constant(name, self.rng.normal(size=shape).astype(np.float32))

    def ints(self, name, *values):
        return self.constant(name, np.array(values, np.int32))

    def given(self, *shape, name="x", dtype=DType.FLOAT32):
        return self.input(name, TensorType(dtype, shape))

    def model(self, *outputs):
        graph = self.finish(outputs)
        signature = Signature(
            "serving_default",
            {tensor.name: tensor for tensor in graph.inputs},
            {tensor.name: tensor for tensor in graph.outputs},
        )
        return Model((graph,), (signature,))


def apply(model, *passes):
    """(the better model, the log), after checking that it means the same."""
    log = Log()
    better = run(model, passes, log)
    assert better.main.inputs == model.main.inputs
    assert better.main.outputs == model.main.outputs
    assert [dict(s.inputs) for s in better.signatures] == [
        dict(s.inputs) for s in model.signatures
    ]
    assert [dict(s.outputs) for s in better.signatures] == [
        dict(s.outputs) for s in model.signatures
    ]
    rng = np.random.default_rng(1)
    feeds = {
        x: rng.normal(size=x.shape).astype(x.dtype.numpy) for x in model.main.inputs
    }
    before, after = evaluate(model.main, feeds), evaluate(better.main, feeds)
    for y in model.main.outputs:
        np.testing.assert_allclose(after[y], before[y], rtol=1e-5, atol=1e-5)
    return better, log


def names(model):
    """The operators in their order."""
    return [node.op.name for node in model.main.nodes]


def untouched(model, item):
    """The pass must give the same object back, and report nothing done."""
    log = Log()
    assert run(model, [item], log) is model
    assert log.done() == []
    return [event.reason for event in log.declined()]
