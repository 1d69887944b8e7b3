"""Layers that Keras itself has quantized, which are not read."""

from __future__ import annotations

from typing import Any

from gossamer.frontends.report import Unsupported


def require_plain_weights(layer: Any) -> None:
    """Raise where `layer.quantize()` has changed the weights.

    Raises:
        Unsupported: the layer's weights are not floats any more.
    """
    mode = getattr(layer, "quantization_mode", None)
    if mode is None:
        return
    raise Unsupported(
        f"its weights were quantized by Keras (mode '{mode}')",
        "Convert the model before layer.quantize(), and let the converter quantize it.",
    )
