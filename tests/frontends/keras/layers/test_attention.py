"""Attention layers: Keras's own answer against the converted file in LiteRT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gossamer.errors import ConversionError
from tests.frontends.keras.compare import assert_same, operators, sample

layers, ops = keras.layers, keras.ops
QUERY, VALUE = (5, 6), (7, 4)
PROJECTED = ["FULLY_CONNECTED", "RESHAPE"]
WEIGHTED = ["SOFTMAX", "TRANSPOSE", "BATCH_MATMUL", "TRANSPOSE"]
SCORED = [*PROJECTED * 3, "TRANSPOSE", "TRANSPOSE", "BATCH_MATMUL"]
MULTI_HEAD = [*SCORED, *WEIGHTED, *PROJECTED[::-1]]
HEADS = {
    "plain": {},
    "another depth of values": {"value_dim": 2, "dropout": 0.1},
    "without bias": {"use_bias": False},
    "another output": {"output_shape": (3, 2)},
    "with dropout": {"dropout": 0.1},
    "with a gate": {"use_gate": True},
    "a window": {"sliding_window": 2},
}
CALLS = {
    "plain": {},
    "causal": {"use_causal_mask": True},
    "scores": {"return_attention_scores": True},
    "causal with scores": {"use_causal_mask": True, "return_attention_scores": True},
}


def _of(layer, *shapes, batch=None, **arguments):
    inputs = [keras.Input(shape, batch_size=batch) for shape in shapes]
    return keras.Model(inputs, layer(*inputs, **arguments))


@pytest.mark.parametrize("options", HEADS.values(), ids=HEADS.keys())
@pytest.mark.parametrize("arguments", CALLS.values(), ids=CALLS.keys())
def test_multi_head_attention(options, arguments):
    layer = layers.MultiHeadAttention(2, 3, **options)
    model = _of(layer, QUERY, VALUE, **arguments)
    assert_same(model, sample(QUERY), sample(VALUE))


@pytest.mark.parametrize("batch", [None, 2])
def test_self_attention_has_fifteen_operators(batch):
    x = keras.Input(QUERY, batch_size=batch)
    model = keras.Model(x, layers.MultiHeadAttention(2, 3)(x, x))
    assert_same(model, sample(QUERY))
    assert operators(model) == MULTI_HEAD
    causal = keras.Model(x, layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))
    assert operators(causal) == [*SCORED, "ADD", *MULTI_HEAD[9:]]


def test_keys_of_their_own():
    model = _of(layers.MultiHeadAttention(2, 3), QUERY, VALUE, (7, 5))
    assert_same(model, sample(QUERY), sample(VALUE), sample((7, 5)))


AXES = {
    "rows": ((2,), (3, 5, 4)),
    "columns": ((1,), (3, 5, 4)),
    "both": ((1, 2), (3, 5, 4)),
    "from the end": ((-2,), (3, 5, 4)),
    "deep": ((3,), (2, 3, 5, 4)),
}


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("case", AXES.values(), ids=AXES.keys())
def test_attention_over_axes(case, scores):
    axes, shape = case
    x = keras.Input(shape, batch_size=2)
    layer = layers.MultiHeadAttention(2, 3, attention_axes=axes)
    model = keras.Model(x, layer(x, x, return_attention_scores=scores))
    assert_same(model, sample(shape))


MASKS = {
    "of a batch": (5, 7),
    "of heads": (2, 5, 7),
    "of all heads": (1, 5, 7),
}


@pytest.mark.parametrize("shape", MASKS.values(), ids=MASKS.keys())
@pytest.mark.parametrize("arguments", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("kind", ["bool", "float32"])
def test_computed_masks(shape, arguments, kind):
    """A query that sees nothing is part of it."""
    inputs = [keras.Input(x) for x in (QUERY, VALUE)]
    mask = keras.Input(shape, dtype=kind)
    layer = layers.MultiHeadAttention(2, 3)
    y = layer(*inputs, attention_mask=mask, **arguments)
    model = keras.Model([*inputs, mask], y)
    given = np.random.default_rng(1).uniform(size=(2, *shape)) < 0.5
    given[0, ..., 1, :] = False
    assert_same(model, sample(QUERY), sample(VALUE), given.astype(kind))


def test_known_masks():
    mask = np.random.default_rng(1).uniform(size=(1, 5, 7)) < 0.5
    for hides in (False, True):
        mask[0, 2] = not hides
        model = _of(layers.MultiHeadAttention(2, 3), QUERY, VALUE, attention_mask=mask)
        assert_same(model, sample(QUERY), sample(VALUE))


def test_masks_of_steps():
    inputs = [keras.Input(x) for x in (QUERY, (7, 6))]
    masks = [keras.Input((x,), dtype="bool") for x in (5, 7)]
    layer = layers.GroupQueryAttention(3, 4, 2, dropout=0.1)
    y = layer(*inputs, query_mask=masks[0], value_mask=masks[1], use_causal_mask=True)
    model = keras.Model([*inputs, *masks], y)
    given = [np.arange(n) < [[n - 2], [n - 1]] for n in (5, 7)]
    assert_same(model, sample(QUERY), sample((7, 6)), *given)


def test_a_free_number_of_steps():
    x = keras.Input((None, 6))
    for arguments in ({}, {"use_causal_mask": True}):
        model = keras.Model(x, layers.MultiHeadAttention(2, 3)(x, x, **arguments))
        assert_same(model, sample((5, 6)))


def test_a_subclass_with_attention_of_its_own_is_entered():
    class Loud(layers.MultiHeadAttention):
        def _compute_attention(self, query, key, value, *args, **kwargs):
            y, scores = super()._compute_attention(query, key, value, *args, **kwargs)
            return 2 * y, scores

    for arguments in ({}, {"return_attention_scores": True}):
        model = _of(Loud(2, 3, name="loud"), QUERY, VALUE, **arguments)
        assert_same(model, sample(QUERY), sample(VALUE))


def test_a_causal_mask_over_more_axes_is_an_error():
    x = keras.Input((3, 3, 4))
    layer = layers.MultiHeadAttention(2, 3, attention_axes=(2,))
    model = keras.Model(x, layer(x, x, use_causal_mask=True))
    with pytest.raises(ConversionError, match="causal mask on inputs with 4 axes"):
        operators(model)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("arguments", CALLS.values(), ids=CALLS.keys())
def test_grouped_query_attention(groups, arguments):
    layer = layers.GroupQueryAttention(3, 4, groups, use_gate=groups == 2)
    model = _of(layer, QUERY, (7, 6), **arguments)
    assert_same(model, sample(QUERY), sample((7, 6)))


@pytest.mark.parametrize("shape", MASKS.values(), ids=MASKS.keys())
def test_masks_of_grouped_queries(shape):
    inputs = [keras.Input(x) for x in (QUERY, (7, 6))]
    mask = keras.Input((4, *shape[1:]) if shape[0] == 2 else shape, dtype="bool")
    layer = layers.GroupQueryAttention(3, 4, 2, sliding_window=6)
    y = layer(*inputs, attention_mask=mask)
    model = keras.Model([*inputs, mask], y)
    given = np.random.default_rng(1).uniform(size=(2, *mask.shape[1:])) < 0.5
    assert_same(model, sample(QUERY), sample((7, 6)), given)


def test_groups_repeat_no_keys():
    x = keras.Input(QUERY)
    model = keras.Model(x, layers.GroupQueryAttention(3, 4, 2)(x, x))
    assert operators(model) == MULTI_HEAD


SIMPLE = {
    "dot": layers.Attention,
    "scaled dot": lambda: layers.Attention(use_scale=True),
    "concat": lambda: layers.Attention(score_mode="concat"),
    "scaled concat": lambda: layers.Attention(score_mode="concat", use_scale=True),
    "additive": layers.AdditiveAttention,
    "additive without scale": lambda: layers.AdditiveAttention(use_scale=False),
}


@pytest.mark.parametrize("make", SIMPLE.values(), ids=SIMPLE.keys())
@pytest.mark.parametrize("arguments", CALLS.values(), ids=CALLS.keys())
def test_attention_without_projections(make, arguments):
    shapes = [(5, 4), (7, 3), (7, 4)]
    inputs = [keras.Input(shape) for shape in shapes]
    model = keras.Model(inputs, make()(inputs, **arguments))
    assert_same(model, *(sample(shape, seed=i) for i, shape in enumerate(shapes)))


@pytest.mark.parametrize("make", SIMPLE.values(), ids=SIMPLE.keys())
def test_masks_without_projections(make):
    inputs = [keras.Input((5, 4)), keras.Input((7, 4))]
    masks = [keras.Input((x,), dtype="bool") for x in (5, 7)]
    model = keras.Model([*inputs, *masks], make()(inputs, mask=masks))
    given = [np.arange(n) < [[n - 2], [n]] for n in (5, 7)]
    assert_same(model, sample((5, 4)), sample((7, 4)), *given)


def test_dot_product_attention_is_three_operators():
    inputs = [keras.Input((5, 4)), keras.Input((7, 4))]
    model = keras.Model(inputs, layers.Attention()(inputs))
    assert operators(model) == ["BATCH_MATMUL", "SOFTMAX", "BATCH_MATMUL"]


OPERATION = {
    "plain": {},
    "scaled": {"scale": 0.3},
    "causal": {"is_causal": True},
    "mask": {"mask": np.tri(5, 7, dtype=bool)[None, None]},
    "bias": {"bias": np.linspace(-1, 1, 35, dtype=np.float32).reshape(1, 1, 5, 7)},
}


@pytest.mark.parametrize("arguments", OPERATION.values(), ids=OPERATION.keys())
@pytest.mark.parametrize("heads", [4, 2])
def test_the_operation(arguments, heads):
    shapes = [(5, 4, 6), (7, heads, 6), (7, heads, 6)]
    inputs = [keras.Input(shape) for shape in shapes]
    y = ops.dot_product_attention(*inputs, **arguments)
    model = keras.Model(inputs, y)
    assert_same(model, *(sample(shape, seed=i) for i, shape in enumerate(shapes)))
