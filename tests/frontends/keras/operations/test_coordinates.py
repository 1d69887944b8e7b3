"""Pixels fetched at computed places."""

from __future__ import annotations

import functools

import keras
import numpy as np

from tests.frontends.keras.operations.many import assert_each

assert_all = functools.partial(assert_each, at_once=True)
ops = keras.ops
FIRST = "channels_first"
RANDOM = np.random.default_rng(6)
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
TURN = np.array([0.8, -0.5, 1.3, 0.6, 0.9, -2.1, 0, 0], np.float32)
TURNS = np.stack([TURN, TURN])
SQUARE = np.array([[0, 0], [0, 5], [6, 0], [6, 5]], np.float32)


def test_coordinates():
    x = RANDOM.normal(0, 1, (5, 4, 3)).astype(np.float32)
    places = RANDOM.uniform(-6, 9, (3, 2, 7)).astype(np.float32)
    cases = {
        f"{mode} {order}": lambda x, at, mode=mode, order=order: (
            ops.image.map_coordinates(x, at, order, mode, 0.5)
        )
        for mode in MODES
        for order in (0, 1)
    }
    cases["known"] = lambda x, _: ops.image.map_coordinates(x, places, 1)
    assert_all(cases, x, places, free=False, absolute=1e-5)


def test_transforms():
    x = RANDOM.normal(0, 1, (2, 7, 6, 3)).astype(np.float32)
    y = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    turns = np.stack([TURN, [1.1, 0.2, -1, -0.3, 0.7, 0.5, 0, 0]]).astype(np.float32)
    affine, perspective = ops.image.affine_transform, ops.image.perspective_transform
    bent = SQUARE + RANDOM.uniform(-1, 1, (4, 2)).astype(np.float32)
    both = np.stack([bent, bent * 1.2])
    same = np.stack([SQUARE, SQUARE])
    cases = {
        f"affine, {mode}": lambda x, _, __, ___, mode=mode: affine(
            x, TURNS, fill_mode=mode, fill_value=2.0
        )
        for mode in MODES
    } | {
        "affine, nearest pixel": lambda x, *_: affine(x, TURNS, "nearest"),
        "affine, first": lambda _, y, __, ___: affine(y, TURNS, data_format=FIRST),
        "affine, one image": lambda x, *_: affine(x[0], TURN),
        "perspective": lambda x, *_: perspective(x, same, np.stack([bent, bent])),
        "perspective, computed": lambda x, _, __, p: perspective(x, p, same),
        "affine, computed": lambda x, _, t, __: affine(x, t),
    }
    assert_all(cases, x, y, turns, both, free=False, absolute=2e-5, relative=1e-4)


def test_scale_and_translate():
    x = RANDOM.normal(0, 1, (2, 7, 6, 3)).astype(np.float32)
    scale, shift = np.float32([0.7, 1.9]), np.float32([1.2, -3.0])

    def moved(method, **options):
        return lambda x: ops.image.scale_and_translate(
            x, (2, 5, 9, 3), scale, shift, (1, 2), method, **options
        )

    cases = {
        "linear": moved("linear"),
        "cubic": moved("cubic", antialias=False),
        "lanczos": moved("lanczos3"),
    }
    assert_all(cases, x, absolute=1e-5)
