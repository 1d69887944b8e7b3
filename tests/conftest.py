"""What all tests share: Keras runs on JAX unless another backend is asked for."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
