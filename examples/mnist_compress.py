"""Handwritten digits in as few bytes as can be: pruned, clustered, quantized.

Trains a small convolutional network, makes it smaller in every way that
`gossamer.sparsity`, `gossamer.clustering` and `gossamer.quantization_aware` know, alone
and together, and shows for each how well it still reads, how long the file is, and how
long it is after gzip, which is what an app store ships. Where LiteRT
(`pip install ai-edge-litert`) is installed, it runs the same files, for comparison.

    python examples/mnist_compress.py            # the 10,000 digits of examples/data
    python examples/mnist_compress.py --full     # all 70,000, downloaded by Keras
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
import pages
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import gossamer
from gossamer import clustering, quantization_aware, sparsity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Advance = Callable[[float], None]

SEED = 1
BATCH = 64
CALIBRATED = 200
PAGE = """\
Made by `make compress`; do not edit. A small convolutional network for digits, in every
way alone and together. *As Keras* is how many digits the file reads as the model does
that it was made of, with its rounding where it was trained with it; parts are of the
float file's bytes; times are the fastest inference's, in turns with LiteRT on it.
"""


# 1. The network --------------------------------------------------------------------


def network() -> Any:
    """Two convolutions and two dense layers; 109,000 weights."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(16, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )


@dataclass(frozen=True)
class School:
    """Digits to train with, and how long."""

    x: NDArray[np.float32]
    y: NDArray[np.uint8]
    epochs: int

    def steps(self, epochs: float = 1) -> int:
        """Steps of that many epochs."""
        return int(epochs * -(-len(self.x) // BATCH))

    def teach(
        self, model: Any, epochs: int, rate: float, advance: Advance, *callbacks: Any
    ) -> Any:
        """Train with a rate that falls to zero."""
        steps = self.steps(epochs)
        falling = keras.optimizers.schedules.CosineDecay(rate, steps)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(falling), loss)  # pyright: ignore[reportArgumentType]  Keras types it so
        told = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda *_, **__: advance(1 / steps)
        )
        options = {"batch_size": BATCH, "epochs": epochs, "verbose": 0}
        model.fit(self.x, self.y, callbacks=[*callbacks, told], **options)
        return model


# 2. Ways to make it smaller ----------------------------------------------------------


def pruned(
    model: Any, school: School, advance: Advance, part: float, **options: Any
) -> Any:
    """The model with that part of its weights at zero after half of the training."""
    end = school.steps(school.epochs / 2)
    schedule = sparsity.PolynomialDecay(0.0, part, 0, end, frequency=10)
    wrapped = sparsity.prune_low_magnitude(model, schedule, **options)
    step = sparsity.UpdatePruningStep()
    school.teach(wrapped, school.epochs, 2e-3, advance, step)
    return sparsity.strip_pruning(wrapped)


def clustered(
    model: Any, school: School, advance: Advance, count: int, **options: Any
) -> Any:
    """The model with that many values in each kernel."""
    wrapped = clustering.cluster_weights(model, count, **options)
    school.teach(wrapped, max(school.epochs // 3, 1), 3e-4, advance)
    return clustering.strip_clustering(wrapped)


def aware(model: Any, school: School, advance: Advance, scheme: Any = None) -> Any:
    """The model trained with the rounding of int8, ready to be stored so."""
    annotated = quantization_aware.quantize_annotate_model(model)
    chosen = scheme or quantization_aware.Default8BitQuantizeScheme()
    wrapped = quantization_aware.quantize_apply(annotated, chosen)
    return school.teach(wrapped, max(school.epochs // 3, 1), 3e-4, advance)


@dataclass(frozen=True)
class Way:
    """A way to make the model smaller.

    `make` trains it on, from the weights it has; `mode` is how it is stored.
    """

    name: str
    make: Callable[[Any, School, Advance], Any]
    mode: str = "float32"


def as_it_is(model: Any, _school: School, _advance: Advance) -> Any:
    """The model without any more training."""
    return model


def sparse(part: float, **options: Any) -> Callable[[Any, School, Advance], Any]:
    """Pruning as a way."""
    return lambda model, school, advance: pruned(
        model, school, advance, part, **options
    )


def shared(count: int) -> Callable[[Any, School, Advance], Any]:
    """Clustering as a way."""
    return lambda model, school, advance: clustered(model, school, advance, count)


def sparse_and_aware(model: Any, school: School, advance: Advance) -> Any:
    """PQAT: what is zero stays zero while int8 is trained."""
    small = pruned(model, school, advance, 0.8)
    scheme = quantization_aware.Default8BitPrunePreserveQuantizeScheme()
    return aware(small, school, advance, scheme)


def shared_and_aware(model: Any, school: School, advance: Advance) -> Any:
    """CQAT: what shares a value goes on sharing one."""
    small = clustered(model, school, advance, 16)
    kind = quantization_aware.Default8BitClusterPreserveQuantizeScheme
    return aware(small, school, advance, kind(preserve_sparsity=False))


def sparse_shared_and_aware(model: Any, school: School, advance: Advance) -> Any:
    """PCQAT: all three."""
    small = pruned(model, school, advance, 0.85)
    small = clustered(small, school, advance, 16, preserve_sparsity=True)
    kind = quantization_aware.Default8BitClusterPreserveQuantizeScheme
    return aware(small, school, advance, kind(preserve_sparsity=True))


WAYS = (
    Way("float", as_it_is),
    Way("pruned 50 %", sparse(0.5)),
    Way("pruned 80 %", sparse(0.8)),
    Way("pruned 90 %", sparse(0.9)),
    Way("pruned 2:4", sparse(0.5, sparsity_m_by_n=(2, 4))),
    Way("16 clusters", shared(16)),
    Way("32 clusters", shared(32)),
    Way("int8 afterwards", as_it_is, "int8"),
    Way("QAT", aware, "int8"),
    Way("PQAT, 80 %", sparse_and_aware, "int8"),
    Way("CQAT, 16", shared_and_aware, "int8"),
    Way("PCQAT, 85 %, 16", sparse_shared_and_aware, "int8"),
)


# 3. What came of each --------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A file, and what it does."""

    name: str
    content: bytes
    result: mnist.Result
    as_keras: float
    """Percent of digits read as the Keras model reads them."""

    @property
    def packed(self) -> int:
        """Bytes after gzip."""
        return gossamer.file_sizes(self.content).gzip


def store(model: Any, mode: str, school: School, name: str, folder: Path) -> Path:
    """Convert to a file; only int8 after training needs to see digits."""
    samples = school.x[:CALIBRATED] if name == "int8 afterwards" else None
    path = (
        folder / f"{name.replace(' ', '_').replace('%', '').replace(':', '_')}.tflite"
    )
    path.write_bytes(gossamer.convert(model, mode, samples))
    return path


def compare(
    folder: Path,
    digits: mnist.Digits,
    epochs: int,
    seconds: float,
    bars: Progress,
    ways: Sequence[Way] = WAYS,
) -> list[Row]:
    """Train once, then go each way from there, and run what comes of it."""
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    school = School(digits.train_x[..., None], digits.train_y, epochs)
    held_out = mnist.Digits(
        digits.train_x, digits.train_y, digits.test_x[..., None], digits.test_y
    )
    with mnist.stage(bars, "Training with Keras") as advance:
        model = school.teach(network(), epochs, 2e-3, advance)
    weights = model.get_weights()
    rows: list[Row] = []
    for way in ways:
        model.set_weights(weights)
        with mnist.stage(bars, way.name) as advance:
            made = way.make(model, school, advance)
            path = store(made, way.mode, school, way.name, folder)
            result = mnist.run(path, held_out, seconds, lambda _: None)
            known = made.predict(held_out.test_x, batch_size=BATCH, verbose=0)
            same = mnist.share(result.scores.argmax(1) == known.argmax(1))
            rows.append(Row(way.name, path.read_bytes(), result, same))
    return rows


def table_of(rows: Sequence[Row], y: NDArray[np.uint8]) -> Table:
    """One row per way; parts are of the float file's bytes."""
    table = Table(title=f"{len(y):,} held-out digits, 1 thread, µs an inference")
    table.add_column("")
    for title in ("accuracy", "as Keras", "bytes", "", "after gzip", "", "µs"):
        table.add_column(title, justify="right")
    if mnist.litert is not None:
        for title in ("LiteRT accuracy", "µs"):
            table.add_column(title, justify="right", style="dim")
    whole = len(rows[0].content)
    for row in rows:
        cells = [
            row.name,
            f"{row.result.accuracy(y):.2f} %",
            f"{row.as_keras:.2f} %",
            f"{len(row.content):,}",
            f"{100 * len(row.content) / whole:.1f} %",
            f"{row.packed:,}",
            f"{100 * row.packed / whole:.1f} %",
            f"{1e6 * min(row.result.seconds):.1f}",
        ]
        if row.result.theirs is not None:
            theirs = mnist.share(row.result.theirs.argmax(1) == y)
            cells += [f"{theirs:.2f} %", f"{1e6 * min(row.result.their_seconds):.1f}"]
        table.add_row(*cells)
    return table


def main() -> None:
    """Read the command line, go all ways, and show what came out."""
    parser = argparse.ArgumentParser(description="Digits in as few bytes as can be.")
    parser.add_argument("output", nargs="?", type=Path, default=Path("build/compress"))
    parser.add_argument("--full", action="store_true", help="download all of MNIST")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--page", type=Path, help="keep the table as Markdown here")
    chosen = parser.parse_args()

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    columns = (TextColumn("{task.description:<20}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        digits = mnist.load_digits(full=chosen.full)
        rows = compare(chosen.output, digits, chosen.epochs, 1.0, bars)
    table = table_of(rows, digits.test_y)
    console.print(table)
    if chosen.page:
        pages.write(chosen.page, "A classifier made smaller", PAGE, table)
    console.print(f"Files are in {chosen.output}/", highlight=False)


if __name__ == "__main__":
    main()
