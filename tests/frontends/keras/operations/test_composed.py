"""Operations of `keras.ops` that are functions of others."""

from __future__ import annotations

import keras
import numpy as np

from tests.frontends.keras.operations.many import assert_each

ops = keras.ops


def test_hyperbolic():
    x = np.array([[0.0, 1e-4, -3.0, 8.0, -20.0]], np.float32)
    assert_each({"cosh": ops.cosh}, x)
