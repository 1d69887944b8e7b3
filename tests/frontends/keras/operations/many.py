"""Many functions of `keras.ops` in one model, each compared with Keras by its name."""

from __future__ import annotations

import jax
import keras
import numpy as np

from gossamer import Interpreter, api
from tests.frontends.keras.compare import litert

RELATIVE = 4e-6
ABSOLUTE = 1e-6
_GREATEST = np.finfo(np.float32).max


def assert_each(
    functions,
    *inputs,
    free=True,
    at_once=False,
    in_litert=True,
    relative=RELATIVE,
    absolute=ABSOLUTE,
):
    """Every function of the inputs gives what Keras gives, here and in LiteRT.

    All are outputs of one model, which is converted once. Several results of one
    function are compared each. `free`: the first size of the inputs is not known when
    the model is converted. `at_once`: Keras computes all in one program, which JAX
    compiles sooner than one for each step. Returns the file's bytes.
    """
    answer = _compiled if at_once else _eager
    model, expected = _model(functions, inputs, answer, free=free)
    data = api.convert(model)
    found = {"ours": _ours(data, inputs)}
    if in_litert:
        found["LiteRT"] = litert(data, *inputs)
    failures = [
        f"{name} ({who}): {problem}"
        for who, answers in found.items()
        for name, other in expected.items()
        if (problem := _difference(answers[name], other, relative, absolute, who))
    ]
    assert not failures, "\n".join(failures)
    return data


def _eager(functions, tensors):
    return {name: function(*tensors) for name, function in functions.items()}


def _compiled(functions, tensors):
    if keras.backend.backend() != "jax":
        return _eager(functions, tensors)
    lowered = jax.jit(lambda *xs: _eager(functions, xs)).lower(*tensors)
    return lowered.compile({"xla_backend_optimization_level": 0})(*tensors)


def _model(functions, inputs, answer, *, free):
    given = [
        keras.Input(batch_shape=(None if free else len(x), *x.shape[1:]), dtype=x.dtype)
        for x in inputs
    ]
    results, expected = {}, {}
    answers = answer(functions, list(map(keras.ops.convert_to_tensor, inputs)))
    for name, function in functions.items():
        results.update(_named(name, function(*given)))
        expected.update(_named(name, answers[name]))
    arrays = {name: _array(y, results[name]) for name, y in expected.items()}
    return keras.Model(given, results), arrays


def _array(value, declared):
    """Keras's answer; of a Python number, in the type that Keras declares."""
    if isinstance(value, int):
        return np.asarray(value, declared.dtype)
    return keras.ops.convert_to_numpy(value)


def _named(name, results):
    flat = keras.tree.flatten(results)
    if len(flat) == 1:
        return {name: flat[0]}
    return {f"{name}, {index}": y for index, y in enumerate(flat)}


def _ours(data, inputs):
    interpreter = Interpreter(model_content=data)
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.resize_tensor_input(detail["index"], value.shape, strict=True)
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    (signature,) = interpreter.get_signature_list().values()
    return runner(**dict(zip(signature["inputs"], inputs, strict=True)))


def _difference(found, expected, relative, absolute, who):
    """What is wrong with an answer; "" where nothing is.

    LiteRT's ADD, SUB, MUL and DIV give the greatest number for infinity.
    """
    if found.shape != expected.shape:
        return f"shape {found.shape}, and Keras gives {expected.shape}"
    if found.dtype != expected.dtype:
        return f"{found.dtype}, and Keras gives {expected.dtype}"
    if found.dtype == bool or not np.issubdtype(found.dtype, np.floating):
        wrong = found != expected
    else:
        wrong = ~np.isclose(found, expected, relative, absolute, equal_nan=True)
        if who == "LiteRT":
            wrong &= ~(np.isinf(expected) & (np.abs(found) >= _GREATEST))
    if not np.any(wrong):
        return ""
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    return (
        f"{np.sum(wrong)} of {wrong.size} are wrong; at {place} {found[place]!r}, and "
        f"Keras gives {expected[place]!r}"
    )
