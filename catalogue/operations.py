"""An example of every public function of `keras.ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from catalogue.example import Example, use

if TYPE_CHECKING:
    from collections.abc import Callable

ops: Any = keras.ops
ROW, ROWS, IMAGE = (8,), (6, 4), (8, 8, 3)
MATRIX = (4, 4)
_KERNEL = np.linspace(-1, 1, 3 * 3 * 3 * 4, dtype=np.float32).reshape(3, 3, 3, 4)
_DEEP = _KERNEL[..., :2]
_SQUARE = np.array([[0, 0], [0, 5], [6, 0], [6, 5]], np.float32)
_BENT = _SQUARE * 0.8 + np.array([[0.5, 1], [0, 0.3], [1, 0], [0.2, 0.1]], np.float32)
_TURN = np.array([0.8, -0.5, 1.3, 0.6, 0.9, -2.1, 0, 0], np.float32)
_COUNTS = np.array([3, 3], np.int32)


def _each(names: str, *shapes: tuple[int, ...], **options: Any) -> dict[str, Example]:
    """Functions of that many tensors, and no more."""
    return {name: use(getattr(ops, name), *shapes, **options) for name in names.split()}


def _with(
    names: str,
    wrap: Callable[[Any], Callable[..., Any]],
    *shapes: tuple[int, ...],
    **options: Any,
) -> dict[str, Example]:
    """Functions that are called in one way, which `wrap` makes of each."""
    return {
        name: use(wrap(getattr(ops, name)), *shapes, **options)
        for name in names.split()
    }


def _image(name: str, *arguments: Any, **options: Any) -> Example:
    function = getattr(ops.image, name)
    return use(lambda x: function(x, *arguments), IMAGE, **options)


def _along(function: Any) -> Callable[[Any], Any]:
    return lambda x: function(x, axis=-1)


def _no_input(function: Callable[[], Any]) -> Example:
    return use(lambda _: function(), ROW)


_UNARY = (
    "abs absolute arccos arcsin arctan arctanh arcsinh cbrt ceil celu copy cos cosh "
    "deg2rad elu erf erfc erfinv exp exp2 expm1 fabs floor gelu hard_shrink "
    "hard_sigmoid hard_silu hard_tanh i0 isfinite isinf isnan isneginf "
    "isposinf isreal leaky_relu log log10 log1p log2 log_sigmoid negative nan_to_num "
    "ones_like empty_like zeros_like rad2deg ravel real imag angle conj conjugate "
    "reciprocal relu relu6 round rsqrt selu sigmoid sign signbit silu sin sinc sinh "
    "soft_shrink softplus softsign sparse_plus sparse_sigmoid sqrt square squareplus "
    "stop_gradient tan tanh tanh_shrink trunc convert_to_tensor ndim size"
)
_BINARY = (
    "add arctan2 divide divide_no_nan equal floor_divide fmax fmin fmod greater "
    "greater_equal heaviside hypot isclose less less_equal logaddexp logaddexp2 "
    "maximum minimum mod multiply nextafter not_equal power subtract true_divide "
    "vdot inner allclose"
)
_REDUCTIONS = (
    "all amax amin any argmax argmin argsort average count_nonzero cumprod cumsum "
    "flip glu log_softmax logsumexp max mean median min nanargmax nanargmin nancumprod "
    "nancumsum nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar norm "
    "normalize prod ptp rms_normalization layer_normalization softmax sort "
    "sparsemax std sum trapezoid var"
)
_WHOLE = "bitwise_and bitwise_or bitwise_xor left_shift right_shift gcd lcm ldexp"
EXAMPLES: dict[str, Example] = {
    **_each(_UNARY, ROW),
    "view": use(lambda x: ops.view(x, "int32"), ROW),
    "arccosh": use(ops.arccosh, ROW, low=1.1, high=3.0),
    **_each(_BINARY, ROW, ROW),
    **_with(_REDUCTIONS, _along, ROWS, tolerance=2e-5),
    **_each(_WHOLE, ROW, ROW, dtype="int32", high=8),
    **_each("bitwise_left_shift bitwise_right_shift", ROW, ROW, dtype="int32"),
    **_each("bitwise_not bitwise_invert", ROW, dtype="int32"),
    **_each("logical_and logical_or logical_xor", ROW, ROW, dtype="bool"),
    **_each("logical_not", ROW, dtype="bool"),
    # Several tensors, or tensors and numbers.
    "append": use(lambda x, y: ops.append(x, y, axis=1), ROW, ROW),
    "concatenate": use(lambda x, y: ops.concatenate([x, y], axis=1), ROW, ROW),
    "stack": use(lambda x, y: ops.stack([x, y], axis=1), ROW, ROW),
    **_with("hstack vstack dstack", lambda f: lambda x, y: f([x, y]), ROWS, ROWS),
    "meshgrid": use(ops.meshgrid, (), (), batch=4),
    "clip": use(lambda x: ops.clip(x, 0.3, 0.6), ROW),
    "threshold": use(lambda x: ops.threshold(x, 0.5, 0.0), ROW),
    "cast": use(lambda x: ops.cast(x, "int32"), ROW, high=9.0),
    "saturate_cast": use(lambda x: ops.saturate_cast(x, "uint8"), ROW, high=300.0),
    "where": use(lambda x, y: ops.where(x > y, x, y), ROW, ROW),
    "select": use(lambda x: ops.select([x > 0.5, x > 0.3], [x, -x], 0.0), ROW),
    "cross": use(ops.cross, (5, 3), (5, 3)),
    "kron": use(ops.kron, (3,), (2,), batch=2),
    "correlate": use(lambda x, y: ops.correlate(x, y, "same"), (), (), batch=6),
    "corrcoef": use(ops.corrcoef, ROW, batch=3),
    "outer": use(ops.outer, (), (), batch=4),
    "dot": use(lambda x: ops.dot(x, _KERNEL[0, 0]), (5, 3)),
    "matmul": use(ops.matmul, ROWS, (4, 5)),
    "tensordot": use(lambda x: ops.tensordot(x, _KERNEL[0, 0], 1), (5, 3)),
    "einsum": use(lambda x, y: ops.einsum("bij,bjk->bik", x, y), ROWS, (4, 5)),
    # Shapes.
    "reshape": use(lambda x: ops.reshape(x, (-1, 2, 4)), ROW),
    "transpose": use(lambda x: ops.transpose(x, (0, 2, 1)), ROWS),
    "swapaxes": use(lambda x: ops.swapaxes(x, 1, 2), ROWS),
    "moveaxis": use(lambda x: ops.moveaxis(x, 1, 2), ROWS),
    "squeeze": use(lambda x: ops.squeeze(x, 1), (1, 8)),
    "expand_dims": use(lambda x: ops.expand_dims(x, 1), ROW),
    "broadcast_to": use(lambda x: ops.broadcast_to(x, (3, 2, 8)), ROW, batch=2),
    "get_item": use(lambda x: ops.get_item(x, (slice(None), 2)), ROWS),
    **_with("fliplr flipud rot90", lambda f: f, ROWS),
    **_with("tril triu", lambda f: f, MATRIX),
    "diag": use(ops.diag, (), batch=4),
    "diagflat": use(ops.diagflat, (2,), batch=2),
    "diagonal": use(lambda x: ops.diagonal(x, axis1=1, axis2=2), MATRIX),
    "trace": use(lambda x: ops.trace(x, axis1=1, axis2=2), MATRIX),
    "pad": use(lambda x: ops.pad(x, [(0, 0), (1, 2)]), ROW),
    "repeat": use(lambda x: ops.repeat(x, 2, axis=1), ROW),
    "tile": use(lambda x: ops.tile(x, (1, 2)), ROW),
    "roll": use(lambda x: ops.roll(x, 2, axis=1), ROW),
    **_with("split array_split", lambda f: lambda x: f(x, 2, axis=1), ROW),
    "hsplit": use(lambda x: ops.hsplit(x, 2), ROW),
    "vsplit": use(lambda x: ops.vsplit(x, 2), ROW, batch=2),
    "dsplit": use(lambda x: ops.dsplit(x, 2), ROWS),
    "unstack": use(lambda x: ops.unstack(x, axis=1), ROWS),
    "rearrange": use(lambda x: ops.rearrange(x, "b h w -> b w h"), ROWS, batch=2),
    "full_like": use(lambda x: ops.full_like(x, 2.0), ROW),
    # Places and orders.
    "take": use(lambda x: ops.take(x, [0, 2], axis=1), ROW),
    "take_along_axis": use(
        lambda x: ops.take_along_axis(x, np.array([[0, 2, 5]]), axis=1), ROW
    ),
    "slice": use(lambda x: ops.slice(x, (0, 2), (2, 3)), ROW, batch=2),
    "slice_update": use(lambda x, y: ops.slice_update(x, (0, 2), y), ROW, (3,)),
    "scatter": use(
        lambda i, x: ops.scatter(i, x, (4, 8)),
        (1,),
        ROW,
        dtypes=("int32", "float32"),
        batch=3,
    ),
    "scatter_update": use(
        lambda x, y: ops.scatter_update(x, [[1, 2], [0, 3]], y), ROW, (), batch=2
    ),
    "segment_sum": use(lambda x: ops.segment_sum(x, np.array([0, 1]), 2), ROW, batch=2),
    "segment_max": use(lambda x: ops.segment_max(x, np.array([0, 1]), 2), ROW, batch=2),
    "segment_min": use(lambda x: ops.segment_min(x, np.array([0, 1]), 2), ROW, batch=2),
    "segment_prod": use(
        lambda x: ops.segment_prod(x, np.array([0, 1]), 2), ROW, batch=2
    ),
    "top_k": use(lambda x: ops.top_k(x, 3), ROW),
    "in_top_k": use(
        lambda t, x: ops.in_top_k(t, x, 2), (), ROW, dtypes=("int32", "float32")
    ),
    "argpartition": use(lambda x: ops.argpartition(x, 2), ROW, is_certain=False),
    "searchsorted": use(
        lambda x: ops.searchsorted(np.array([0.2, 0.5]), x), (), batch=5
    ),
    "digitize": use(lambda x: ops.digitize(x, np.array([0.2, 0.5])), ROW),
    "bincount": use(lambda x: ops.bincount(x, minlength=6), ROW, dtype="int32"),
    "histogram": use(lambda x: ops.histogram(x, 4, (0, 1)), (), batch=6),
    "nonzero": use(ops.nonzero, ROW),
    "unique": use(ops.unique, (), dtype="int32", batch=6),
    "unravel_index": use(lambda x: ops.unravel_index(x, (2, 4)), ROW, dtype="int32"),
    "isin": use(lambda x: ops.isin(x, [1, 2]), ROW, dtype="int32"),
    **_with("percentile nanpercentile", lambda f: lambda x: f(x, 30, axis=-1), ROWS),
    **_with("quantile nanquantile", lambda f: lambda x: f(x, 0.3, axis=-1), ROWS),
    "diff": use(ops.diff, ROW),
    "vander": use(lambda x: ops.vander(x, 3), (), batch=4),
    # Numbers of categories, losses and measures.
    "one_hot": use(lambda x: ops.one_hot(x, 4), ROW, dtype="int32"),
    "multi_hot": use(lambda x: ops.multi_hot(x, 4), ROW, dtype="int32"),
    **_each("binary_crossentropy categorical_crossentropy", ROW, ROW),
    "sparse_categorical_crossentropy": use(
        ops.sparse_categorical_crossentropy, (), ROW, dtypes=("int32", "float32")
    ),
    "psnr": use(lambda x, y: ops.psnr(x, y, 1.0), ROW, ROW),
    "cdist": use(ops.cdist, ROWS, ROWS),
    "moments": use(lambda x: ops.moments(x, (1,)), ROWS),
    # Networks.
    "conv": use(lambda x: ops.conv(x, _KERNEL, 1, "same"), IMAGE),
    "conv_transpose": use(
        lambda x: ops.conv_transpose(x, _KERNEL.transpose(0, 1, 3, 2), 2, "same"), IMAGE
    ),
    "depthwise_conv": use(lambda x: ops.depthwise_conv(x, _DEEP, 1, "same"), IMAGE),
    "separable_conv": use(
        lambda x: ops.separable_conv(
            x, _DEEP, _KERNEL[:1, :1].repeat(2, axis=2), 1, "same"
        ),
        IMAGE,
    ),
    **_with("max_pool average_pool", lambda f: lambda x: f(x, 2, 2), IMAGE),
    **_with(
        "adaptive_max_pool adaptive_average_pool",
        lambda f: lambda x: f(x, (2, 2)),
        IMAGE,
    ),
    "batch_normalization": use(
        lambda x: ops.batch_normalization(
            x, np.array([1, 2, 3], np.float32), np.array([4, 5, 6], np.float32), -1
        ),
        IMAGE,
    ),
    "dot_product_attention": use(
        lambda x: ops.dot_product_attention(x, x, x), (5, 2, 4)
    ),
    "depth_to_space": use(lambda x: ops.depth_to_space(x, 2), (3, 3, 4)),
    "space_to_depth": use(lambda x: ops.space_to_depth(x, 2), (4, 4, 3)),
    "unfold": use(lambda x: ops.nn.unfold(x, 3), (2, 6, 6)),
    "fold": use(lambda x: ops.nn.fold(x, (6, 6), 3), (18, 16)),
    "ctc_decode": use(ops.ctc_decode, ROWS, (), dtypes=("float32", "int32")),
    "ctc_loss": use(
        lambda y, x: ops.ctc_loss(
            y, x, np.array([3, 3], np.int32), np.array([6, 6], np.int32)
        ),
        (3,),
        ROWS,
        dtypes=("int32", "float32"),
        batch=2,
    ),
    # Spectra.
    "rfft": use(ops.rfft, ROW),
    **_with("fft fft2 ifft2", lambda f: lambda x, y: f((x, y)), ROWS, ROWS),
    "irfft": use(lambda x, y: ops.irfft((x, y)), (5,), (5,)),
    "stft": use(lambda x: ops.stft(x, 8, 4, 8), (32,)),
    "istft": use(
        lambda x, y: ops.istft((x, y), 8, 4, 8), (6, 5), (6, 5), tolerance=1e-4
    ),
    "extract_sequences": use(lambda x: ops.extract_sequences(x, 3, 2), ROW),
    # Matrices.
    **_each("det inv logdet slogdet lu_factor qr", MATRIX, tolerance=1e-3),
    "cholesky": use(
        lambda x: ops.cholesky(x + 4 * np.eye(4, dtype=np.float32)), MATRIX
    ),
    "cholesky_inverse": use(
        lambda x: ops.cholesky_inverse(x + np.eye(4, dtype=np.float32)), (4,), batch=4
    ),
    "solve": use(ops.solve, MATRIX, (4, 2), tolerance=1e-3),
    "solve_triangular": use(
        lambda x, y: ops.solve_triangular(x + np.eye(4, dtype=np.float32), y),
        MATRIX,
        (4, 2),
    ),
    **_each("eig eigh svd matrix_rank pinv", MATRIX),
    "lstsq": use(ops.lstsq, (3,), (), batch=4),
    "jvp": use(lambda x: ops.jvp(ops.square, (x,), (x,)), ROW),
    # Complex numbers.
    "polar": use(ops.polar, ROW, ROW),
    "view_as_complex": use(ops.view_as_complex, (4, 2)),
    "view_as_real": use(ops.view_as_real, ROW, dtype="complex64"),
    # Loops and branches.
    "cond": use(lambda x: ops.cond(ops.sum(x) > 1, lambda: x * 2, lambda: x), ROW),
    "switch": use(
        lambda i, x: ops.switch(i[0], [ops.exp, ops.sin], x),
        (),
        ROW,
        dtypes=("int32", "float32"),
        high=2,
    ),
    "while_loop": use(
        lambda x: ops.while_loop(lambda x: ops.sum(x) < 99, lambda x: (x * 2,), (x,)),
        ROW,
    ),
    "fori_loop": use(lambda x: ops.fori_loop(0, 3, lambda _, x: x * 2, x), ROW),
    "scan": use(lambda x: ops.scan(lambda c, x: (c + x, c * x), x[0], x), ROW, batch=3),
    "associative_scan": use(
        lambda x: ops.associative_scan(lambda a, b: a + b, x, axis=1), ROW
    ),
    "map": use(lambda x: ops.map(ops.square, x), ROW, batch=3),
    "vectorized_map": use(lambda x: ops.vectorized_map(ops.square, x), ROW, batch=3),
    "custom_gradient": use(
        ops.custom_gradient(lambda x: (ops.square(x), lambda *_: x)), ROW
    ),
    # What does not depend on the model's input.
    "arange": _no_input(lambda: ops.arange(4)),
    "array": _no_input(lambda: ops.array([1.0, 2.0])),
    **{
        name: _no_input(lambda name=name: getattr(ops, name)(6))
        for name in ("bartlett", "blackman", "hamming", "hanning")
    },
    "kaiser": _no_input(lambda: ops.kaiser(6, 2.0)),
    **{
        name: _no_input(lambda name=name: getattr(ops, name)(1, 8, 4))
        for name in ("geomspace", "linspace", "logspace")
    },
    **{
        name: _no_input(lambda name=name: getattr(ops, name)((2, 3)))
        for name in ("empty", "ones", "zeros")
    },
    "empty_like": use(ops.empty_like, ROW, is_certain=False),
    "eye": _no_input(lambda: ops.eye(3)),
    "identity": _no_input(lambda: ops.identity(3)),
    "tri": _no_input(lambda: ops.tri(3)),
    "full": _no_input(lambda: ops.full((2, 3), 2.0)),
    # Images.
    "image.affine_transform": _image("affine_transform", _TURN[None], batch=1),
    "image.crop_images": _image("crop_images", 1, 1, 1, 1),
    "image.elastic_transform": _image("elastic_transform"),
    "image.extract_patches": _image("extract_patches", 4),
    "image.extract_patches_3d": use(
        lambda x: ops.image.extract_patches_3d(x, 2), (4, 4, 4, 2)
    ),
    "image.gaussian_blur": _image("gaussian_blur", (3, 3), (1.0, 1.0), "channels_last"),
    "image.hsv_to_rgb": _image("hsv_to_rgb"),
    "image.map_coordinates": use(
        lambda x: ops.image.map_coordinates(x, _SQUARE[:2] * 0.3, 1), (4,), batch=2
    ),
    "image.pad_images": _image("pad_images", 1, 1, 1, 1),
    "image.perspective_transform": _image(
        "perspective_transform", _SQUARE[None], _BENT[None], batch=1, tolerance=1e-4
    ),
    "image.resize": _image("resize", (5, 4)),
    "image.rgb_to_grayscale": _image("rgb_to_grayscale"),
    "image.rgb_to_hsv": _image("rgb_to_hsv"),
    "image.scale_and_translate": use(
        lambda x: ops.image.scale_and_translate(
            x,
            (2, 6, 9, 3),
            np.array([0.7, 1.2], np.float32),
            np.array([0, 1], np.float32),
            (1, 2),
            "linear",
        ),
        IMAGE,
        batch=2,
    ),
    # Keras's backends do not agree on what is around an image.
    "image.sobel_edges": _image("sobel_edges", is_certain=False),
    "image.ssim": use(
        lambda x, y: ops.image.ssim(x, y, filter_size=3), IMAGE, IMAGE, tolerance=1e-4
    ),
}

NOT_COMPUTED: dict[str, str] = {
    "convert_to_numpy": "gives an array, and so ends a model",
    "dtype": "a name, known when the model is converted",
    "is_tensor": "a truth, known when the model is converted",
    "shape": "sizes; one that is free is None",
    "vectorize": "makes a function of arrays, which takes no Keras tensors",
}
"""Functions that compute no tensor, and what they give."""
