"""Layers that Keras itself has quantized: their weights in floats.

Where activations are quantized too (int8), that is left out: the weights' meaning is
what the converter reads, and it can store the very same integers again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.frontends.keras.framework import keras, to_numpy
from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from gossamer.ir.types import Array


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


def weight_of(layer: Any, name: str = "kernel") -> Any:
    """A layer's weight: Keras's variable, or its floats where Keras has quantized it.

    Args:
        layer: a Dense, EinsumDense, Embedding or ReversibleEmbedding.
        name: "kernel" or "embeddings".

    Raises:
        Unsupported: the mode of quantization is another than those of Keras 3.15.
    """
    mode = getattr(layer, "quantization_mode", None)
    if mode in (None, "float8") or _awaits_calibration(layer, mode):
        return getattr(layer, name)
    if mode == "int8":
        values = to_numpy(getattr(layer, f"_{name}"))
        floats = values.astype(np.float32) / _scale(layer, name)
    elif mode == "int4":
        floats = _of_half_bytes(layer, name)
    elif mode in ("gptq", "awq"):
        floats = _of_groups(layer, mode)
    else:
        require_plain_weights(layer)
        raise AssertionError
    if layer.lora_enabled:
        floats = floats + _adaptation(layer, name)
    return floats.astype(np.float32)


def _awaits_calibration(layer: Any, mode: str | None) -> bool:
    return mode in ("gptq", "awq") and not getattr(layer, f"is_{mode}_calibrated")


def _adaptation(layer: Any, name: str) -> Array:
    """What LoRA adds to the weight."""
    first = to_numpy(getattr(layer, f"lora_{name}_a"))
    second = to_numpy(getattr(layer, f"lora_{name}_b"))
    return layer.lora_alpha / layer.lora_rank * (first @ second)


def _scale(layer: Any, name: str) -> Array:
    """By what the integers are divided, in line with the weight."""
    if name == "embeddings":
        return to_numpy(layer.embeddings_scale)[:, np.newaxis]
    if not hasattr(layer, "equation"):
        return to_numpy(layer.kernel_scale)
    arranged = layer._adjust_scale_for_dequant(layer.kernel_scale)  # noqa: SLF001
    return to_numpy(arranged)


def _of_half_bytes(layer: Any, name: str) -> Array:
    """int4, two to a byte: with a scale per channel, or scale and zero per block."""
    scale = to_numpy(getattr(layer, f"{name}_scale"))
    is_table = name == "embeddings"
    columns = getattr(layer, "_int4_unpacked_column_size", None)
    if columns is None:
        columns = layer._orig_output_dim  # noqa: SLF001
    packed = getattr(layer, f"_{name}")
    values = _unpacked(packed, columns, -1, "int8").astype(np.float32)
    size = getattr(layer, "_int4_block_size", None)
    if size is None or size == -1:
        floats = values / (scale[:, np.newaxis] if is_table else scale)
    else:
        groups = to_numpy(layer.g_idx).astype(np.int32)
        axis = -1 if is_table else 0
        zero = to_numpy(getattr(layer, f"{name}_zero")).astype(np.float32)
        floats = (values - zero.take(groups, axis)) * scale.take(groups, axis)
    shape = getattr(layer, "original_kernel_shape", floats.shape)
    return floats.reshape(shape)


def _of_groups(layer: Any, mode: str) -> Array:
    """GPTQ's and AWQ's (outputs, inputs), with scale and zero per group of inputs."""
    stored = layer.quantized_kernel
    groups = to_numpy(layer.g_idx).astype(np.int32)
    scale = to_numpy(layer.kernel_scale)
    units = scale.shape[0]
    is_packed = int(stored.shape[0]) != units
    values = _unpacked(stored, units, 0, "uint8") if is_packed else to_numpy(stored)
    zero = to_numpy(layer.kernel_zero).astype(np.float32)
    centred = values.astype(np.float32) - zero.take(groups, -1)
    floats = (centred * scale.take(groups, -1)).T
    if mode == "awq":
        floats = floats / to_numpy(layer.awq_scales)[:, np.newaxis]
    return floats.reshape(getattr(layer, "original_kernel_shape", floats.shape))


def _unpacked(packed: Any, size: int, axis: int, dtype: str) -> Array:
    values = keras().quantizers.unpack_int4(packed, size, axis=axis, dtype=dtype)
    return to_numpy(values)
