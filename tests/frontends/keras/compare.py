"""Compare a Keras model with its converted file, run by LiteRT."""

from __future__ import annotations

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from gossamer import api
from gossamer.flatbuffer.read import read

TOLERANCE = 1e-5


def litert(data, *inputs):
    """The outputs by name of the signature, for inputs in the signature's order."""
    interpreter = Interpreter(
        model_content=data,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    signature = interpreter.get_signature_list()["serving_default"]
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.resize_tensor_input(detail["index"], value.shape, strict=True)
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    assert list(signature["outputs"]) == sorted(signature["outputs"])
    return runner(**dict(zip(input_names(data), inputs, strict=True)))


def input_names(data):
    """The signature's input names in the order of the graph's inputs."""
    return list(read(data).signatures[0].inputs)


def operators(model):
    """The operators of the converted, optimized file, in order."""
    return [node.op.name for node in read(api.convert(model)).main.nodes]


def randomize(model):
    """Weights that are not the initializers', so that each matters."""
    random = np.random.default_rng(7)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if "seed" in variable.name or "int" in str(variable.dtype):
            continue
        if variable.name in ("gamma", "moving_variance"):
            variable.assign(random.uniform(0.5, 1.5, shape))
        else:
            variable.assign(random.normal(0, 0.4, shape))
    return model


def sample(shape, batch=2, dtype="float32", seed=3):
    random = np.random.default_rng(seed)
    if dtype == "float32":
        return random.normal(0, 2, (batch, *shape)).astype(np.float32)
    return random.integers(0, 5, (batch, *shape)).astype(dtype)


def answers(model, *inputs):
    """What Keras gives for inputs, and the states that it leaves, as arrays in order.

    JAX would compile each operation for each shape; the model as a whole it compiles
    in a tenth of the time, though not with layers that keep what they computed.
    """
    given = list(inputs) if len(inputs) > 1 else inputs[0]
    if keras.backend.backend() == "jax" and not is_stateful(model):
        made = _at_once(model, given)
    else:
        made = model(given, training=False)
    return [np.asarray(keras.ops.convert_to_numpy(y)) for y in keras.tree.flatten(made)]


def is_stateful(model):
    """Whether a recurrent layer goes on where it ended."""
    return any(getattr(layer, "stateful", False) for layer in model._flatten_layers())


def _at_once(model, given):
    import jax  # noqa: PLC0415  one back end of several

    variables = (model.trainable_variables, model.non_trainable_variables)

    told = {"training": False} if model._call_has_training_arg else {}

    def call(held, given):
        return model.stateless_call(*held, given, **told)

    held = [[each.value for each in group] for group in variables]
    made, states = jax.jit(call)(held, given)
    for variable, value in zip(variables[1], states, strict=True):
        variable.assign(value)
    return made


def assert_same(model, *inputs, tolerance=TOLERANCE):
    """The model and its file answer alike; returns the file's bytes."""
    randomize(model)
    expected = answers(model, *inputs)
    data = api.convert(model)
    found = list(litert(data, *inputs).values())
    assert len(found) == len(expected)
    for one, array in zip(found, expected, strict=True):
        assert one.shape == array.shape
        limit = tolerance * max(1.0, float(np.ptp(array.astype(np.float64))))
        np.testing.assert_allclose(one, array, rtol=0, atol=limit)
    return data


def of_layer(layer, shape, dtype="float32"):
    """A model of one layer."""
    x = keras.Input(shape, dtype=dtype)
    return keras.Model(x, layer(x))


def of_function(function, *shapes, dtype="float32"):
    """A model of a function of `keras.ops`."""
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], function(*inputs))
