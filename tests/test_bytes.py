"""The same model gives the same file, in any process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib, sys
import numpy as np
import jax, jax.numpy as jnp, keras
import gossamer

random = np.random.default_rng(0)
x = keras.Input((8, 8, 3), name="image")
y = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(x)
branches = [keras.layers.Conv2D(2, 1, name=f"branch_{i}")(y) for i in range(4)]
y = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.concatenate(branches))
model = keras.Model(x, {"scores": keras.layers.Dense(3, name="head")(y), "mean": y})
for variable in model.weights:
    variable.assign(random.normal(0, 1, variable.shape))
images = random.normal(0, 1, (4, 8, 8, 3)).astype(np.float32)
kernel = random.normal(0, 1, (3, 4)).astype(np.float32)

def function(x):
    y = jax.lax.fori_loop(0, 3, lambda _, z: jnp.tanh(z) + 1, x @ kernel)
    return {"a": jax.nn.softmax(y), "b": y.at[0].add(1.0)}

made = gossamer.from_jax(function, np.zeros((2, 3), np.float32))
files = [
    gossamer.convert(model),
    gossamer.convert(model, "dynamic"),
    gossamer.convert(model, "int8", images),
    gossamer.convert(made),
    gossamer.convert({"one": model, "two": made}),
    gossamer.metadata.attach(gossamer.convert(made), files={"b": b"1", "a": b"2"}),
]
for data in files:
    print(hashlib.sha256(data).hexdigest())
"""


def digests(seed):
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    found = finished.stdout.split()
    assert len(found) == 6
    assert all(len(each) == 2 * hashlib.sha256().digest_size for each in found)
    assert len(set(found)) == 6
    return found


@pytest.fixture(scope="module")
def first():
    return digests("1")


@pytest.mark.parametrize("seed", ["2", "12345"])
def test_no_order_of_a_set_shows(first, seed):
    assert digests(seed) == first
