"""Every mistake gives TensorFlow Lite's exception type and words, and stands alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ai_edge_litert import interpreter as litert

from gossamer.runtime import delegate, interpreter, signature
from tests.runtime import models


class Ours:
    Interpreter = interpreter.Interpreter
    reference = delegate.OpResolverType.BUILTIN_REF


class Theirs:
    Interpreter = litert.Interpreter
    reference = litert.OpResolverType.BUILTIN_REF


def opened(side, content, *, allocated=True):
    made = side.Interpreter(
        model_content=content, experimental_op_resolver_type=side.reference
    )
    if allocated:
        made.allocate_tensors()
    return made


def dense(side, *, allocated=True):
    return opened(side, models.dense(), allocated=allocated)


def unsuitable(side):
    made = opened(side, models.reshaped(), allocated=False)
    made.resize_tensor_input(0, [2, 7])
    made.allocate_tensors()


def resized(side):
    made = dense(side)
    made.resize_tensor_input(0, [2, 2, 2])
    return made


def with_view(side, action):
    made = dense(side)
    view = made.tensor(0)()
    action(made)
    view.fill(0)


ZEROS = np.zeros((1, 2, 2), np.float32)

CALLS = {
    "no file": lambda side: side.Interpreter("/nonexistent.tflite"),
    "neither": lambda side: side.Interpreter(),
    "empty": lambda side: side.Interpreter(model_content=b""),
    "both": lambda side: side.Interpreter(model_path="a", model_content=b"b"),
    "garbage": lambda side: side.Interpreter(model_content=b"garbage" * 20),
    "no threads": lambda side: side.Interpreter(
        model_content=models.dense(), num_threads=0
    ),
    "thread text": lambda side: side.Interpreter(
        model_content=models.dense(), num_threads="2"
    ),
    "resolver": lambda side: side.Interpreter(
        model_content=models.dense(), experimental_op_resolver_type=7
    ),
    "set early": lambda side: dense(side, allocated=False).set_tensor(0, ZEROS),
    "get early": lambda side: dense(side, allocated=False).get_tensor(0),
    "view early": lambda side: dense(side, allocated=False).tensor(0)(),
    "invoke early": lambda side: dense(side, allocated=False).invoke(),
    "set after resize": lambda side: resized(side).set_tensor(0, ZEROS),
    "get after resize": lambda side: resized(side).get_tensor(0),
    "invoke after resize": lambda side: resized(side).invoke(),
    "float64": lambda side: dense(side).set_tensor(0, np.zeros((1, 2, 2))),
    "int list": lambda side: dense(side).set_tensor(0, [[[1, 2], [3, 4]]]),
    "text": lambda side: dense(side).set_tensor(0, "image"),
    "rank": lambda side: dense(side).set_tensor(0, ZEROS[0]),
    "size": lambda side: dense(side).set_tensor(0, np.zeros((1, 2, 3), np.float32)),
    "batch": lambda side: dense(side).set_tensor(0, np.zeros((4, 2, 2), np.float32)),
    "set nowhere": lambda side: dense(side).set_tensor(9999, ZEROS),
    "get nowhere": lambda side: dense(side).get_tensor(9999),
    "get below zero": lambda side: dense(side).get_tensor(-1),
    "view nowhere": lambda side: dense(side).tensor(9999)(),
    "text index": lambda side: dense(side).set_tensor("x", ZEROS),
    "strict": lambda side: dense(side).resize_tensor_input(0, [1, 2, 3], strict=True),
    "negative size": lambda side: dense(side).resize_tensor_input(0, [-1, 2, 2]),
    "scalar size": lambda side: dense(side).resize_tensor_input(0, 2),
    "resize nowhere": lambda side: dense(side).resize_tensor_input(99, [1]),
    "resize with view": lambda side: with_view(
        side, lambda made: made.resize_tensor_input(0, [2, 2, 2])
    ),
    "allocate with view": lambda side: with_view(
        side, lambda made: made.allocate_tensors()
    ),
    "unsuitable": unsuitable,
    "no such subgraph": lambda side: dense(side).get_tensor_details(5),
    "unknown signature": lambda side: dense(side).get_signature_runner("nope"),
    "several signatures": lambda side: opened(
        side, models.two_signatures()
    ).get_signature_runner(),
    "no input": lambda side: dense(side).get_signature_runner()(),
    "other input": lambda side: dense(side).get_signature_runner()(image=ZEROS),
    "runner type": lambda side: dense(side).get_signature_runner()(
        in_x=np.zeros((1, 2, 2))
    ),
}

WORDS = {
    # LiteRT's words name a place in its C++ source, or its own argument checks.
    "text index": "",
    "negative size": "BytesRequired number of elements overflowed",
    "resize nowhere": "",
    "unsuitable": "Node number 0 (RESHAPE) failed to prepare.",
    # LiteRT gives the number of tensors where it says it gives the last index.
    "set nowhere": "Invalid tensor index 9999 exceeds max tensor index",
    "get nowhere": "Invalid tensor index 9999 exceeds max tensor index",
    "get below zero": "Invalid tensor index -1 exceeds max tensor index",
    "view nowhere": "Invalid tensor index 9999 exceeds max tensor index",
    "resize with view": "There is at least 1 reference to internal data",
    "allocate with view": "There is at least 1 reference to internal data",
}


def failure(call, side):
    with pytest.raises(Exception) as caught:
        call(side)
    return caught.value


def squeezed(text):
    """Letters only where spaces and final stops may differ."""
    return re.sub(r"\s+", "", text).rstrip(".")


@pytest.mark.parametrize("name", CALLS)
def test_type_and_words_are_those_of_litert(name):
    theirs = failure(CALLS[name], Theirs)
    ours = failure(CALLS[name], Ours)
    assert isinstance(ours, type(theirs))
    words = WORDS.get(name, str(theirs))
    assert squeezed(words).rstrip(":") in squeezed(str(ours))


@pytest.mark.parametrize("name", CALLS)
def test_message_stands_alone_and_says_what_to_do(name):
    text = str(failure(CALLS[name], Ours))
    assert len(text.split()) > 8
    assert "\n" not in text
    assert re.search(
        r"[Pp]ass|[Cc]all|[Gg]ive|[Tt]ake|[Ll]eave|[Cc]onvert|[Rr]eshape|Could not open"
        r"|not a valid|has: |takes: |which has|num_threads|first",
        text,
    )


def test_messages_do_not_pile_up():
    made = dense(Ours)
    for _ in range(3):
        error = failure(
            lambda _: made.resize_tensor_input(0, [1, 9, 9], strict=True), 0
        )
        assert str(error).count("Attempting") == 1


def test_quantization_is_the_remedy_for_floats_in_an_int8_model():
    made = opened(Ours, models.quantized())
    value = np.array([[-1.0, 0, 0.6, 2]], np.float32)
    text = str(failure(lambda _: made.set_tensor(0, value), 0))
    remedy = re.search(r"numpy\.clip\(.*\)", text).group()
    fixed = eval(remedy, {"numpy": np, "value": value})
    made.set_tensor(0, fixed)
    assert made.get_tensor(0).tolist() == [[1, 3, 4, 7]]


def test_constants_and_results_cannot_be_set():
    made = dense(Ours)
    names = {each["name"]: each["index"] for each in made.get_tensor_details()}
    for name, kind in (("weights", "a constant"), ("scores", "computed by the model")):
        error = failure(lambda _, i=names[name]: made.set_tensor(i, ZEROS), 0)
        assert f"tensor {names[name]} '{name}' is {kind}" in str(error)


def test_runner_is_ours():
    assert isinstance(dense(Ours).get_signature_runner(), signature.SignatureRunner)
