"""Every exception that Gossamer raises on purpose.

GossamerError
├── ModelError(ValueError)            the bytes or the graph of a model are not valid
│   ├── FormatError                   not a flatbuffer, truncated, or a table that lies
│   └── GraphError                    a graph that breaks an invariant
├── ConversionError(RuntimeError)     a model that a front end cannot turn into ours
├── QuantizationError(ValueError)     a calibration set or a mode that cannot be used
│   └── NoCalibrationError            no calibration set where one is needed
├── UnsupportedError(RuntimeError)    valid, but there is no kernel for it here
├── InputError(ValueError)            a tensor, index or argument that does not fit
├── ExecutionError(RuntimeError)      a call that cannot be served as things stand
└── CompilationError(RuntimeError)    machine code could not be made or loaded

Each class also derives from the built-in exception that TensorFlow Lite raises in
the same place, so that code written for it catches ours unchanged.
"""

from __future__ import annotations


class GossamerError(Exception):
    """Base of every error that Gossamer raises on purpose."""


class ModelError(GossamerError, ValueError):
    """A model that is not valid."""


class FormatError(ModelError):
    """Bytes that are not a well-formed `.tflite` file."""


class GraphError(ModelError):
    """A graph that breaks an invariant: types, order, indices."""


class ConversionError(GossamerError, RuntimeError):
    """A framework's model that cannot be expressed in `.tflite` operators."""


class QuantizationError(GossamerError, ValueError):
    """Calibration data or a quantization mode that cannot be used."""


class NoCalibrationError(QuantizationError):
    """A mode that needs typical inputs, and none to learn ranges from."""


class UnsupportedError(GossamerError, RuntimeError):
    """A valid model that asks for something there is no kernel for."""


class InputError(GossamerError, ValueError):
    """An argument, a tensor's value or an index that does not fit the model."""


class ExecutionError(GossamerError, RuntimeError):
    """A call that cannot be served in the present state: not allocated, in use."""


class CompilationError(GossamerError, RuntimeError):
    """Machine code could not be generated, linked or loaded."""
