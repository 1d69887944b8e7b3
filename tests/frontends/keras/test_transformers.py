"""Networks with attention and embeddings: Keras, here and LiteRT answer alike."""

from __future__ import annotations

from collections import Counter

import keras
import numpy as np
import pytest

from gossamer import Interpreter, api
from gossamer.flatbuffer.read import read
from tests.frontends.keras.compare import input_names, litert, randomize
from tests.frontends.keras.transformers import bert, feeds_of, recommender, vit

MODELS = {
    "vit": vit,
    "vit with a class token": lambda: vit(batch=2),
    "bert": bert,
    "bert of a fixed batch": lambda: bert(batch=2),
    "recommender": recommender,
}
# What TensorFlow's converter emits of these models, counted.
OPERATORS = {"vit": 0, "bert": 0, "recommender": 0}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_a_model_answers_alike(make):
    model = randomize(make())
    given = feeds_of(model)
    names = [x.name for x in keras.tree.flatten(model.inputs)]
    nested = dict(zip(names, given, strict=True))
    is_dict = isinstance(model.input, dict)
    inputs = nested if is_dict else given if len(given) > 1 else given[0]
    expected = [np.asarray(y) for y in keras.tree.flatten(model(inputs))]
    data = api.convert(model)
    assert sorted(input_names(data)) == sorted(names)
    ordered = [nested[name] for name in input_names(data)]
    by_litert = litert(data, *ordered)
    runner = Interpreter(model_content=data).get_signature_runner()
    ours = runner(**nested)
    for found in (by_litert, ours):
        for one, other in zip(found.values(), expected, strict=True):
            limit = 1e-4 * np.ptp(other)
            np.testing.assert_allclose(one, other, rtol=0, atol=limit)


@pytest.mark.parametrize("name", OPERATORS)
def test_the_number_of_operators(name):
    nodes = read(api.convert(MODELS[name]())).main.nodes
    assert len(nodes) < OPERATORS[name], Counter(node.op.name for node in nodes)
