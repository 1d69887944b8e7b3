"""Small networks with attention, in the shapes of known ones."""

from __future__ import annotations

import keras
import numpy as np

layers, ops = keras.layers, keras.ops


def _block(x, heads, width, *, first, **arguments):
    """Attention and two dense layers, each with a sum and a normalization.

    `first`: the normalization comes before, as in ViT, and not after, as in BERT.
    """
    depth = x.shape[-1]

    def around(x, function):
        if first:
            return x + function(layers.LayerNormalization(epsilon=1e-6)(x))
        return layers.LayerNormalization(epsilon=1e-6)(x + function(x))

    attention = layers.MultiHeadAttention(heads, depth // heads)
    x = around(x, lambda y: attention(y, y, **arguments))
    inner = layers.Dense(width, activation="gelu")
    return around(x, lambda y: layers.Dense(depth)(inner(y)))


class Place(layers.Layer):
    """Adds a vector for each place, behind one for the whole where `joins` is set."""

    def __init__(self, joins=False):
        super().__init__()
        self.joins = joins

    def build(self, shape):
        count = shape[1] + self.joins
        self.places = self.add_weight(shape=(1, count, shape[2]), name="places")
        self.whole = self.add_weight(shape=(1, 1, shape[2]), name="whole")

    def call(self, x):
        if self.joins:
            whole = ops.repeat(self.whole, ops.shape(x)[0], axis=0)
            x = ops.concatenate([whole, x], axis=1)
        return x + self.places


def vit(size=32, patch=8, depth=24, heads=3, blocks=2, classes=5, batch=None):
    """Images in patches, with a token for the class."""
    image = keras.Input((size, size, 3), batch_size=batch)
    x = layers.Conv2D(depth, patch, strides=patch)(image)
    x = layers.Reshape((-1, depth))(x)
    x = Place(joins=batch is not None)(x)
    for _ in range(blocks):
        x = _block(x, heads, 4 * depth, first=True)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    return keras.Model(image, layers.Dense(classes)(x[:, 0]))


def bert(words=30, length=12, depth=24, heads=3, blocks=2, batch=None):
    """Tokens with segments, of which a mask tells which are there."""
    ids, kinds = (
        keras.Input((length,), dtype="int32", name=name, batch_size=batch)
        for name in ("ids", "kinds")
    )
    seen = keras.Input((length,), dtype="int32", name="seen", batch_size=batch)
    x = layers.Embedding(words, depth)(ids) + layers.Embedding(2, depth)(kinds)
    x = layers.LayerNormalization(epsilon=1e-6)(Place()(x))
    mask = ops.expand_dims(seen, 1)
    for _ in range(blocks):
        x = _block(x, heads, 4 * depth, first=False, attention_mask=mask)
    pooled = layers.Dense(depth, activation="tanh")(x[:, 0])
    return keras.Model([ids, kinds, seen], [x, pooled])


def recommender(users=40, items=60, depth=8):
    """A user, some items that the user knows, a price and a category of an item."""
    inputs = {
        "user": keras.Input((), dtype="int32", name="user"),
        "known": keras.Input((5,), dtype="int32", name="known"),
        "item": keras.Input((1,), dtype="int32", name="item"),
        "price": keras.Input((1,), name="price"),
        "kind": keras.Input((1,), dtype="int32", name="kind"),
    }
    table = layers.Embedding(items, depth)
    user = layers.Embedding(users, depth)(inputs["user"])
    item = layers.Flatten()(table(inputs["item"]))
    known = layers.Attention()([table(inputs["item"]), table(inputs["known"])])
    bins = layers.Discretization([1.0, 5.0, 20.0], output_mode="one_hot")
    kind = layers.CategoryEncoding(4, output_mode="one_hot")(inputs["kind"])
    wide = [bins(inputs["price"]), kind, user * item]
    price = layers.Normalization(mean=10.0, variance=25.0)(inputs["price"])
    x = layers.Concatenate()([*wide, layers.Flatten()(known), user, price])
    x = layers.Dense(16, activation="relu")(x)
    match = layers.Dot(axes=1)([user, item])
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x) + match)


def feeds_of(model, batch=2, seed=3):
    """Random inputs by name: whole numbers below 4 below 2, and floats."""
    random = np.random.default_rng(seed)
    made = []
    for x in keras.tree.flatten(model.inputs):
        shape = (x.shape[0] or batch, *x.shape[1:])
        if "int" in x.dtype:
            most = 2 if x.name in ("kinds", "seen") else 4
            made.append(random.integers(0, most, shape).astype(x.dtype))
        else:
            made.append(random.normal(0, 1, shape).astype(np.float32))
    return made
