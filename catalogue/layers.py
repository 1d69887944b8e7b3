"""An example of every public layer of Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from catalogue.example import Example, use

if TYPE_CHECKING:
    from collections.abc import Callable

layers: Any = keras.layers
ROW, ROWS, IMAGE, VOLUME = (8,), (6, 4), (8, 8, 3), (6, 6, 6, 2)
EVEN = {1: (8, 4), 2: (8, 8, 3), 3: (4, 4, 4, 2)}


def one(make: Callable[[], Any], *shapes: tuple[int, ...], **options: Any) -> Example:
    """A layer, made anew for each use, on one input or a list of them."""

    def apply(*xs: Any) -> Any:
        return make()(xs[0] if len(xs) == 1 else list(xs))

    return use(apply, *shapes, **options)


def _separate(make: Callable[[], Any], *shapes: tuple[int, ...]) -> Example:
    """A layer whose call takes several arguments."""

    def apply(*xs: Any) -> Any:
        return make()(*xs)

    return use(apply, *shapes)


def _cell(make: Callable[[], Any]) -> Example:
    return one(lambda: layers.RNN(make()), ROWS)


def _family(
    name: str, ranks: tuple[int, ...], *arguments: Any, **options: Any
) -> dict[str, Example]:
    """The layers of a family over one to three axes."""
    return {
        f"{name}{rank}D": one(
            lambda rank=rank: getattr(layers, f"{name}{rank}D")(*arguments, **options),
            EVEN[rank],
        )
        for rank in ranks
    }


def _same(*names: str, shape: tuple[int, ...] = IMAGE, **options: Any) -> Any:
    return {
        name: one(lambda name=name: getattr(layers, name)(**options), shape)
        for name in names
    }


ALL = (1, 2, 3)
EXAMPLES: dict[str, Example] = {
    "Activation": one(lambda: layers.Activation("tanh"), ROW),
    "ActivityRegularization": one(layers.ActivityRegularization, ROW),
    **_family("AdaptiveAveragePooling", ALL, 2),
    **_family("AdaptiveMaxPooling", ALL, 2),
    "Add": one(layers.Add, ROW, ROW),
    "AdditiveAttention": one(layers.AdditiveAttention, ROWS, ROWS),
    "AlphaDropout": one(lambda: layers.AlphaDropout(0.5), ROW),
    "Attention": one(layers.Attention, ROWS, ROWS),
    "AutoContrast": one(lambda: layers.AutoContrast(value_range=(0, 1)), IMAGE),
    "Average": one(layers.Average, ROW, ROW),
    **_family("AveragePooling", ALL, 2),
    "BatchNormalization": one(
        lambda: layers.BatchNormalization(moving_mean_initializer="ones"), IMAGE
    ),
    "Bidirectional": one(lambda: layers.Bidirectional(layers.LSTM(3)), ROWS),
    "CategoryEncoding": one(
        lambda: layers.CategoryEncoding(4, output_mode="multi_hot"), ROW, dtype="int32"
    ),
    "CenterCrop": one(lambda: layers.CenterCrop(4, 4), IMAGE),
    "Concatenate": one(layers.Concatenate, ROW, ROW),
    "ContrastLimitedAdaptiveHistogramEqualization": one(
        layers.ContrastLimitedAdaptiveHistogramEqualization, IMAGE
    ),
    **_family("Conv", ALL, 4, 3),
    **{
        f"Conv{rank}DTranspose": one(
            lambda rank=rank: getattr(layers, f"Conv{rank}DTranspose")(4, 3, 2),
            EVEN[rank],
        )
        for rank in ALL
    },
    "ConvLSTM1D": one(lambda: layers.ConvLSTM1D(2, 3), (3, 6, 2)),
    "ConvLSTM2D": one(lambda: layers.ConvLSTM2D(2, 3), (3, 6, 6, 2)),
    "ConvLSTM3D": one(lambda: layers.ConvLSTM3D(2, 3), (3, 4, 4, 4, 2)),
    "Cropping1D": one(lambda: layers.Cropping1D(1), ROWS),
    "Cropping2D": one(lambda: layers.Cropping2D(1), IMAGE),
    "Cropping3D": one(lambda: layers.Cropping3D(1), VOLUME),
    "Dense": one(lambda: layers.Dense(4), ROW),
    "DepthwiseConv1D": one(lambda: layers.DepthwiseConv1D(3), ROWS),
    "DepthwiseConv2D": one(lambda: layers.DepthwiseConv2D(3), IMAGE),
    "Discretization": one(
        lambda: layers.Discretization(bin_boundaries=[0.3, 0.6]), ROW
    ),
    "Dot": one(lambda: layers.Dot(axes=2), ROWS, ROWS),
    "Dropout": one(lambda: layers.Dropout(0.5), ROW),
    "ELU": one(layers.ELU, ROW),
    "EinsumDense": one(lambda: layers.EinsumDense("abc,cd->abd", (None, 5)), ROWS),
    "Embedding": one(lambda: layers.Embedding(5, 3), ROW, dtype="int32"),
    "Flatten": one(layers.Flatten, IMAGE),
    "GRU": one(lambda: layers.GRU(3), ROWS),
    "GRUCell": _cell(lambda: layers.GRUCell(3)),
    "GaussianDropout": one(lambda: layers.GaussianDropout(0.5), ROW),
    "GaussianNoise": one(lambda: layers.GaussianNoise(0.5), ROW),
    **_family("GlobalAveragePooling", ALL),
    **_family("GlobalMaxPooling", ALL),
    "GroupNormalization": one(
        lambda: layers.GroupNormalization(2), (4, 4, 6), tolerance=3e-5
    ),
    "GroupQueryAttention": _separate(
        lambda: layers.GroupQueryAttention(4, 4, 2), (6, 8), (6, 8)
    ),
    "Identity": one(layers.Identity, ROW),
    "LSTM": one(lambda: layers.LSTM(3), ROWS),
    "LSTMCell": _cell(lambda: layers.LSTMCell(3)),
    "Lambda": one(lambda: layers.Lambda(keras.ops.square), ROW),
    "LayerNormalization": one(layers.LayerNormalization, ROW, tolerance=3e-5),
    "LeakyReLU": one(layers.LeakyReLU, ROW),
    "Masking": one(layers.Masking, ROWS),
    **_family("MaxPooling", ALL, 2),
    "Maximum": one(layers.Maximum, ROW, ROW),
    "MelSpectrogram": one(
        lambda: layers.MelSpectrogram(
            num_mel_bins=8,
            fft_length=32,
            sequence_stride=16,
            sampling_rate=160,
            max_freq=80,
        ),
        (128,),
        tolerance=1e-4,
    ),
    "Minimum": one(layers.Minimum, ROW, ROW),
    "MultiHeadAttention": _separate(
        lambda: layers.MultiHeadAttention(2, 4), (6, 8), (6, 8)
    ),
    "Multiply": one(layers.Multiply, ROW, ROW),
    "Normalization": one(lambda: layers.Normalization(mean=0.5, variance=2.0), ROW),
    "PReLU": one(lambda: layers.PReLU(keras.initializers.Constant(0.3)), ROW),
    "Permute": one(lambda: layers.Permute((2, 1)), ROWS),
    "Pipeline": one(lambda: layers.Pipeline([layers.Rescaling(2.0)]), IMAGE),
    "RMSNormalization": one(layers.RMSNormalization, ROW),
    "RNN": _cell(
        lambda: layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)])
    ),
    "ReLU": one(lambda: layers.ReLU(max_value=6), ROW),
    "RepeatVector": one(lambda: layers.RepeatVector(3), ROW),
    "Rescaling": one(lambda: layers.Rescaling(2.0, -1.0), ROW),
    "Reshape": one(lambda: layers.Reshape((2, 4)), ROW),
    "Resizing": one(lambda: layers.Resizing(5, 4), IMAGE),
    "ReversibleEmbedding": one(
        lambda: layers.ReversibleEmbedding(5, 3), ROW, dtype="int32"
    ),
    "STFTSpectrogram": one(
        lambda: layers.STFTSpectrogram(frame_length=16, frame_step=8, fft_length=16),
        (64, 1),
    ),
    "SeparableConv1D": one(lambda: layers.SeparableConv1D(4, 3), ROWS),
    "SeparableConv2D": one(lambda: layers.SeparableConv2D(4, 3), IMAGE),
    "SimpleRNN": one(lambda: layers.SimpleRNN(3), ROWS),
    "SimpleRNNCell": _cell(lambda: layers.SimpleRNNCell(3)),
    "Softmax": one(layers.Softmax, ROW),
    "SpatialDropout1D": one(lambda: layers.SpatialDropout1D(0.5), ROWS),
    "SpatialDropout2D": one(lambda: layers.SpatialDropout2D(0.5), IMAGE),
    "SpatialDropout3D": one(lambda: layers.SpatialDropout3D(0.5), VOLUME),
    "SpectralNormalization": one(
        lambda: layers.SpectralNormalization(layers.Dense(4)), ROW
    ),
    "StackedRNNCells": _cell(
        lambda: layers.StackedRNNCells([layers.GRUCell(3), layers.GRUCell(2)])
    ),
    "Subtract": one(layers.Subtract, ROW, ROW),
    "TimeDistributed": one(lambda: layers.TimeDistributed(layers.Dense(3)), ROWS),
    "UnitNormalization": one(layers.UnitNormalization, ROW),
    "UpSampling1D": one(lambda: layers.UpSampling1D(2), ROWS),
    "UpSampling2D": one(lambda: layers.UpSampling2D(2), IMAGE),
    "UpSampling3D": one(lambda: layers.UpSampling3D(2), EVEN[3]),
    "ZeroPadding1D": one(lambda: layers.ZeroPadding1D(1), ROWS),
    "ZeroPadding2D": one(lambda: layers.ZeroPadding2D(1), IMAGE),
    "ZeroPadding3D": one(lambda: layers.ZeroPadding3D(1), EVEN[3]),
    **_same("AugMix", "RandomGrayscale", "Solarization"),
    **_same("CutMix", "MixUp", "RandAugment", "RandomGaussianBlur", "RandomInvert"),
    **_same("RandomElasticTransform", "RandomErasing", "RandomFlip"),
    **_same("RandomBrightness", "RandomContrast", "RandomRotation", factor=0.2),
    **_same("RandomColorDegeneration", "RandomHue", "RandomPerspective", factor=0.2),
    **_same("RandomPosterization", factor=4),
    **_same("RandomSaturation", "RandomSharpness", factor=0.2),
    **_same("RandomColorJitter", brightness_factor=0.2),
    **_same("RandomCrop", height=8, width=8),
    **_same("RandomShear", x_factor=0.2),
    **_same("RandomTranslation", height_factor=0.2, width_factor=0.2),
    **_same("RandomZoom", height_factor=0.2),
}

_TEXT = "needs TensorFlow's tables or hashes: begin the model with the numbers it gives"
NOT_LAYERS: dict[str, str] = {
    "Equalization": "hands images on; alone, Keras takes it for a cycle",
    "FlaxLayer": "wraps a Flax module: use gossamer.from_jax",
    "HashedCrossing": _TEXT,
    "Hashing": _TEXT,
    "InputLayer": "an input of the file",
    "InputSpec": "says what a layer may be given",
    "IntegerLookup": _TEXT,
    "JaxLayer": "wraps a JAX function: use gossamer.from_jax",
    "Layer": "the base of all layers; the call of one's own is traced",
    "MaxNumBoundingBoxes": "prepares lists of boxes for training",
    "StringLookup": _TEXT,
    "TFSMLayer": "wraps a SavedModel: use TFLiteConverter.from_saved_model",
    "TextVectorization": _TEXT,
    "TorchModuleWrapper": "wraps a PyTorch module, which cannot be traced",
    "Wrapper": "the base of layers around another",
}
"""Classes that have no example, and what they are."""
