"""Handwritten digits, from a Keras model to machine code.

Trains a small network, converts it to three `.tflite` files (float, dynamic range and
int8), runs every held-out digit through each, and shows the result as a table and two
pictures. Where LiteRT (`pip install ai-edge-litert`) is installed, it runs the same
files, for comparison.

    python examples/mnist.py                 # the 10,000 digits of examples/data
    python examples/mnist.py --full          # all 70,000, downloaded by Keras
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from digit_pictures import draw_confusion, draw_digits
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import gossamer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from numpy.typing import NDArray

try:
    from ai_edge_litert import interpreter as litert
except ImportError:
    litert = None

DIGITS = Path(__file__).parent / "data" / "mnist10k.npz"
HELD_OUT = 2000
SEED = 1


# 1. The data ---------------------------------------------------------------------


@dataclass(frozen=True)
class Digits:
    """Images as float32 (count, 28, 28) in [0, 1], and which digit each shows."""

    train_x: NDArray[np.float32]
    train_y: NDArray[np.uint8]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.uint8]


def load_digits(*, full: bool = False) -> Digits:
    """The bundled digits, shuffled, 2,000 of them held out; or the whole of MNIST."""
    if full:
        (train_x, train_y), (test_x, test_y) = download()
    else:
        with np.load(DIGITS) as file:
            order = np.random.default_rng(SEED).permutation(len(file["y"]))
            x, y = file["x"][order], file["y"][order]
        train_x, train_y = x[:-HELD_OUT], y[:-HELD_OUT]
        test_x, test_y = x[-HELD_OUT:], y[-HELD_OUT:]
    scale = np.float32(1 / 255)
    return Digits(train_x * scale, train_y, test_x * scale, test_y)


def download() -> Any:
    """All of MNIST, which Keras keeps in ~/.keras for the next time."""
    try:
        return keras.datasets.mnist.load_data()
    except Exception as error:  # noqa: BLE001  Keras raises no other class
        sys.exit(f"{error}. Leave --full out to take the bundled digits")


# 2. The network ------------------------------------------------------------------


def train(digits: Digits, epochs: int, advance: Callable[[float], None]) -> Any:
    """A network of two dense layers; `advance` hears which share is done."""
    keras.utils.set_random_seed(SEED)
    model: Any = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    batches = epochs * -(-len(digits.train_x) // 32)
    each_batch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda *_, **__: advance(1 / batches)
    )
    model.fit(
        digits.train_x,
        digits.train_y,
        batch_size=32,
        epochs=epochs,
        verbose=0,
        callbacks=[each_batch],
    )
    return model


# 3. Conversion -------------------------------------------------------------------


def convert_float(model: Any) -> bytes:
    """Weights and arithmetic in float32."""
    return gossamer.TFLiteConverter.from_keras_model(model).convert()


def convert_dynamic(model: Any) -> bytes:
    """Weights in int8; each input is quantized as it comes. Needs no data."""
    converter = gossamer.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [gossamer.Optimize.DEFAULT]
    return converter.convert()


def convert_int8(model: Any, samples: NDArray[np.float32]) -> bytes:
    """Everything in int8, inputs and outputs too; samples show the ranges."""
    converter = gossamer.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [gossamer.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in samples)
    converter.target_spec.supported_ops = [gossamer.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = np.int8
    converter.inference_output_type = np.int8
    return converter.convert()


def convert_all(model: Any, digits: Digits, folder: Path) -> list[Path]:
    """Write the three files."""
    files = {
        "mnist_model.tflite": convert_float(model),
        "mnist_model_quant.tflite": convert_dynamic(model),
        "mnist_model_int8.tflite": convert_int8(model, digits.train_x[:200]),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


# 4. Inference --------------------------------------------------------------------


def quantized(x: NDArray[np.float32], detail: dict[str, Any]) -> NDArray[Any]:
    """Pixels as the model's input takes them: real = scale * (stored - zero_point)."""
    dtype = detail["dtype"]
    if dtype == np.float32:
        return x
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(dtype)
    stored = np.round(x / scale) + zero_point
    return stored.clip(limits.min, limits.max).astype(dtype)


class Engine:
    """An interpreter, Gossamer's or LiteRT's: they have the same methods."""

    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self.interpreter = interpreter
        self.input = interpreter.get_input_details()[0]
        self.output = interpreter.get_output_details()[0]
        self.seconds: list[float] = []

    def infer(self, image: NDArray[Any]) -> NDArray[Any]:
        """The ten scores of one image, (1, 28, 28) -> (1, 10)."""
        self.interpreter.set_tensor(self.input["index"], image)
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output["index"])

    def scores(
        self, x: NDArray[np.float32], advance: Callable[[float], None]
    ) -> NDArray[Any]:
        """The scores of every image, one inference each: (count, 10)."""
        images = quantized(x, self.input)
        rows: list[NDArray[Any]] = []
        for image in images:
            rows.append(self.infer(image[None])[0])
            advance(1 / len(images))
        return np.array(rows)

    def time(self, image: NDArray[Any], inferences: int = 32) -> None:
        """Time some inferences in a row: one alone is too short for the clock."""
        start = time.perf_counter()
        for _ in range(inferences):
            self.infer(image)
        self.seconds.append((time.perf_counter() - start) / inferences)


@contextlib.contextmanager
def without_native_log() -> Generator[None]:
    """LiteRT's native code greets on file descriptor 2, amid our progress bars."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def take_turns(
    engines: Sequence[Engine], x: NDArray[np.float32], seconds: float
) -> None:
    """Time the engines by turns, so that a busy moment of the machine hits all."""
    images = [quantized(x[:1], engine.input) for engine in engines]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for engine, image in zip(engines, images, strict=True):
            engine.time(image)


@dataclass
class Result:
    """What one file does: `theirs` are LiteRT's scores where it is installed."""

    file: Path
    scores: NDArray[Any]
    seconds: list[float]
    theirs: NDArray[Any] | None = None
    their_seconds: list[float] = field(default_factory=list[float])
    reference: NDArray[Any] | None = None

    def accuracy(self, y: NDArray[np.uint8]) -> float:
        return share(self.scores.argmax(1) == y)


def share(hits: NDArray[np.bool_]) -> float:
    """How many of them are true, in percent."""
    return 100 * float(np.mean(hits))


def run(
    file: Path, digits: Digits, seconds: float, advance: Callable[[float], None]
) -> Result:
    """Run every held-out digit through one file, in each engine, and time them."""
    x = digits.test_x
    ours = Engine(gossamer.Interpreter(str(file)))
    if litert is None:
        scores = ours.scores(x, advance)
        take_turns([ours], x, seconds)
        return Result(file, scores, ours.seconds)
    plain = litert.OpResolverType.BUILTIN_REF
    with without_native_log():
        theirs = Engine(litert.Interpreter(str(file), num_threads=1))
        reference = Engine(
            litert.Interpreter(str(file), experimental_op_resolver_type=plain)
        )
    each: list[NDArray[Any]] = [
        engine.scores(x, lambda part: advance(part / 3))
        for engine in (ours, theirs, reference)
    ]
    take_turns([ours, theirs], x, seconds)
    return Result(file, each[0], ours.seconds, each[1], theirs.seconds, each[2])


# 5. The report -------------------------------------------------------------------


def table_of(results: Sequence[Result], y: NDArray[np.uint8]) -> Table:
    """One row per file."""
    table = Table(title=f"{len(y):,} held-out digits, 1 thread, µs an inference")
    table.add_column("file")
    for title in ("bytes", "accuracy", "min", "median"):
        table.add_column(title, justify="right")
    if litert is not None:
        for title in ("LiteRT accuracy", "min", "median", "LiteRT / ours"):
            table.add_column(title, justify="right", style="dim")
    for result in results:
        cells = [
            result.file.name,
            f"{result.file.stat().st_size:,}",
            f"{result.accuracy(y):.2f} %",
            *times(result.seconds),
        ]
        if result.theirs is not None:
            cells += [
                f"{share(result.theirs.argmax(1) == y):.2f} %",
                *times(result.their_seconds),
                f"{min(result.their_seconds) / min(result.seconds):.2f}",
            ]
        table.add_row(*cells)
    return table


def times(seconds: Sequence[float]) -> tuple[str, str]:
    """Minimum and median, in microseconds."""
    return f"{min(seconds) * 1e6:.2f}", f"{statistics.median(seconds) * 1e6:.2f}"


def facts(
    results: Sequence[Result], keras_scores: NDArray[np.float32], y: NDArray[np.uint8]
) -> Iterator[str]:
    """What the numbers say, in sentences."""
    by_keras = share(keras_scores.argmax(1) == y)
    equal = "equal to" if results[0].accuracy(y) == by_keras else "not equal to"
    yield (
        f"The float file's accuracy is {equal} that of Keras's predict "
        f"({by_keras:.2f} %)."
    )
    for result in results:
        if result.theirs is None:
            continue
        same = share(result.scores.argmax(1) == result.theirs.argmax(1))
        yield f"{result.file.name}: LiteRT reads the same digit on {same:.2f} %."
    last = results[-1]
    if last.reference is not None:
        exact = np.array_equal(last.scores, last.reference)
        word = "equal to the bit" if exact else "not equal"
        yield f"The int8 scores and those of LiteRT's reference kernels are {word}."


# 6. The walk -----------------------------------------------------------------------


@dataclass(frozen=True)
class Walk:
    """All that came out."""

    digits: Digits
    keras_scores: NDArray[np.float32]
    results: list[Result]


def walk(
    folder: Path, digits: Digits, epochs: int, seconds: float, bars: Progress
) -> Walk:
    """Train, convert and run, with a bar for each stage."""
    folder.mkdir(parents=True, exist_ok=True)
    with stage(bars, "Training with Keras") as advance:
        model = train(digits, epochs, advance)
        keras_scores = np.asarray(model.predict(digits.test_x, verbose=0))
    with stage(bars, "Converting to .tflite"):
        files = convert_all(model, digits, folder)
    results: list[Result] = []
    for file in files:
        with stage(bars, f"Running {file.name}") as advance:
            results.append(run(file, digits, seconds, advance))
    return Walk(digits, keras_scores, results)


@contextlib.contextmanager
def stage(bars: Progress, title: str) -> Generator[Callable[[float], None]]:
    """A bar from start to end; what it gives is called with each share that is done."""
    task = bars.add_task(title, total=1.0)
    yield lambda part: bars.advance(task, part)
    bars.update(task, completed=1.0)


def main() -> None:
    """Read the command line, take the walk, and show what came out."""
    parser = argparse.ArgumentParser(description="Digits, from Keras to machine code.")
    parser.add_argument("output", nargs="?", type=Path, default=Path("build/mnist"))
    parser.add_argument("--full", action="store_true", help="download all of MNIST")
    parser.add_argument("--epochs", type=int, default=5)
    chosen = parser.parse_args()

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    columns = (TextColumn("{task.description:<38}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        digits = load_digits(full=chosen.full)
        made = walk(chosen.output, digits, chosen.epochs, 1.0, bars)
    y, read = digits.test_y, made.results[-1].scores.argmax(1)
    draw_digits(chosen.output / "mnist.png", digits.test_x, y, read)
    draw_confusion(chosen.output / "confusion.png", y, read)
    console.print(table_of(made.results, y))
    for sentence in facts(made.results, made.keras_scores, y):
        console.print(sentence, highlight=False)
    console.print(f"Files and pictures are in {chosen.output}/", highlight=False)


if __name__ == "__main__":
    main()
