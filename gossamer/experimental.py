"""What TensorFlow Lite keeps under `tf.lite.experimental`."""

from __future__ import annotations

from gossamer.analyzer import Analyzer

__all__ = ["Analyzer"]
