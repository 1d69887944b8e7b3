"""What quantization did to every layer of a model, measured on samples."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gossamer.api import convert
from gossamer.calibration import batches_of
from gossamer.errors import InputError, QuantizationError
from gossamer.explain.inputs import in_order
from gossamer.explain.page import page
from gossamer.explain.probe import Probe
from gossamer.explain.rows import as_csv, as_text
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.graph import Model
from gossamer.quantization.instrument import instrument
from gossamer.quantization.layers import Layer, badness, places_of
from gossamer.quantization.pairs import paired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array
    from gossamer.quantization.calibrate import Sample
    from gossamer.quantization.instrument import Instrumented
    from gossamer.quantization.layers import Place


@dataclass(frozen=True, slots=True)
class QuantizationReport:
    """What quantization did to a model.

    Attributes:
        layers: those that both models have, in the order in which they run.
        outputs: the layers that are the model's outputs.
        samples: how many were run.
        sizes: bytes of the float and of the quantized file.
    """

    layers: tuple[Layer, ...]
    outputs: tuple[Layer, ...]
    samples: int
    sizes: tuple[int, int]

    def worst(self) -> list[Layer]:
        """The layers, those with the least signal to noise of their own first."""
        return sorted(self.layers, key=badness)

    def to_csv(self) -> str:
        """A line for each layer, worst first; see `gossamer.explain.rows`."""
        return as_csv(self.worst())

    def to_html(self, title: str = "Quantization report") -> str:
        """A page that needs nothing but itself: a chart by layer, and histograms."""
        return page(self, title)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page (.html) or the columns (.csv).

        Raises:
            InputError: the ending is another.
        """
        target = Path(path)
        kind = target.suffix.lower()
        if kind not in (".html", ".htm", ".csv"):
            raise InputError(f"the report '{target}' has to end in .html or .csv")
        text = self.to_csv() if kind == ".csv" else self.to_html()
        target.write_text(text, encoding="utf-8")

    def __str__(self) -> str:
        return as_text(self.worst())


def quantization_report(
    float_model: Any, quantized_model: Any, samples: Any
) -> QuantizationReport:
    """Compare a quantized model with the float model, layer by layer.

    Layers go together by the names of their tensors. Each is measured in two ways: all
    the noise in it, against the float model; and what it adds itself, against the same
    layer in float on the same inputs. Samples are run one at a time and not kept.

    Args:
        float_model: a `.tflite` file (its path or bytes), or a Keras model.
        quantized_model: a `.tflite` file (its path or bytes) made of it.
        samples: representative inputs in float: an array whose first axis counts
            samples, such arrays by input name or in the order of the inputs, or a
            generator function as `TFLiteConverter.representative_dataset`.

    Raises:
        QuantizationError: the models have no layers in common, or a sample does not
            fit the float model's inputs.
        FormatError: bytes that are not a valid model.

    Example:
        >>> report = gossamer.quantization_report("f32.tflite", "int8.tflite", images)
        >>> report.save("report.html")
    """
    real, quantized = model_of(float_model), model_of(quantized_model)
    sizes = len(write(real)), len(write(quantized))
    return measured(real, quantized, batches_of(real, samples), sizes)


def model_of(given: Any) -> Model:
    """A model from a path, from bytes, or from what `gossamer.convert` takes."""
    if isinstance(given, Model):
        return given
    if isinstance(given, (bytes, bytearray)):
        return read(bytes(given))
    if isinstance(given, (str, os.PathLike)):
        path = Path(os.fspath(given))
        if path.suffix not in (".keras", ".h5"):
            return read(_content(path))
    return read(convert(given))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"Could not open '{path}': {error.strerror}") from error


def measured(
    real: Model,
    quantized: Model,
    samples: Iterable[Sample],
    sizes: tuple[int, int] = (0, 0),
) -> QuantizationReport:
    """`quantization_report` for models, and samples by input name."""
    pairs = paired(real, quantized)
    places = places_of(real, quantized, pairs)
    both = _Both(real, instrument(real, quantized, pairs), places)
    count = 0
    for arrays in in_order(real, samples):
        both.feed(arrays)
        count += 1
    if not count:
        raise QuantizationError(
            "there were no samples to measure with; expected at least one. Check that "
            "the generator yields, and that it is not already used up"
        )
    layers = {x: layer for x, layer in both.layers.items() if layer.samples}
    outputs = tuple(layers[y] for y in real.main.outputs if y in layers)
    return QuantizationReport(tuple(layers.values()), outputs, count, sizes)


class _Both:
    """The float model and the quantized one, run on the same samples."""

    def __init__(
        self, real: Model, made: Instrumented, places: Mapping[Tensor, Place]
    ) -> None:
        self.layers = {
            x: Layer(place, has_alone=x in made.alone) for x, place in places.items()
        }
        self._alone = made.alone
        self._real, self._quantized = Probe(real), Probe(made.model)

    def feed(self, arrays: list[Array]) -> None:
        self._real.run(arrays)
        self._quantized.run(arrays)
        for tensor, layer in self.layers.items():
            twin = self._alone.get(tensor)
            alone = None if twin is None else self._quantized.value(twin)
            stored = self._quantized.value(layer.place.stored)
            layer.feed(self._real.value(tensor), stored, alone)


def overall(report: QuantizationReport) -> float:
    """The least signal to noise of the outputs in dB; infinite where there are none."""
    return min((y.total.decibels for y in report.outputs), default=math.inf)
