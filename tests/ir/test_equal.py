from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gossamer.ir.equal import same
from gossamer.ir.graph import Model, Node, Signature, Subgraph, Tensor
from gossamer.ir.op import Builtin
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType

VECTOR = TensorType(DType.FLOAT32, (2,))


def model(
    *, beta=1.0, name="y", values=(1.0, 2.0), scale=0.5, version=0, left=True
) -> Model:
    x = Tensor("x", VECTOR, quantization=Quantization.per_tensor(scale))
    c = Tensor("c", VECTOR, np.array(values, np.float32))
    y = Tensor(name, VECTOR)
    op = Builtin("SOFTMAX", 25, "SoftmaxOptions", {"beta": beta})
    node = Node(op, (x, c) if left else (c, x), (y,), version=version)
    signature = Signature("run", {"x": x}, {"y": y})
    return Model((Subgraph("main", (x, c, y), (x,), (y,), (node,)),), (signature,))


def test_models_made_alike_are_the_same():
    assert same(model(), model()) is None
    assert same(model(beta=math.nan), model(beta=math.nan)) is None
    assert same(model(values=(math.nan, 0)), model(values=(math.nan, 0))) is None


def test_a_version_left_open_is_the_one_that_would_be_written():
    assert same(model(), model(version=1)) is None


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (model(name="z"), "subgraph 0: tensor 'y': name is 'y' in one and 'z' in the"),
        (model(values=(1, 3)), "subgraph 0: tensor 'c': data is float32[2] [1.0, 2.0]"),
        (model(values=(1, -0.0)), "subgraph 0: tensor 'c': data"),
        (model(scale=0.25), "subgraph 0: tensor 'x': quantization.scale is float32[1]"),
        (model(beta=2.0), "subgraph 0: node 0 (SOFTMAX): options.fields is"),
        (model(version=2), "subgraph 0: node 0 (SOFTMAX): the version is 1 in one and"),
        (
            model(left=False),
            "subgraph 0: node 0 (SOFTMAX): inputs is [0, 1] in one and",
        ),
        (replace(model(), description="d"), "the model's description is '' in one"),
        (replace(model(), metadata={"a": b"b"}), "the metadata is {} in one and"),
        (replace(model(), signatures=()), "the number of signatures is 1 in one and 0"),
        (replace(model(), subgraphs=()), "the number of subgraphs is 1 in one and 0"),
    ],
)
def test_the_first_difference_is_told(other, difference):
    told = same(model(), other)
    assert told is not None
    assert told.startswith(difference)
