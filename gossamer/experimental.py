"""What TensorFlow Lite keeps under `tf.lite.experimental`."""

from __future__ import annotations

from gossamer.analyzer import Analyzer
from gossamer.explain.debug_options import QuantizationDebugOptions
from gossamer.explain.debugger import QuantizationDebugger

__all__ = ["Analyzer", "QuantizationDebugOptions", "QuantizationDebugger"]
