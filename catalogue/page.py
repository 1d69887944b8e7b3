"""Write docs/keras.md: what each layer and function of Keras becomes.

    python -m catalogue.page              # or: make docs

Each example is converted, and what the page says is read off the file.
"""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

from catalogue import layers, operations
from gossamer import api
from gossamer.errors import ConversionError
from gossamer.flatbuffer.read import read
from gossamer.frontends.keras import registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalogue.example import Example
    from gossamer.ir.graph import Model, Subgraph

PAGE = Path(__file__).parents[1] / "docs" / "keras.md"
