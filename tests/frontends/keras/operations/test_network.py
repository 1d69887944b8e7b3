"""Convolutions, poolings, patches, picks by index and spectra of `keras.ops`."""

from __future__ import annotations

import functools

import keras
import numpy as np

from gossamer import api
from gossamer.flatbuffer.read import read
from tests.frontends.keras.compare import litert, of_function
from tests.frontends.keras.operations.many import assert_each

assert_all = functools.partial(assert_each, at_once=True)
ops = keras.ops
FIRST = "channels_first"
RANDOM = np.random.default_rng(4)


def normal(*shape):
    return RANDOM.normal(0, 1, shape).astype(np.float32)


LINE, PLANE, VOLUME = normal(2, 9, 4), normal(2, 8, 6, 4), normal(2, 5, 4, 6, 3)
TURNED = np.ascontiguousarray(PLANE.transpose(0, 3, 1, 2))
KERNEL, DEEP, BACK = normal(3, 2, 4, 5), normal(3, 2, 4, 2), normal(3, 2, 5, 4)
CONVOLUTIONS = {
    "conv": lambda x, _: ops.conv(x, KERNEL, 2, "same"),
    "conv, channels first": lambda _, y: ops.conv(y, KERNEL, 1, "valid", FIRST),
    "conv, dilated, first": lambda _, y: ops.conv(
        y, KERNEL, 1, "same", FIRST, dilation_rate=2
    ),
    "depthwise": lambda x, _: ops.depthwise_conv(x, DEEP, 1, "same"),
    "depthwise, first": lambda _, y: ops.depthwise_conv(y, DEEP, 1, "same", FIRST),
    "separable": lambda x, _: ops.separable_conv(x, DEEP, POINTS, 1, "same"),
    "separable, first": lambda _, y: ops.separable_conv(
        y, DEEP, POINTS, 1, "same", FIRST
    ),
    "transposed": lambda x, _: ops.conv_transpose(x, BACK, 2, "same"),
    "transposed, valid": lambda x, _: ops.conv_transpose(x, BACK, (2, 3)),
    "transposed, more": lambda x, _: ops.conv_transpose(
        x, BACK, 2, "same", output_padding=1
    ),
    "transposed, first": lambda _, y: ops.conv_transpose(
        y, BACK, 2, "same", data_format=FIRST
    ),
    "max pool, first": lambda _, y: ops.max_pool(y, 2, 2, data_format=FIRST),
    "average pool": lambda x, _: ops.average_pool(x, 3, 2, "same"),
    "adaptive average": lambda x, _: ops.adaptive_average_pool(x, (4, 3)),
    "adaptive average, uneven": lambda x, _: ops.adaptive_average_pool(x, (5, 5)),
    "adaptive average, first": lambda _, y: ops.adaptive_average_pool(
        y, (3, 4), data_format=FIRST
    ),
    "adaptive max": lambda x, _: ops.adaptive_max_pool(x, (3, 4)),
    "space to depth": lambda x, _: ops.space_to_depth(x, 2),
    "space to depth, first": lambda _, y: ops.space_to_depth(y, 2, FIRST),
    "depth to space": lambda x, _: ops.depth_to_space(x, 2),
    "depth to space, first": lambda _, y: ops.depth_to_space(y, 2, FIRST),
    "unfold": lambda _, y: ops.nn.unfold(y, (3, 2), dilation=2, padding=1, stride=2),
    "fold": lambda _, y: ops.nn.fold(ops.nn.unfold(y, 3, padding=1), (8, 6), 3, 1, 1),
    "fold, apart": lambda _, y: ops.nn.fold(
        ops.nn.unfold(y, 2, stride=2), (8, 6), 2, stride=2
    ),
    "tiles": lambda x, _: ops.image.extract_patches(x, 2),
    "tiles, not square": lambda x, _: ops.image.extract_patches(x, (2, 3)),
    "patches": lambda x, _: ops.image.extract_patches(
        x, (3, 2), strides=2, padding="same"
    ),
    "patches, dilated": lambda x, _: ops.image.extract_patches(
        x, 3, strides=1, dilation_rate=2
    ),
    "patches, first": lambda _, y: ops.image.extract_patches(
        y, 3, strides=2, padding="same", data_format=FIRST
    ),
    "patch of one image": lambda x, _: ops.image.extract_patches(x[0], 2),
}
POINTS = normal(1, 1, 8, 3)


def test_convolutions_and_patches():
    assert_all(CONVOLUTIONS, PLANE, TURNED, absolute=4e-6)


def test_lines_and_volumes():
    kernel, back, filters = normal(3, 4, 5), normal(3, 5, 4), normal(2, 3, 2, 3, 4)
    cases = {
        "conv": lambda x, _: ops.conv(x, kernel, 2, "same"),
        "transposed": lambda x, _: ops.conv_transpose(x, back, 2, "same"),
        "adaptive": lambda x, _: ops.adaptive_average_pool(x, (4,)),
        "conv of volume": lambda _, y: ops.conv(y, filters, 1, "same"),
        "adaptive volume": lambda _, y: ops.adaptive_max_pool(y, (2, 3, 4)),
        "patches of volume": lambda _, y: ops.image.extract_patches_3d(y, (2, 2, 3)),
    }
    assert_all(cases, LINE, VOLUME, absolute=4e-6)


def test_what_is_computed_while_the_model_runs():
    kernel, deep, line = normal(3, 3, 4, 5), normal(3, 3, 4, 2), normal(3, 4, 5)
    mean, variance = normal(4), np.abs(normal(4)) + 0.5
    cases = {
        "kernel": lambda x, k, *_: ops.conv(x, k, 2, "same"),
        "depthwise kernel": lambda x, _, d, *__: ops.depthwise_conv(x, d),
        "kernel of lines": lambda x, _, __, k, *___: ops.conv(x[:, 0], k, 1, "same"),
        "statistics": lambda x, _, __, ___, m, v: ops.batch_normalization(x, m, v, -1),
        "half of them": lambda x, _, __, ___, m, _v: ops.batch_normalization(
            x, m, variance, -1, offset=mean, scale=m
        ),
    }
    inputs = (PLANE, kernel, deep, line, mean, variance)
    assert_all(cases, *inputs, free=False, absolute=4e-6)


def test_windows_onto_a_single_column():
    """Keras in JAX divides in float32, and takes 7 rows of 7 for a little less."""
    x = normal(2, 7, 5, 3)
    model = of_function(lambda x: ops.adaptive_average_pool(x, (7, 1)), (7, 5, 3))
    (y,) = litert(api.convert(model), x).values()
    np.testing.assert_allclose(y, x.mean(axis=2, keepdims=True), atol=1e-6)


TABLE, IDS = normal(6, 4), np.array([0, 2, 1, 2, 0, 1], np.int32)
PLACES = np.array([[1, 2], [0, 3], [4, 0]], np.int32)
ROWS, ENDS = np.array([[3], [0], [3]]), np.array([[-1], [0]])
UPDATES = normal(3)
INDEXED = {
    "slice": lambda x, *_: ops.slice(x, (1, 0), (3, 4)),
    "slice, moved": lambda x, *_: ops.slice(x, (5, 3), (3, 2)),
    "slice at": lambda x, _, i: ops.slice(x, i[1], (2, 3)),
    "slice at both": lambda x, _, i: ops.slice(x, (i[0, 0], 1), (2, 3)),
    "scatter": lambda x, _, i: ops.scatter(i, x[:3, 0], (6, 5)),
    "scatter rows": lambda x, *_: ops.scatter(ROWS, x[:3, :], (5, 4)),
    "set": lambda x, _, i: ops.scatter_update(x, i, UPDATES),
    "set rows": lambda x, *_: ops.scatter_update(x, ENDS, x[2:4, :]),
    "add": lambda x, _, i: ops.scatter_update(x, i, UPDATES, "add"),
    "max": lambda x, _, i: ops.scatter_update(x, i, UPDATES, "max"),
    "min": lambda x, _, i: ops.scatter_update(x, i, UPDATES, "min"),
    "mul": lambda x, _, i: ops.scatter_update(x, i, UPDATES, "mul"),
    "segment sum": lambda x, ids, _: ops.segment_sum(x, ids, 3),
    "segment max": lambda x, ids, _: ops.segment_max(x, ids, 3),
    "segment min": lambda x, ids, _: ops.segment_min(x, ids, 3),
    "segment prod": lambda x, ids, _: ops.segment_prod(x, ids, 4),
    "segments of ints": lambda _, ids, __: ops.segment_sum(ids, ids, 3),
    "top k": lambda x, *_: ops.top_k(x, 3),
    "one hot": lambda _, ids, __: ops.one_hot(ids, 4),
    "one hot, first": lambda _, ids, __: ops.one_hot(ids, 4, axis=0, dtype="int32"),
    "one hot, bool": lambda _, ids, __: ops.one_hot(ids, 2, dtype="bool"),
    "multi hot": lambda _, __, i: ops.multi_hot(i, 5),
    "multi hot, one row": lambda _, ids, __: ops.multi_hot(ids, 4),
}


def test_indices():
    assert_all(INDEXED, TABLE, IDS, PLACES, free=False)


def test_spectra():
    x = normal(3, 2, 32)
    cases = {
        "rfft": ops.rfft,
        "rfft, shorter": lambda x: ops.rfft(x, 16),
        "rfft, longer": lambda x: ops.rfft(x, 64),
        "rfft, odd": lambda x: ops.rfft(x, 15),
        "rfft, padded": lambda x: ops.rfft(x, 36),
        "stft": lambda x: ops.stft(x, 8, 4, 16),
        "stft, hamming": lambda x: ops.stft(x, 8, 3, 8, "hamming", center=False),
        "stft, plain": lambda x: ops.stft(x, 6, 3, 8, None),
        "stft, array": lambda x: ops.stft(x, 4, 2, 8, np.arange(1.0, 5)),
    }
    data = assert_all(cases, x, absolute=2e-5)
    assert "RFFT2D" in {node.op.name for node in read(data).main.nodes}


def test_activations():
    x = np.concatenate([normal(4, 3, 5) * 3, np.zeros((1, 3, 5), np.float32)])
    cases = {
        "erf": ops.erf,
        "erfc": ops.erfc,
        "log sigmoid": ops.log_sigmoid,
        "hard tanh": ops.hard_tanh,
        "softmax over axes": lambda x: ops.softmax(x, axis=(1, 2)),
        "softmax over all": lambda x: ops.softmax(x, axis=None),
        "log softmax over axes": lambda x: ops.log_softmax(x, axis=(0, 2)),
    }
    assert_all(cases, x)


def test_resizing():
    x = normal(2, 5, 7, 3)
    cases = {
        "bilinear": lambda x: ops.image.resize(x, (9, 4)),
        "one image": lambda x: ops.image.resize(x[0], (3, 4), "nearest"),
        "bicubic": lambda x: ops.image.resize(x, (4, 9), "bicubic", antialias=True),
        "cropped": lambda x: ops.image.resize(x, (4, 4), crop_to_aspect_ratio=True),
        "padded": lambda x: ops.image.resize(
            x, (4, 4), pad_to_aspect_ratio=True, fill_value=0.5
        ),
        "first": lambda x: ops.image.resize(x, (5, 2), data_format=FIRST),
        "integers": lambda x: ops.image.resize(ops.cast(x * 9, "int32"), (10, 7)),
    }
    assert_all(cases, x, absolute=4e-6)
