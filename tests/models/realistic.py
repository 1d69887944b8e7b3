"""Inputs such as the small networks meet: pieces of photographs, and spoken words."""

from __future__ import annotations

import ast
import io

import numpy as np
from matplotlib import cbook
from PIL import Image

from tests.models import packages

FRAMES, BANDS = 49, 40
"""Moments of a recording, 20 ms apart, and bands of frequencies."""


def pictures(count, size, seed):
    """Pieces of three photographs: float32 (count, size, size, 3), 0 to 255."""
    random = np.random.default_rng(seed)
    files = [packages.sample(name) for name in ("china.jpg", "flower.jpg")]
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        files.append(file.read())
    photos = [Image.open(io.BytesIO(each)) for each in files]
    return np.stack([_piece(photos[i % 3], size, random) for i in range(count)])


def _piece(photo, size, random):
    side = int(min(photo.size) * random.uniform(0.3, 1))
    left = random.integers(photo.width - side + 1)
    top = random.integers(photo.height - side + 1)
    box = (left, top, left + side, top + side)
    array = np.asarray(photo.resize((size, size), box=box), np.float32)
    return array[:, ::-1] if random.random() < 0.5 else array


def words():
    """What a front end makes of "yes" and of "no": float32 (2, 49, 40), 0 to 255."""
    return np.stack([_features(f"{word}_data.py") for word in ("yes", "no")])


def _features(name):
    """The int8 features, a list of numbers, that a Python file assigns."""
    for statement in ast.parse(packages.sample(name)).body:
        if isinstance(statement, ast.Assign) and "FEATURES" in ast.dump(statement):
            values = np.array(ast.literal_eval(statement.value), np.float32)
            return values.reshape(FRAMES, BANDS) + 128
    raise AssertionError(f"{name} has no features")


def utterances(count, seed):
    """The words earlier, later, louder, quieter, in noise: (count, 49, 40)."""
    random = np.random.default_rng(seed)
    spoken = words()
    return np.stack([_said(spoken[i % 2], random) for i in range(count)])


def _said(word, random):
    shifted = np.roll(word, (random.integers(-8, 9), random.integers(-2, 3)), (0, 1))
    noise = random.normal(0, random.uniform(0, 12), word.shape)
    loud = shifted * random.uniform(0.6, 1.1) + noise
    return loud.clip(0, 255).astype(np.float32)
