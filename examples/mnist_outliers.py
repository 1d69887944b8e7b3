"""A network on which int8 fails after training, and does not when it is trained for it.

A small MobileNet V2 learns digits of 14 x 14 pixels. Then one depthwise channel in ten
is made 50 times as large and the next layer that much smaller, so that it answers as
before: networks of this kind come out of training like that. One range for a tensor
cannot hold both its large channels and its small ones, and int8 loses what is in these.
Training on with int8's rounding mends it.

    python examples/mnist_outliers.py
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import mnist
import numpy as np
import pages
from rich.console import Console
from rich.table import Table

import gossamer
from gossamer import quantization_aware

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SEED = 0
BATCH = 64
CALIBRATED = 200
LARGER = 50.0
HOW_MANY = 0.1
PAGE = """\
Made by `make outliers`; do not edit. A small MobileNet V2 some of whose channels are
much larger than the others, quantized after training and trained for it. *As Keras* is
how many digits the file reads as the model that it was made of does; the last column
compares all scores with those of LiteRT's reference kernels."""


def small(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """(count, 28, 28) at half the height and width: (count, 14, 14, 1)."""
    return images.reshape(-1, 14, 2, 14, 2).mean((2, 4))[..., None].astype(np.float32)


def block(x: Any, channels: int, stride: int) -> Any:
    """Expand fourfold, filter each channel, project; add the input where it fits."""
    layers = keras.layers
    given = x.shape[-1]
    y = layers.Conv2D(4 * given, 1, use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(y)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(channels, 1, use_bias=False)(y))
    return layers.Add()([x, y]) if stride == 1 and given == channels else y


def network() -> Any:
    """A step of two pixels, then three blocks."""
    layers = keras.layers
    start = layers.Input((14, 14, 1))
    x = layers.Conv2D(16, 3, 2, "same", use_bias=False)(start)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for channels, stride in ((16, 1), (24, 2), (24, 1)):
        x = block(x, channels, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(start, layers.Dense(10)(x))


def taught(model: Any, digits: mnist.Digits, epochs: int, rate: float) -> Any:
    """Train with a rate that falls to zero."""
    steps = epochs * -(-len(digits.train_x) // BATCH)
    falling: Any = keras.optimizers.schedules.CosineDecay(rate, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(falling), loss)
    model.fit(
        small(digits.train_x),
        digits.train_y,
        batch_size=BATCH,
        epochs=epochs,
        verbose=0,
    )
    return model


def make_outliers(model: Any) -> None:
    """Enlarge some channels before depthwise filters, which undo it."""
    random = np.random.default_rng(SEED + 1)
    for before, layer in zip(model.layers, model.layers[2:], strict=False):
        if not isinstance(layer, keras.layers.DepthwiseConv2D):
            continue
        kernel: Any = layer.kernel
        factor = np.where(random.random(kernel.shape[2]) < HOW_MANY, LARGER, 1.0)
        for variable in (before.gamma, before.beta):
            variable.assign(keras.ops.convert_to_numpy(variable) * factor)
        kernel.assign(keras.ops.convert_to_numpy(kernel) / factor[:, None])


@dataclass(frozen=True)
class Row:
    """A file: percent of digits read right, and read as by its model; LiteRT's bits."""

    name: str
    accuracy: float
    as_model: float
    same_bits: bool | None


def judged(
    name: str, content: bytes, model: Any, digits: mnist.Digits, *, exact: bool = True
) -> Row:
    """Run the held-out digits through a file; `exact` compares LiteRT's bits."""
    x, y = small(digits.test_x), digits.test_y
    ours = mnist.Engine(gossamer.Interpreter(model_content=content))
    scores = ours.scores(x, lambda _: None)
    answers: Any = keras.ops.convert_to_numpy(model(x))
    known = answers.argmax(1)
    same = None
    if exact and mnist.litert is not None:
        plain = mnist.litert.OpResolverType.BUILTIN_REF
        with mnist.without_native_log():
            made = mnist.litert.Interpreter(
                model_content=content, experimental_op_resolver_type=plain
            )
            theirs = mnist.Engine(made).scores(x, lambda _: None)
        same = bool(np.array_equal(scores, theirs))
    found = scores.argmax(1)
    return Row(name, mnist.share(found == y), mnist.share(found == known), same)


def compare(digits: mnist.Digits, epochs: int) -> list[Row]:
    """Float, int8 after training, and int8 trained: with outliers, and without."""
    keras.utils.set_random_seed(SEED)
    model = taught(network(), digits, epochs, 4e-3)
    samples = small(digits.train_x[:CALIBRATED])
    rows = [
        judged("float", gossamer.convert(model), model, digits, exact=False),
        judged("int8", gossamer.convert(model, "int8", samples), model, digits),
    ]
    make_outliers(model)
    content = gossamer.convert(model, "int8", samples)
    rows.append(judged("int8, outliers", content, model, digits))
    trained = quantization_aware.quantize_model(model)
    taught(trained, digits, max(epochs // 2, 1), 2e-3)
    content = gossamer.convert(trained, "int8")
    rows.append(judged("QAT, outliers", content, trained, digits))
    return rows


def table_of(rows: Sequence[Row]) -> Table:
    """One row per file."""
    table = Table(title="2,000 held-out digits")
    table.add_column("")
    for title in ("accuracy", "as Keras", "LiteRT's bits"):
        table.add_column(title, justify="right")
    for row in rows:
        bits = "" if row.same_bits is None else ("equal" if row.same_bits else "others")
        table.add_row(row.name, f"{row.accuracy:.2f} %", f"{row.as_model:.2f} %", bits)
    return table


def main() -> None:
    """Train, compare, and show what came out."""
    parser = argparse.ArgumentParser(description="What int8 cannot hold.")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--page", type=Path, help="keep the table as Markdown here")
    chosen = parser.parse_args()
    table = table_of(compare(mnist.load_digits(), chosen.epochs))
    Console().print(table)
    if chosen.page:
        pages.write(chosen.page, "A network that int8 breaks", PAGE, table)


if __name__ == "__main__":
    main()
