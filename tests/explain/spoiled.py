"""Quantized models with one layer that was made bad on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gossamer.ir.rewrite import substitute, with_subgraph
from gossamer.quantization.full import full_integer
from tests.quantization import graphs


def network():
    """A float model, and its int8 form."""
    model = graphs.network()
    return model, full_integer(model, graphs.samples(model))


def coarse_weights(model, name, keep=0xC0):
    """The model with only the first bits of the int8 weights of that name."""
    (weights,) = (x for x in model.main.tensors if x.name == name)
    few = (weights.data.view(np.uint8) & keep).view(np.int8)
    return _with(model, weights, replace(weights, data=few))


def narrow_range(model, name, factor=4):
    """The model with an activation's scale too small by a factor: values are cut."""
    (tensor,) = (x for x in model.main.tensors if x.name == name)
    scale, zero_point = tensor.quantization.pair()
    small = type(tensor.quantization).per_tensor(scale / factor, zero_point)
    return _with(model, tensor, replace(tensor, quantization=small))


def _with(model, old, new):
    graph = substitute(model.main, {old: new})
    return with_subgraph(model, 0, graph, {old: new})
