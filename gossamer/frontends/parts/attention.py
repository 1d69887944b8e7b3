"""Attention: weighted means of values, by how alike queries and keys are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.emitter import dims
from gossamer.frontends.parts.regrouping import Axis, regroup
from gossamer.ops.arithmetic import Add, Mul
from gossamer.ops.batch_matmul import BatchMatMul
from gossamer.ops.logical import LogicalAnd
from gossamer.ops.select import SelectV2
from gossamer.ops.sigmoid import Tanh
from gossamer.ops.softmax import Softmax

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array

FAR_BELOW = -1e9
"""A score whose share of a softmax is zero beside any real one."""
