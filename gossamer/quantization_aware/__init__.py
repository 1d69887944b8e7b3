"""Quantization-aware training for Keras 3, by the names of TensorFlow's toolkit.

from gossamer import quantization_aware as qat

model = qat.quantize_model(model)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y)
data = gossamer.convert(model, "int8")
"""

from gossamer.quantization_aware.config import QuantizeConfig
from gossamer.quantization_aware.quantize import (
    quantize_annotate_layer,
    quantize_annotate_model,
    quantize_apply,
    quantize_model,
    quantize_scope,
)
from gossamer.quantization_aware.quantizers import (
    AllValuesQuantizer,
    FixedQuantizer,
    LastValueQuantizer,
    MovingAverageQuantizer,
    Quantizer,
)
from gossamer.quantization_aware.schemes import (
    Default8BitClusterPreserveQuantizeScheme,
    Default8BitPrunePreserveQuantizeScheme,
    Default8BitQuantizeScheme,
    DefaultNBitQuantizeScheme,
    QuantizeScheme,
)

__all__ = [
    "AllValuesQuantizer",
    "Default8BitClusterPreserveQuantizeScheme",
    "Default8BitPrunePreserveQuantizeScheme",
    "Default8BitQuantizeScheme",
    "DefaultNBitQuantizeScheme",
    "FixedQuantizer",
    "LastValueQuantizer",
    "MovingAverageQuantizer",
    "QuantizeConfig",
    "QuantizeScheme",
    "Quantizer",
    "quantize_annotate_layer",
    "quantize_annotate_model",
    "quantize_apply",
    "quantize_model",
    "quantize_scope",
]
