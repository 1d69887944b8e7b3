"""Operations for networks, images and matrices that are functions of others."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest

from gossamer import api
from gossamer.errors import ConversionError
from tests.frontends.keras.compare import of_function
from tests.frontends.keras.operations.many import assert_each

assert_all = functools.partial(assert_each, at_once=True)
ops = keras.ops
FIRST, LAST = "channels_first", "channels_last"
RANDOM = np.random.default_rng(4)


def normal(*shape):
    return RANDOM.normal(0, 1, shape).astype(np.float32)


def test_activations():
    x = np.concatenate([normal(3, 4, 6) * 3, np.zeros((1, 4, 6), np.float32)])
    cases = {
        "sparse sigmoid": ops.sparse_sigmoid,
        "sparse plus": ops.sparse_plus,
        "soft shrink": ops.soft_shrink,
        "hard shrink": lambda x: ops.hard_shrink(x, 0.7),
        "tanh shrink": ops.tanh_shrink,
        "threshold": lambda x: ops.threshold(x, 0.3, -1.0),
        "squareplus": ops.squareplus,
        "celu": ops.celu,
        "celu, 0.3": lambda x: ops.celu(x, 0.3),
        "glu": ops.glu,
        "glu, 1": lambda x: ops.glu(x, axis=1),
        "sparsemax": ops.sparsemax,
        "sparsemax, 1": lambda x: ops.sparsemax(x, axis=1),
    }
    assert_all(cases, x)


def test_losses():
    logits = normal(3, 5)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    hot = np.eye(5, dtype=np.float32)[[1, 4, 0]]
    classes = np.array([1, 4, 0], np.int32)
    cases = {
        "binary": lambda p, _, y, __: ops.binary_crossentropy(y, p),
        "binary, logits": lambda _, x, y, __: ops.binary_crossentropy(y, x, True),
        "categorical": lambda p, _, y, __: ops.categorical_crossentropy(y, p),
        "categorical, logits": lambda _, x, y, __: ops.categorical_crossentropy(
            y, x, True
        ),
        "sparse": lambda p, _, __, c: ops.sparse_categorical_crossentropy(c, p),
        "sparse, logits": lambda _, x, __, c: ops.sparse_categorical_crossentropy(
            ops.expand_dims(c, -1), x, from_logits=True
        ),
        "signal to noise": lambda p, x, *_: ops.psnr(p, x, 2.0),
        "in top 2": lambda _, x, __, c: ops.in_top_k(c, x, 2),
    }
    assert_all(cases, shares, logits, hot, classes, free=False)


def test_normalizations():
    x, scale, offset = normal(3, 4, 5), normal(5), normal(5)
    rows = normal(4)
    cases = {
        "layer": lambda x, *_: ops.layer_normalization(x, scale, offset),
        "layer, plain": lambda x, *_: ops.layer_normalization(x, epsilon=1e-3),
        "layer, computed": ops.layer_normalization,
        "layer, half computed": lambda x, a, _: ops.layer_normalization(x, a, offset),
        "layer, offset": lambda x, _, b: ops.layer_normalization(x, scale, b),
        "layer, rows": lambda x, *_: ops.layer_normalization(x, rows, rows, axis=1),
        "root mean square": lambda x, *_: ops.rms_normalization(x, scale),
        "root mean square, computed": lambda x, a, _: ops.rms_normalization(x, a),
        "unit": lambda x, *_: ops.normalize(x),
        "unit, axes": lambda x, *_: ops.normalize(x, axis=(1, 2)),
        "unit, by sizes": lambda x, *_: ops.normalize(x, axis=1, order=1),
        "unit, cubes": lambda x, *_: ops.normalize(x, order=3),
        "moments": lambda x, *_: ops.moments(x, (0, 2)),
        "moments, kept": lambda x, *_: ops.moments(x, (1,), keepdims=True),
    }
    assert_all(cases, x, normal(5), normal(5), free=False)


def test_sums_and_distances():
    x, y = normal(3, 4, 6), normal(3, 5, 6)
    cases = {
        "log sum exp": lambda x, _: ops.logsumexp(x, axis=-1),
        "log sum exp, all": lambda x, _: ops.logsumexp(x),
        "log sum exp, kept": lambda x, _: ops.logsumexp(x, axis=(0, 1), keepdims=True),
        "distances": ops.cdist,
        "sequences": lambda x, _: ops.extract_sequences(x, 3, 2),
        "inverse error function": lambda x, _: ops.erfinv(ops.tanh(x)),
        "norm": lambda x, _: ops.norm(x),
        "norm, 1": lambda x, _: ops.norm(x, 1, axis=1),
        "norm, 3": lambda x, _: ops.norm(x, 3, axis=-1, keepdims=True),
        "norm, 0": lambda x, _: ops.norm(ops.relu(x), 0, axis=-1),
        "norm, most": lambda x, _: ops.norm(x, np.inf, axis=2),
        "norm, least": lambda x, _: ops.norm(x, -np.inf, axis=2),
        "norm of matrices": lambda x, _: ops.norm(x, "fro", axis=(1, 2)),
        "norm of columns": lambda x, _: ops.norm(x, 1, axis=(1, 2)),
        "norm of rows": lambda x, _: ops.norm(x, -np.inf, axis=(1, 2), keepdims=True),
    }
    assert_all(cases, x, y)


def test_infinities():
    """LiteRT's arithmetic ends at the largest number."""
    x = np.array([[-np.inf, 90, 1000], [-np.inf] * 3, [np.inf, 0, 1]], np.float32)
    y = np.array([-1, 1, 0], np.float32)
    cases = {
        "log sum exp": lambda x, _: ops.logsumexp(x, axis=-1),
        "inverse error function": lambda _, y: ops.erfinv(y),
    }
    assert_all(cases, x, y, free=False, in_litert=False)


def test_transforms():
    x, y = normal(3, 6, 8), normal(3, 6, 8)
    cases = {
        "fft": lambda x, y: ops.fft((x, y)),
        "fft2": lambda x, y: ops.fft2((x, y)),
        "ifft2": lambda x, y: ops.ifft2((x, y)),
        "irfft": lambda x, y: ops.irfft((x, y)),
        "irfft, odd": lambda x, y: ops.irfft((x, y), 11),
        "istft": lambda x, y: ops.istft((x[..., :5], y[..., :5]), 8, 3, 8),
        "istft, all": lambda x, y: ops.istft(
            (x[..., :5], y[..., :5]), 6, 2, 8, window="hamming", center=False
        ),
        "istft, stated": lambda x, y: ops.istft(
            (x[..., :5], y[..., :5]), 8, 4, 8, length=15, window=None
        ),
    }
    assert_all(cases, x, y, absolute=2e-5)


def test_images():
    x = RANDOM.uniform(0, 1, (2, 8, 7, 3)).astype(np.float32)
    x[0, 0, 0] = 0.5
    y = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    other = lambda x: ops.flip(x, axis=1)  # noqa: E731
    image = ops.image
    cases = {
        "grey": lambda x, _: image.rgb_to_grayscale(x),
        "grey, first": lambda _, y: image.rgb_to_grayscale(y, FIRST),
        "grey, one": lambda x, _: image.rgb_to_grayscale(x[0]),
        "hue": lambda x, _: image.rgb_to_hsv(x),
        "hue, first": lambda _, y: image.rgb_to_hsv(y, FIRST),
        "colour": lambda x, _: image.hsv_to_rgb(x * 1.5 - 0.2),
        "colour, first": lambda _, y: image.hsv_to_rgb(y, FIRST),
        "pad": lambda x, _: image.pad_images(x, 1, 2, 3, 4),
        "pad to": lambda x, _: image.pad_images(
            x, top_padding=2, right_padding=1, target_height=12, target_width=9
        ),
        "crop": lambda x, _: image.crop_images(x, 1, 2, 3, 0),
        "crop to": lambda _, y: image.crop_images(
            y,
            bottom_cropping=2,
            left_cropping=1,
            target_height=4,
            target_width=5,
            data_format=FIRST,
        ),
        "blur": lambda x, _: image.gaussian_blur(x, (5, 3), (1.5, 0.7), LAST),
        "blur, first": lambda _, y: image.gaussian_blur(y, data_format=FIRST),
        "edges": lambda x, _: image.sobel_edges(x),
        "edges, first": lambda _, y: image.sobel_edges(y, FIRST),
        "alike": lambda x, _: image.ssim(x, other(x), filter_size=5),
        "alike, first": lambda _, y: image.ssim(
            y, ops.flip(y, 2), 2.0, 3, data_format=FIRST
        ),
    }
    assert_all(cases, x, y, absolute=1e-5)


def test_small_matrices():
    a, b = normal(3, 5, 5), normal(3, 5, 2)
    a[1, 0, 0] = 0
    square = a @ a.transpose(0, 2, 1) + np.eye(5, dtype=np.float32)
    cases = {
        "solve": lambda a, b, _: ops.solve(a, b),
        "inverse": lambda a, *_: ops.inv(a),
        "determinant": lambda a, *_: ops.det(a),
        "logarithm of it": lambda a, *_: ops.logdet(a),
        "sign and logarithm": lambda a, *_: ops.slogdet(a),
        "lower and upper": lambda a, *_: [
            ops.cast(y, "float32") for y in ops.lu_factor(a)
        ],
        "cholesky": lambda _, __, s: ops.cholesky(s),
        "cholesky, upper": lambda _, __, s: ops.cholesky(s, upper=True),
        "from cholesky": lambda _, __, s: ops.cholesky_inverse(ops.cholesky(s)[0]),
        "triangular": lambda _, b, s: ops.solve_triangular(s, b, lower=True),
        "triangular, upper": lambda _, b, s: ops.solve_triangular(s, b),
        "qr": lambda a, *_: ops.qr(a),
        "qr, tall": lambda _, b, __: ops.qr(b),
        "qr, tall, complete": lambda _, b, __: ops.qr(b, "complete"),
        "qr, wide": lambda _, __, s: ops.qr(s[:, :3, :]),
    }
    assert_all(cases, a, b, square, relative=2e-4, absolute=2e-4)


def test_solve_for_a_vector():
    a, b = normal(4, 4), normal(4)
    cases = {
        "solve": ops.solve,
        "triangular": lambda a, b: ops.solve_triangular(a, b, lower=True),
    }
    assert_all(cases, a, b, free=False, relative=1e-4, absolute=1e-4)


def test_rearrange():
    x = normal(2, 4, 6, 3)
    cases = {
        "turn": lambda x: ops.rearrange(x, "b h w c -> b c h w"),
        "merge": lambda x: ops.rearrange(x, "b h w c -> (b h) w c"),
        "flatten": lambda x: ops.rearrange(x, "b h w c -> b (c h w)"),
        "split": lambda x: ops.rearrange(
            x, "b (h1 h) (w1 w) c -> (b h1 w1) h w c", h1=2, w1=3
        ),
        "blocks": lambda x: ops.rearrange(
            x, "b (h h1) (w w1) c -> b h w (c h1 w1)", h1=2, w1=2
        ),
    }
    assert_each(cases, x, free=False)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: ops.svd(x)[0], "singular values"),
        (lambda x: ops.norm(x, "nuc", axis=(1, 2)), "singular values"),
        (lambda x: ops.inv(ops.pad(x, [[0, 0], [0, 15], [0, 15]])), "19 x 19"),
        (lambda x: ops.image.elastic_transform(x[..., None]), "at random"),
    ],
)
def test_what_cannot_be_expressed_says_why(function, words):
    with pytest.raises(ConversionError, match=words):
        api.convert(of_function(function, (4, 4)))
