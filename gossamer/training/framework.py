"""Keras without its types, which say little; what trains may import it at once."""

from __future__ import annotations

from typing import Any

import keras as _keras

keras: Any = _keras

Layer: Any = keras.layers.Layer
Model: Any = keras.Model
InputLayer: Any = keras.layers.InputLayer
register: Any = keras.saving.register_keras_serializable("gossamer")
"""The decorator of classes that are saved with a model."""
