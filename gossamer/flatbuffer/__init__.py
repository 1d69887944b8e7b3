"""Bytes of `.tflite` files to models and back."""

from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write

__all__ = ["read", "write"]
