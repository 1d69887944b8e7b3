"""Trained models, and what runs them."""

from __future__ import annotations

from functools import cache

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import gossamer
from gossamer import quantization_aware as qat
from tests.training import nets

FAST = {"batch_size": 8, "verbose": 0, "shuffle": False}


def trained(model, epochs=2, initial=0):
    x, y = nets.data()
    nets.compiled(model).fit(x, y, epochs=epochs, initial_epoch=initial, **FAST)
    return model


def quantized(name, scheme=None, epochs=2):
    return trained(qat.quantize_model(nets.NETS[name](), scheme=scheme), epochs)


@cache
def learned(name):
    """The same for tests that only read it, trained once in a process."""
    keras.utils.set_random_seed(0)
    return quantized(name)


def litert(data, x):
    """By LiteRT's kernels of reference, one sample at a time."""
    made = Interpreter(
        model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    return _one_by_one(made, x)


def ours(data, x):
    return _one_by_one(gossamer.Interpreter(model_content=data), x)


def _one_by_one(interpreter, x):
    interpreter.allocate_tensors()
    index = interpreter.get_input_details()[0]["index"]
    output = interpreter.get_output_details()[0]["index"]
    made = []
    for each in x:
        # LiteRT's LSTM goes on where the last run ended.
        interpreter.reset_all_variables()
        interpreter.set_tensor(index, each[None])
        interpreter.invoke()
        made.append(interpreter.get_tensor(output)[0])
    return np.stack(made)
