"""Calibration samples, as users give them, and how the float model is run on them."""

from gossamer.calibration.images import ImageFolder
from gossamer.calibration.runner import compiled_runner
from gossamer.calibration.sources import batches_of, samples_of
from gossamer.quantization.calibrate import Samples

__all__ = ["ImageFolder", "Samples", "batches_of", "compiled_runner", "samples_of"]
